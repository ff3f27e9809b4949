"""Jobs over HTTP: the cron daemon's bell, and the admin's view."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from consulta.features.jobs import flows, queries
from consulta.features.jobs.schemas import JobOut, JobRunOut, JobsOut, JobTriggered
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.cron import CRON
from consulta.platform.auth.guards import ADMIN
from consulta.platform.db.paging import BadCursor, Page
from consulta.platform.http.deps import ActorDep, DatabaseDep, PageDep, PageOut, ReadDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.jobs import Jobs, Outcome, Stopping, UnknownJob

router = APIRouter(prefix="/admin", tags=["admin"])
cron_router = APIRouter(prefix="/api/cron", tags=["cron"])

CronName = Annotated[str, Path(max_length=100, examples=["cleanup-bookings"])]
JobName = Annotated[str, Path(max_length=100, examples=["bookings.expire"])]
_RUNNING: dict[int | str, dict[str, Any]] = {
    202: {"model": JobTriggered, "description": "A run is under way"}
}


@cron_router.get(
    "/{job}",
    dependencies=[CRON],
    responses={
        **_RUNNING,
        **problems(*ALWAYS, UnknownJob, Stopping),
    },
    summary="Run a job (for cron daemons that send GET)",
    name="ring_by_get",
)
@cron_router.post(
    "/{job}",
    dependencies=[CRON],
    responses={
        **_RUNNING,
        **problems(*ALWAYS, UnknownJob, Stopping),
    },
    summary="Run a job",
    name="ring",
)
async def ring(job: CronName, request: Request, response: Response) -> JobTriggered:
    return _said(await flows.ring(_jobs(request), cron_name=job), response)


@router.get(
    "/jobs",
    dependencies=[ADMIN],
    responses=problems(*ALWAYS, Forbidden),
    summary="All scheduled work",
)
async def list_jobs(request: Request) -> JobsOut:
    return JobsOut(items=[JobOut.of(job) for job in _jobs(request).all])


@router.get(
    "/job-runs",
    dependencies=[ADMIN],
    response_model=PageOut[JobRunOut],
    responses=problems(*ALWAYS, Forbidden, BadCursor),
    summary="Runs of jobs, newest first",
)
async def list_runs(
    work: ReadDep,
    page: PageDep,
    job: Annotated[str | None, Query(max_length=100, pattern=r"^[a-z_.]+$")] = None,
    state: Literal["running", "done", "failed"] | None = None,
) -> Page[dict[str, Any]]:
    return await queries.job_runs(work, job=job, state=state, page=page)


@router.post(
    "/jobs/{job}/run",
    dependencies=[ADMIN],
    responses={
        **_RUNNING,
        **problems(*ALWAYS, Forbidden, UnknownJob, Stopping),
    },
    summary="Run a job now",
)
async def run_job(
    job: JobName, request: Request, response: Response, actor: ActorDep, database: DatabaseDep
) -> JobTriggered:
    return _said(await flows.trigger(database, _jobs(request), actor=actor, name=job), response)


def _jobs(request: Request) -> Jobs:
    jobs: Jobs = request.app.state.jobs
    return jobs


def _said(outcome: Outcome, response: Response) -> JobTriggered:
    """202 while a run is under way; what it came to stands in the body."""
    if outcome.is_running:
        response.status_code = HTTPStatus.ACCEPTED
    return JobTriggered.of(outcome)
