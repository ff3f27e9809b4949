"""Timed entrances of notifications."""

from datetime import time, timedelta

from consulta.features.notifications import service
from consulta.features.notifications.flows import AccountMail, Mailroom
from consulta.platform.jobs import Job, Run, job

KEPT_DAYS = 180
_BATCH = 5_000


def jobs_of(mailroom: Mailroom, account_mail: AccountMail) -> tuple[Job, ...]:
    """The loops that send, the same for a cron daemon, and the nightly purge."""

    @job(
        "notifications.send", every=timedelta(seconds=1), time_limit=timedelta(minutes=6), loop=True
    )
    async def send_mail(run: Run) -> None:
        if (await mailroom.send_due()).is_full:
            run.again()

    @job(
        "notifications.account_letters",
        every=timedelta(seconds=1),
        time_limit=timedelta(minutes=6),
        loop=True,
    )
    async def send_account_letters(run: Run) -> None:
        if (await account_mail.send_due()).is_full:
            run.again()

    @job(
        "notifications.send_due",
        every=timedelta(minutes=1),
        time_limit=timedelta(minutes=10),
        cron_name="send-notifications",
    )
    async def send_what_is_due(run: Run) -> None:
        """What the loops have left, reminders that have fallen due among it."""
        for done in (await mailroom.send_due(), await account_mail.send_due()):
            run.count(done=done.sent, skipped=done.skipped + done.delayed, failed=done.failed)
            if done.is_full:
                run.again()

    @job("notifications.purge", at=time(3, 20), time_limit=timedelta(minutes=10))
    async def purge_notifications(run: Run) -> None:
        """What people were told half a year ago is gone."""
        async with run.database.work(run.actor) as work:
            gone = await service.purge(work, older_than_days=KEPT_DAYS, limit=_BATCH)
        run.count(done=gone)
        if gone == _BATCH:
            run.again()

    return (send_mail, send_account_letters, send_what_is_due, purge_notifications)
