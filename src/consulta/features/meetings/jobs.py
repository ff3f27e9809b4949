"""The timed entrances of meetings. They need the studio, so the wiring makes them with it."""

from datetime import time, timedelta

from consulta.features.meetings import flows, service
from consulta.features.meetings.flows import Studio
from consulta.platform.jobs import Job, Run, job

_BATCH = 20
_FORGOTTEN = 5_000


def jobs_of(studio: Studio) -> tuple[Job, ...]:
    """The loop over meetings that are not as they are wanted, and the nightly forgetting."""

    @job("meetings.arrange", every=timedelta(seconds=1), time_limit=timedelta(minutes=5), loop=True)
    async def arrange_meetings(run: Run) -> None:
        if await flows.arrange(studio, run.actor, limit=_BATCH) == _BATCH:
            run.again()

    @job("meetings.forget_links", at=time(3, 40), time_limit=timedelta(minutes=10))
    async def forget_links(run: Run) -> None:
        async with run.database.work(run.actor) as work:
            forgotten = await service.forget_links(work, limit=_FORGOTTEN)
        run.count(done=forgotten)
        if forgotten == _FORGOTTEN:
            run.again()

    return (arrange_meetings, forget_links)
