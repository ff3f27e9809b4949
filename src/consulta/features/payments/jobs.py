"""Timed entrances of payments. They need the providers, so the wiring makes them with a till."""

from datetime import timedelta

from consulta.features.payments import flows
from consulta.features.payments.flows import Till
from consulta.platform.jobs import Job, Run, job

_BATCH = 20


def jobs_of(till: Till) -> tuple[Job, ...]:
    """The worker's loop over operations that are due: leases make any number of replicas safe."""

    @job(
        "payments.operations",
        every=timedelta(seconds=1),
        time_limit=timedelta(minutes=5),
        loop=True,
    )
    async def carry_out_operations(run: Run) -> None:
        if await flows.sweep(till, limit=_BATCH) == _BATCH:
            run.again()

    return (carry_out_operations,)
