"""The fakes inside a test: served in the running loop on a free port of the loopback interface."""

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.fakes.stripe.clock import Clock
from tests.fakes.vendor.shell import Answer, Ask, Refused, make_app, running
from tests.fakes.video import google, teams, zoom
from tests.fakes.video.desk import VideoDesk


@dataclass(frozen=True)
class FakeVideo:
    control: VideoDesk


@asynccontextmanager
async def running_fake_video(*, port: int = 0) -> AsyncIterator[tuple[FakeVideo, str]]:
    """The three vendors, and the base URL that stands for all of theirs."""
    desk = VideoDesk(Clock())
    app = make_app(
        lambda ask: copy.deepcopy(_answer(desk, ask)), desk, failure=lambda status: {"code": status}
    )
    async with running(app, desk, port=port) as base_url:
        yield FakeVideo(desk), base_url


def _answer(desk: VideoDesk, ask: Ask) -> Answer:
    match ask.path.strip("/").split("/"):
        case ["oauth", "token"]:
            return zoom.token(desk.zoom, ask)
        case [_, "oauth2", "v2.0", "token"]:
            return teams.token(desk.teams, ask)
        case ["token"]:
            return google.token(desk.google, ask)
        case ["v2", *_]:
            return zoom.answer(desk.zoom, ask)
        case ["v1.0", *_]:
            return teams.answer(desk.teams, ask)
        case ["calendar", *_]:
            return google.answer(desk.google, ask)
    raise Refused({"error": "no vendor has this path"}, 404)
