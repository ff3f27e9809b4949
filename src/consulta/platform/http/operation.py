"""For those who operate the service: is it alive, is it ready, what does it count.

These routes have no guard of the usual kind: a token is not even looked at, so that they answer
while the database does not.
"""

from typing import Literal

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from consulta.kernel.errors import NotFound, Unauthenticated, Unavailable
from consulta.platform.auth.cron import shows_bearer
from consulta.platform.health import Health
from consulta.platform.http.problems import problems
from consulta.platform.http.schema import Answer
from consulta.settings import Settings

router = APIRouter(tags=["operation"])


class NotReady(Unavailable):
    """This replica should not be sent requests now."""

    code = "NOT_READY"


class Alive(Answer):
    status: Literal["alive"] = "alive"


class Ready(Answer):
    status: Literal["ready"] = "ready"


@router.get("/livez", summary="Is the process alive?")
async def livez() -> Alive:
    return Alive()


@router.get(
    "/readyz",
    responses=problems(NotReady),
    summary="Should this replica be sent requests?",
)
async def readyz(request: Request) -> Ready:
    health: Health = request.app.state.health
    reasons = await health.reasons()
    if reasons:
        raise NotReady(reasons=reasons)
    return Ready()


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
        **problems(Unauthenticated, NotFound),
    },
    summary="Metrics in Prometheus' format",
)
async def metrics(request: Request) -> Response:
    """With METRICS_TOKEN set, for those who show it; without it, not in production."""
    settings: Settings = request.app.state.settings
    token = settings.http.metrics_token.get_secret_value()
    if token and not shows_bearer(request, token):
        raise Unauthenticated
    if not token and settings.is_production:
        raise NotFound
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
