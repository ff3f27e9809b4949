"""Timed entrances of packages."""

from datetime import timedelta

from consulta.features.packages import queries, service
from consulta.platform.jobs import Run, job


@job(
    "packages.expire",
    every=timedelta(minutes=1),
    time_limit=timedelta(minutes=2),
    cron_name="expire-packages",
)
async def expire_packages(run: Run) -> None:
    """Purchases that were not paid in time are cancelled, and credits that are valid no more are
    written off, one transaction each.
    """
    async with run.database.read(run.actor) as work:
        unpaid = await queries.overdue_purchases(work, limit=_BATCH)
        lapsed = await queries.lapsed_purchases(work, limit=_BATCH)
    cancelled = written_off = 0
    for purchase_id in run.fresh(unpaid):
        async with run.item(purchase_id) as work:
            cancelled += await service.cancel_unpaid(work, purchase_id=purchase_id)
    for purchase_id in run.fresh(lapsed):
        async with run.item(purchase_id) as work:
            written_off += await service.expire(work, purchase_id=purchase_id)
    run.tell(cancelled=cancelled, credits_expired=written_off)
    if _BATCH in {len(unpaid), len(lapsed)}:
        run.again()


_BATCH = 200
JOBS = (expire_packages,)
