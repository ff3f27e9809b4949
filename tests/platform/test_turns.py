"""Turns: who counts as one caller, and how many knocks a minute are let through."""

import pytest
from fastapi import Request

from consulta.kernel.actor import ANONYMOUS
from consulta.kernel.errors import RateLimited
from consulta.platform.auth.turns import Turn, address_of, take_turns
from tests.world import World


def request_from(client: tuple[str, int] | None) -> Request:
    return Request({"type": "http", "client": client, "headers": []})


@pytest.mark.parametrize(
    ("host", "counted_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_a_subscriber_is_one_caller(host: str, counted_as: str) -> None:
    assert address_of(request_from((host, 50_000))) == counted_as


def test_a_caller_without_an_address_is_one_too() -> None:
    assert address_of(request_from(None)) == "unknown"


async def knock(world: World, *turns: Turn) -> None:
    async with world.app.state.database.work(ANONYMOUS) as work:
        await take_turns(work, *turns, secret=b"a secret")


async def test_a_minutes_turns_may_come_at_once_and_then_one_by_one(world: World) -> None:
    turn = Turn("knock", "anna", 3)
    for _ in range(3):
        await knock(world, turn)
    with pytest.raises(RateLimited) as refused:
        await knock(world, turn)
    assert refused.value.facts == {"retry_after_seconds": 20}
    await world.travel(seconds=20)
    await knock(world, turn)
    with pytest.raises(RateLimited):
        await knock(world, turn)


async def test_other_callers_and_other_acts_have_turns_of_their_own(world: World) -> None:
    await knock(world, Turn("knock", "anna", 1))
    await knock(world, Turn("knock", "ben", 1), Turn("ring", "anna", 1))
    with pytest.raises(RateLimited):
        await knock(world, Turn("ring", "carl", 1), Turn("knock", "anna", 1))
