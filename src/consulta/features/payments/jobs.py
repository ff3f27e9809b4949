"""Timed entrances of payments. They need the providers, so the wiring makes them with a till."""

import asyncio
from datetime import timedelta

from consulta.features.payments import flows
from consulta.features.payments.flows import Till
from consulta.features.payments.queries import Lease
from consulta.platform.jobs import Job, Run, job

_BATCH = 20
_ABREAST = 4
"""A provider that does not answer makes each wait: some wait together, so that leases hold."""


def jobs_of(till: Till) -> tuple[Job, ...]:
    """The worker's loop over operations that are due: leases make any number of replicas safe."""

    @job(
        "payments.operations",
        every=timedelta(seconds=1),
        time_limit=timedelta(minutes=5),
        loop=True,
    )
    async def carry_out_operations(run: Run) -> None:
        leases = await flows.due_operations(till, limit=_BATCH)
        for first in range(0, len(leases), _ABREAST):
            await asyncio.gather(*(carry_out(run, one) for one in leases[first : first + _ABREAST]))
        if len(leases) == _BATCH:
            run.again()

    async def carry_out(run: Run, lease: Lease) -> None:
        async with run.step(lease.operation_id):
            await flows.perform(till, lease)

    return (carry_out_operations,)
