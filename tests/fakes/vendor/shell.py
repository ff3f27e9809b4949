"""A fake's HTTP: the vendor's paths with faults on order, and the control desk under `/_fake/`."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.stripe.faults import FaultKind, Phase
from tests.fakes.stripe.serve import dropped, served
from tests.fakes.vendor.desk import NetworkDesk

LARGEST_BODY_BYTES = 256 * 1024
MOST_REQUESTS = 20_000


@dataclass(frozen=True)
class Ask:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    def param(self, name: str, otherwise: str = "") -> str:
        return dict(self.query).get(name, otherwise)


@dataclass
class Answer:
    content: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A refusal in the vendor's own shape."""

    def __init__(self, content: Any, status: int = 400) -> None:
        super().__init__(str(content))
        self.content, self.status = content, status


Handle = Callable[[Ask], Answer]


def make_app(handle: Handle, desk: NetworkDesk, *, failure: Callable[[int], Any]) -> Starlette:
    """`handle` runs without a pause, so that requests exclude each other, as at the vendor.
    `failure` words an ordered error of that status.
    """

    async def api(request: Request) -> Response:
        ask = await _read(request)
        if len(desk.requests) < MOST_REQUESTS:
            desk.requests.append({"method": ask.method, "path": ask.path, "body": ask.body})
        early = await _struck(desk, ask, Phase.BEFORE, failure)
        if early is not None:
            return early if isinstance(early, Response) else await dropped(request)
        try:
            answer = handle(ask)
        except Refused as refusal:
            answer = Answer(refusal.content, refusal.status)
        late = await _struck(desk, ask, Phase.AFTER, failure)
        desk.post.kick()
        if late is not None:
            return late if isinstance(late, Response) else await dropped(request)
        if answer.status == 204:
            return Response(status_code=204, headers=answer.headers)
        return JSONResponse(answer.content, answer.status, answer.headers)

    async def command(request: Request) -> Response:
        return await _command(request, desk)

    return Starlette(
        routes=[
            Route("/_fake/{verb:str}", command, methods=["POST"]),
            Route("/{rest:path}", api, methods=["GET", "POST", "PATCH", "PUT", "DELETE"]),
        ]
    )


async def _read(request: Request) -> Ask:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            raise OverflowError("the request is larger than the fake reads")
    query = list(request.query_params.multi_items())
    return Ask(request.method, request.url.path, query, request.headers, body)


async def _struck(
    desk: NetworkDesk, ask: Ask, phase: Phase, failure: Callable[[int], Any]
) -> Response | bool | None:
    """The answer of an ordered fault; True where the connection is to break; else nothing."""
    where = {"method": ask.method, "path": ask.path}
    delay = desk.faults.take(FaultKind.DELAY, phase, **where)
    if delay is not None:
        await asyncio.sleep(delay.seconds)
    if desk.faults.take(FaultKind.DROP, phase, **where) is not None:
        return True
    fault = desk.faults.take(FaultKind.FAIL, phase, **where)
    if fault is None:
        return None
    return JSONResponse(failure(fault.status), fault.status, fault.headers)


async def _command(request: Request, desk: NetworkDesk) -> Response:
    """`POST /_fake/<verb>` with the arguments of the desk's method as a JSON object."""
    verb = request.path_params["verb"]
    method = None if verb.startswith("_") else getattr(desk, verb, None)
    if not inspect.ismethod(method):
        return JSONResponse({"error": f"no such verb: {verb}"}, 404)
    try:
        result = method(**json.loads(await request.body() or b"{}"))
        if inspect.isawaitable(result):
            result = await result
    except (Refused, LookupError, TypeError, ValueError, OverflowError) as error:
        return JSONResponse({"error": str(error)}, 400)
    desk.post.kick()
    return JSONResponse({"result": result})


@asynccontextmanager
async def running(app: Starlette, desk: NetworkDesk, *, port: int = 0) -> AsyncIterator[str]:
    """The base URL of the fake, on the loopback interface only."""
    async with served(app, port=port) as base_url:
        try:
            yield base_url
        finally:
            await desk.post.close()
