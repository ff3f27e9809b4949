"""Timed entrances of the calendar."""

from datetime import timedelta

from consulta.features.availability import queries, service
from consulta.platform.jobs import Run, job

_BATCH = 200
_PAGES_PER_STATEMENT = 250


@job(
    "availability.release_lapsed_holds",
    every=timedelta(minutes=1),
    time_limit=timedelta(minutes=1),
)
async def release_lapsed_holds(run: Run) -> None:
    """Holds whose time is over are released, a calendar at a time. Nobody waits for this: a lapsed
    hold is in nobody's way. It keeps the table of claims small.
    """
    async with run.database.read(run.actor) as work:
        due = await queries.calendars_with_lapsed_holds(
            work, limit=_BATCH, except_for=run.set_aside
        )
    for specialist_id in due:
        async with run.item(specialist_id) as work:
            await service.release_lapsed_holds(work, specialist_id=specialist_id)
    if len(due) == _BATCH:
        run.again()


@job("availability.refresh_next_open", every=timedelta(minutes=5), time_limit=timedelta(minutes=4))
async def refresh_next_open(run: Run) -> None:
    """The directory's next free times are younger than this run, those that are oldest first."""
    async with run.database.work(run.actor) as work:
        refreshed = await service.refresh_next_open(work, limit=_PAGES_PER_STATEMENT)
        is_behind = await queries.is_next_open_older_than(work, run.now)
    run.count(done=refreshed)
    if is_behind:
        run.again()


JOBS = (release_lapsed_holds, refresh_next_open)
