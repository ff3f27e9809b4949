"""Timed entrances of subscribers. They need the courier, so the wiring makes them with it."""

from datetime import timedelta

from consulta.features.subscribers import service
from consulta.features.subscribers.flows import Courier
from consulta.platform.jobs import Job, Run, job

_BATCH = 1_000


def jobs_of(courier: Courier) -> tuple[Job, ...]:
    """The loop over deliveries that are due, and the sweep of what is over."""

    @job(
        "subscribers.deliver",
        every=timedelta(seconds=1),
        time_limit=timedelta(minutes=5),
        loop=True,
    )
    async def deliver(_run: Run) -> None:
        await courier.deliver()

    @job("subscribers.sweep", every=timedelta(minutes=10), time_limit=timedelta(minutes=5))
    async def sweep(run: Run) -> None:
        """Old deliveries are gone, and those to switched-off endpoints are given up."""
        async with run.database.work(run.actor) as work:
            swept = await service.sweep(work, limit=_BATCH)
        run.tell(**swept)
        run.count(done=sum(swept.values()))
        if max(swept.values()) == _BATCH:
            run.again()

    return (deliver, sweep)
