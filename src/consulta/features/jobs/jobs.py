"""Housekeeping: what nobody needs any more is deleted, a bounded piece at a time; keys rotate."""

from collections.abc import Sequence
from datetime import time, timedelta

from consulta.features.jobs import service
from consulta.platform.crypto import Vault
from consulta.platform.jobs import Job, Run, job
from consulta.platform.outbox import Outbox
from consulta.platform.sealed import SealedTable, rewrap_all

_BATCH = 5_000
_DRAINED = 100


def jobs_of(outbox: Outbox, *, vault: Vault, sealed: Sequence[SealedTable]) -> tuple[Job, ...]:
    """The outbox's loop, the nightly sweep, and wrapping data keys by the key that seals now."""

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

    @job("keys.rewrap", every=timedelta(hours=1), time_limit=timedelta(minutes=10))
    async def rewrap_keys(run: Run) -> None:
        await rewrap_all(run, vault=vault, tables=sealed)

    return (deliver_messages, sweep_house, rewrap_keys)
