"""Timed entrances of bookings."""

from datetime import timedelta

from consulta.features.bookings import queries, rules, service
from consulta.platform.jobs import Run, job


@job(
    "bookings.expire",
    every=timedelta(minutes=1),
    time_limit=timedelta(minutes=2),
    cron_name="cleanup-bookings",
)
async def expire_overdue(run: Run) -> None:
    """Unpaid and unconfirmed bookings whose time ran out are expired, one transaction each."""
    async with run.database.read(run.actor) as work:
        due = await queries.overdue_bookings(work, limit=_BATCH)
    expired = 0
    for booking_id in run.fresh(due):
        async with run.item(booking_id) as work:
            expired += await service.expire(work, booking_id=booking_id)
    run.tell(expired=expired)
    if len(due) == _BATCH:
        run.again()


@job("bookings.complete_past", every=timedelta(hours=1), time_limit=timedelta(minutes=5))
async def complete_past(run: Run) -> None:
    """Sessions that ended a day ago count as held, unless the specialist said otherwise."""
    async with run.database.read(run.actor) as work:
        due = await queries.confirmed_bookings_ended_before(
            work, await work.now() - rules.COMPLETES_AFTER, limit=_BATCH
        )
    for booking_id in run.fresh(due):
        async with run.item(booking_id) as work:
            await service.complete(work, booking_id=booking_id)
    if len(due) == _BATCH:
        run.again()


@job(
    "bookings.cleanup_orphaned_slots",
    every=timedelta(hours=1),
    time_limit=timedelta(minutes=2),
    cron_name="cleanup-orphaned-slots",
)
async def cleanup_orphaned_slots(run: Run) -> None:
    """Claims that nothing stands behind are released; live bookings without a claim are told."""
    async with run.database.work(run.actor) as work:
        found = await service.cleanup_orphaned_slots(work)
    run.tell(**found)
    run.count(done=found["released"])


_BATCH = 200
JOBS = (expire_overdue, complete_past, cleanup_orphaned_slots)
