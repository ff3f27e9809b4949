"""Nobody makes the service ask somebody else as often as they like."""

import asyncio
from uuid import uuid4

import pytest

from consulta.features.saved_methods.rules import ASKED_PER_MINUTE
from consulta.features.subscribers.rules import ADDRESSES_PER_MINUTE, POSTS_PER_MINUTE
from consulta.features.video_configs.rules import CHECKS_PER_MINUTE
from tests.world import World

_HOOKS = "/specialists/me/webhook-endpoints"
_NOBODYS = f"{_HOOKS}/{uuid4()}"


@pytest.mark.parametrize(
    ("paths", "per_minute"),
    [
        (["/specialists/me/video-config/check"], CHECKS_PER_MINUTE),
        # A test and a delivery again are counted together.
        ([f"{_NOBODYS}/test", f"{_NOBODYS}/deliveries/{uuid4()}/replay"], POSTS_PER_MINUTE),
        ([_HOOKS], ADDRESSES_PER_MINUTE),
        (["/saved-methods", f"/saved-methods/{uuid4()}/refresh"], ASKED_PER_MINUTE),
    ],
)
async def test_after_so_many_requests_a_person_waits(
    world: World, paths: list[str], per_minute: int
) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Omar")
    bodies = {
        _HOOKS: {"url": "https://10.0.0.1/"},
        "/saved-methods": {"specialist_id": str(uuid4())},
    }
    asked = [paths[number % len(paths)] for number in range(per_minute + 3)]
    replies = await asyncio.gather(*(sarah.post(path, bodies.get(path)) for path in asked))
    assert [reply.status for reply in replies].count(429) == 3
    assert {reply.code for reply in replies if reply.status == 429} == {"RATE_LIMITED"}
    assert (await omar.post(paths[0], bodies.get(paths[0]))).status != 429
    await world.travel(minutes=1)
    assert (await sarah.post(paths[0], bodies.get(paths[0]))).status != 429
