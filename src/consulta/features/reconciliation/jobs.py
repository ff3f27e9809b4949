"""Timed entrances of reconciliation. They need the providers: the wiring makes them with a till."""

import asyncio
from collections import Counter
from contextlib import aclosing
from datetime import timedelta

from consulta.features.reconciliation import flows, queries, rules, service
from consulta.features.reconciliation.flows import Account, Due, Till
from consulta.features.reconciliation.rules import Remedy
from consulta.platform.jobs import Job, Run, job

_BATCH = 100
_ABREAST = 4
_MOST_BATCHES = 20
"""Readings that one comparison takes along; the rest has a run of its own every minute."""

Tally = Counter[str]


def jobs_of(till: Till) -> tuple[Job, ...]:
    """Readings that are due, the comparison with every account, and warnings of ends."""

    @job("reconciliation.read_again", every=timedelta(minutes=1), time_limit=timedelta(minutes=5))
    async def read_again(run: Run) -> None:
        """Charges of which no letter came are read, those longest unread first."""
        if await _read_batch(run, till, Counter()) == _BATCH:
            run.again()

    @job(
        "reconciliation.compare",
        every=timedelta(hours=1),
        time_limit=timedelta(minutes=20),
        cron_name="reconcile-payments",
    )
    async def compare(run: Run) -> None:
        """Every account's charges of late are held against ours; its result is the report."""
        tally: Tally = Counter()
        for _ in range(_MOST_BATCHES):
            if await _read_batch(run, till, tally) < _BATCH:
                break
        for account in await flows.accounts(till):
            async with run.step(account.id):
                await _compare(run, till, account, tally)
        run.tell(
            charges=tally["charges"],
            readings=tally["readings"],
            **{_PLURAL[remedy]: tally[remedy] for remedy in Remedy},
        )

    @job("reconciliation.warn_of_ends", every=timedelta(hours=1), time_limit=timedelta(minutes=2))
    async def warn_of_ends(run: Run) -> None:
        """Reservations that end within a day are told of, once each."""
        async with run.database.read(run.actor) as work:
            ending = await queries.authorizations_ending(
                work, within=rules.WARNS_BEFORE, limit=_BATCH
            )
        for payment_id in run.fresh(ending):
            async with run.item(payment_id) as work:
                await service.warn_of_end(work, payment_id=payment_id)
        if len(ending) == _BATCH:
            run.again()

    return (read_again, compare, warn_of_ends)


async def _compare(run: Run, till: Till, account: Account, tally: Tally) -> None:
    async with aclosing(flows.recent_charges(till, account)) as charges:
        async for charge in charges:
            tally["charges"] += 1
            async with run.step(account.id_of(charge.reference)):
                tally[str(await flows.examine(till, account, charge))] += 1


_PLURAL = {
    Remedy.ADOPT: "adopted",
    Remedy.VOID: "voided",
    Remedy.CORRECT: "corrected",
    Remedy.PARK: "parked",
}


async def _read_batch(run: Run, till: Till, tally: Tally) -> int:
    """How many were due, at most a batch."""
    due = await flows.due_readings(till, limit=_BATCH, set_aside=run.set_aside)
    for first in range(0, len(due), _ABREAST):
        together = due[first : first + _ABREAST]
        await asyncio.gather(*(_read_one(run, till, one, tally) for one in together))
    return len(due)


async def _read_one(run: Run, till: Till, due: Due, tally: Tally) -> None:
    async with run.step(due.payment_id):
        tally["readings"] += 1
        tally[str(await flows.read_again(till, due))] += 1
