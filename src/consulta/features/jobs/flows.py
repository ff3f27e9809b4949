"""Ringing for a job. The run has transactions of its own, so none is open here meanwhile."""

from consulta.kernel.actor import Actor
from consulta.platform.db.work import Database
from consulta.platform.jobs import Jobs, Outcome

WAIT_SECONDS = 25.0
"""Longer runs go on by themselves: hosted crons and proxies give up after about half a minute."""


async def trigger(database: Database, jobs: Jobs, *, actor: Actor, name: str) -> Outcome:
    """The job has been run, or is being run, and the admin's request is on the record.

    Raises `UnknownJob`.
    """
    jobs.named(name)
    async with database.work(actor) as work:
        work.audit("job_triggered", subject_type="job", subject_id=None, new={"job": name})
    return await jobs.run_now(name, triggered_by="admin", wait_seconds=WAIT_SECONDS)


async def ring(jobs: Jobs, *, cron_name: str) -> Outcome:
    """The same for a cron daemon, which knows the job by its name under `/api/cron/`.

    Raises `UnknownJob`.
    """
    job = jobs.behind_cron(cron_name)
    return await jobs.run_now(job.name, triggered_by="cron", wait_seconds=WAIT_SECONDS)
