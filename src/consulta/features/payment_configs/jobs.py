"""Timed entrances of payment configs. They need the vault, so the wiring makes them with it."""

from datetime import timedelta

from consulta.features.payment_configs import queries, service
from consulta.platform.crypto import Vault
from consulta.platform.jobs import Job, Run, Skip, job

_BATCH = 100


def jobs_of(vault: Vault) -> tuple[Job, ...]:
    """Wrapping data keys anew after the key that seals has changed. Each is a transaction of its
    own, so that a run which was killed goes on where it stopped.
    """

    @job("payment_configs.rewrap", every=timedelta(hours=1), time_limit=timedelta(minutes=10))
    async def rewrap(run: Run) -> None:
        async with run.database.read(run.actor) as work:
            waiting = await queries.configs_under_other_keys(
                work, key_id=vault.active, except_ids=run.set_aside, limit=_BATCH
            )
        for config_id in waiting:
            async with run.item(config_id) as work:
                if not await service.rewrap(work, vault=vault, config_id=config_id):
                    raise Skip
        if len(waiting) == _BATCH:
            run.again()

    return (rewrap,)
