"""The path of live events."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request

from consulta.features.live.deps import FeedDep
from consulta.features.live.errors import StreamsFull, TooManyStreams
from consulta.features.live.flows import EventStream
from consulta.kernel.errors import Unauthenticated
from consulta.platform.auth.guards import SIGNED_IN
from consulta.platform.auth.identity import Identity, identity_of
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(tags=["live"])

_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events: `id`, `event` (the topic) and `data` (JSON: `type`,"
        " `id`, `occurred_at` and the ids of what it is about). `reset` means: too much was"
        " missed, look anew at everything. `expired` means: sign in again.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/events",
    status_code=200,
    dependencies=[SIGNED_IN],
    response_class=EventStream,
    responses=_STREAM | problems(*ALWAYS, TooManyStreams, StreamsFull),
    summary="Hear what happens to what is yours, as it happens",
)
async def stream_events(
    request: Request,
    feed: FeedDep,
    last_event_id: Annotated[
        str | None, Header(max_length=100, description="Go on behind this event.")
    ] = None,
) -> EventStream:
    """Each event once and in order, also over several connections, if `Last-Event-ID` is sent;
    without it, from now on. A comment comes every 15 seconds.
    """

    async def look() -> Identity:
        identity = await identity_of(request)
        if identity is None:
            raise Unauthenticated
        return identity

    return EventStream(feed, await look(), look=look, last_id=last_event_id)
