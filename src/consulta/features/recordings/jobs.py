"""Timed entrances of recordings. They need the storage, so the wiring makes them with it."""

from datetime import timedelta

from consulta.features.recordings import flows, queries
from consulta.features.recordings.flows import Shelf
from consulta.platform.jobs import Job, Run, Skip, job

_BATCH = 100


def jobs_of(shelf: Shelf) -> tuple[Job, ...]:
    """Deleting what is over. What the storage refuses rests a while and is tried again."""

    @job(
        "recordings.purge",
        every=timedelta(hours=1),
        time_limit=timedelta(minutes=10),
        cron_name="purge-recordings",
    )
    async def purge(run: Run) -> None:
        async with run.database.read(run.actor) as work:
            due = await queries.recordings_to_purge(work, except_ids=run.set_aside, limit=_BATCH)
        for recording_id in due:
            async with run.step(recording_id):
                if not await flows.purge(shelf, recording_id=recording_id):
                    raise Skip
        if len(due) == _BATCH:
            run.again()

    return (purge,)
