"""The timed entrance of meetings. It needs the studio, so the wiring makes it with it."""

from datetime import timedelta

from consulta.features.meetings import flows
from consulta.features.meetings.flows import Studio
from consulta.platform.jobs import Job, Run, job

_BATCH = 20


def jobs_of(studio: Studio) -> tuple[Job, ...]:
    """The loop over meetings that are not as they are wanted."""

    @job("meetings.arrange", every=timedelta(seconds=1), time_limit=timedelta(minutes=5), loop=True)
    async def arrange_meetings(run: Run) -> None:
        if await flows.arrange(studio, run.actor, limit=_BATCH) == _BATCH:
            run.again()

    return (arrange_meetings,)
