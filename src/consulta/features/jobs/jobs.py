"""Housekeeping: what nobody needs any more is deleted, a bounded piece at a time."""

from datetime import time, timedelta

from consulta.features.jobs import service
from consulta.platform.jobs import Job, Run, job
from consulta.platform.outbox import Outbox

_BATCH = 5_000
_DRAINED = 100


def jobs_of(outbox: Outbox) -> tuple[Job, ...]:
    """The outbox's loop, and the nightly sweep."""

    @job("outbox.deliver", every=timedelta(seconds=1), time_limit=timedelta(minutes=5), loop=True)
    async def deliver_messages(run: Run) -> None:
        if (await outbox.drain(_DRAINED)).is_full:
            run.again()

    @job("house.sweep", at=time(3, 0), time_limit=timedelta(minutes=10), cron_name="sweep")
    async def sweep_house(run: Run) -> None:
        """Lapsed keys, sign-ins, counters, old runs and delivered messages are gone."""
        async with run.database.work(run.actor) as work:
            swept = await service.sweep(work, limit=_BATCH)
        messages = await outbox.purge(limit=_BATCH)
        run.tell(**swept, outbox=messages)
        run.count(done=sum(swept.values()) + messages)
        if max(*swept.values(), messages) == _BATCH:
            run.again()

    return (deliver_messages, sweep_house)
