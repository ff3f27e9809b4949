"""Paths of a specialist's own video config."""

from fastapi import APIRouter
from starlette.responses import Response

from consulta.features.specialists.errors import SpecialistNotFound
from consulta.features.video_configs import flows, queries, service
from consulta.features.video_configs.deps import StudioDep
from consulta.features.video_configs.errors import (
    TooManyVideoConfigs,
    VideoConfigChanged,
    VideoConfigNotFound,
)
from consulta.features.video_configs.rules import CHECKS_PER_MINUTE
from consulta.features.video_configs.schemas import VideoConfigOut, VideoConfigPut
from consulta.kernel.errors import Forbidden, RateLimited
from consulta.platform.auth.guards import SPECIALIST
from consulta.platform.http.deps import ActorDep, ReadDep, WorkDep
from consulta.platform.http.pace import pace
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.sealed import Unreadable
from consulta.providers.video.port import VideoUnavailable

router = APIRouter(prefix="/specialists/me/video-config", tags=["video_configs"])


@router.get(
    "",
    dependencies=[SPECIALIST],
    responses=problems(*ALWAYS, Forbidden, VideoConfigNotFound),
    summary="Where your sessions take place",
)
async def own(work: ReadDep) -> VideoConfigOut:
    row = await queries.own_config(work)
    if row is None:
        raise VideoConfigNotFound
    return VideoConfigOut.of(row)


@router.put(
    "",
    dependencies=[SPECIALIST],
    responses=problems(
        *ALWAYS, Forbidden, SpecialistNotFound, VideoConfigChanged, TooManyVideoConfigs
    ),
    summary="Say where your sessions take place",
)
async def put(body: VideoConfigPut, work: WorkDep, studio: StudioDep) -> VideoConfigOut:
    """Confirmed bookings to come get a meeting there, if they have none. Meetings that were made
    with another account stay where they are.
    """
    return VideoConfigOut.of(await service.save(work, body.offered(), vault=studio.vault))


@router.delete(
    "",
    status_code=204,
    dependencies=[SPECIALIST],
    responses=problems(*ALWAYS, Forbidden, VideoConfigNotFound),
    summary="Have no more meetings made",
)
async def end(work: WorkDep) -> Response:
    """Those that exist are still moved and ended with the secrets that made them."""
    await service.end(work)
    return Response(status_code=204)


@router.post(
    "/check",
    dependencies=[SPECIALIST, pace("video-check", per_minute=CHECKS_PER_MINUTE)],
    responses=problems(
        *ALWAYS, Forbidden, RateLimited, VideoConfigNotFound, VideoUnavailable, Unreadable
    ),
    summary="Ask the vendor whether it lets us in",
)
async def check(actor: ActorDep, studio: StudioDep) -> VideoConfigOut:
    """`state` is what it said. A connection that is mended has its failed meetings tried again."""
    return VideoConfigOut.of(await flows.check(studio, actor))
