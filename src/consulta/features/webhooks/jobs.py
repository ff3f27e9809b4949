"""Timed entrances of webhooks."""

from datetime import timedelta

from consulta.features.webhooks.flows import LetterBox
from consulta.platform.jobs import Job, Run, job

_BATCH = 50
_KEPT = timedelta(days=90)


def jobs_of(box: LetterBox) -> tuple[Job, ...]:
    """The loop over letters that are due, and the purge of old ones."""

    @job("webhooks.letters", every=timedelta(seconds=1), time_limit=timedelta(minutes=5), loop=True)
    async def handle_letters(run: Run) -> None:
        if await box.inbox.sweep(_BATCH) == _BATCH:
            run.again()

    @job("webhooks.purge", every=timedelta(hours=6), time_limit=timedelta(minutes=5))
    async def purge_letters(run: Run) -> None:
        run.count(done=await box.inbox.purge(older_than=_KEPT))

    return (handle_letters, purge_letters)
