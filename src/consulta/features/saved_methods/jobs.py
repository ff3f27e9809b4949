"""Timed entrances of saved methods. Calls need the providers, so the wiring brings a till."""

import asyncio
from datetime import timedelta

from consulta.features.saved_methods import flows, queries, service
from consulta.features.saved_methods.flows import Till
from consulta.features.saved_methods.queries import Call
from consulta.features.saved_methods.rules import SET_UP_LIFETIME, SET_UP_PATIENCE
from consulta.platform.jobs import Job, Run, job

_BATCH = 100
_CALLS = 20
_ABREAST = 4
"""A provider that does not answer makes each wait: some wait together, so that leases hold."""


def jobs_of(till: Till) -> tuple[Job, ...]:
    """Calls that are due, cards that are due, and set-ups that nobody finishes."""

    @job(
        "saved_methods.call", every=timedelta(seconds=5), time_limit=timedelta(minutes=5), loop=True
    )
    async def make_calls(run: Run) -> None:
        """Set-ups that a request left undone, and removed methods that are to be forgotten."""
        calls = await flows.due_calls(till, limit=_CALLS)
        for first in range(0, len(calls), _ABREAST):
            await asyncio.gather(*(carry_out(run, one) for one in calls[first : first + _ABREAST]))
        if len(calls) == _CALLS:
            run.again()

    async def carry_out(run: Run, call: Call) -> None:
        async with run.step(call.method_id):
            await flows.carry_out(till, call)

    @job(
        "saved_methods.charge",
        every=timedelta(minutes=1),
        time_limit=timedelta(minutes=5),
        cron_name="charge-saved-cards",
    )
    async def charge_due_cards(run: Run) -> None:
        """Sessions that are near enough are about to be paid with their saved cards, one by one;
        the worker's loop then makes the calls.
        """
        async with run.database.read(run.actor) as work:
            due = await queries.payments_due(work, patience=SET_UP_PATIENCE, limit=_BATCH)
        for payment_id in run.fresh(due):
            async with run.step(payment_id):
                await flows.charge(till, run.actor, payment_id)
        if len(due) == _BATCH:
            run.again()

    return (make_calls, charge_due_cards, give_up_set_ups)


@job("saved_methods.give_up", every=timedelta(hours=1), time_limit=timedelta(minutes=2))
async def give_up_set_ups(run: Run) -> None:
    """Set-ups that were begun a week ago and never finished have failed."""
    async with run.database.work(run.actor) as work:
        before = await work.now() - SET_UP_LIFETIME
        given_up = await service.give_up(work, before=before, limit=_BATCH)
    run.count(done=given_up)
    if given_up == _BATCH:
        run.again()
