"""Staying signed in: a refresh token is good once, and one that comes back ends the sign-in."""

import asyncio
from typing import Any

import pytest

from consulta.platform.auth.identity import Identities
from tests.world import Person, Reply, World


async def sign_up(world: World) -> dict[str, Any]:
    body = {"email": "anna@example.com", "password": "correct horse battery", "full_name": "A"}
    reply = await world.anonymous.post("/auth/register", body)
    assert reply.status == 201
    tokens: dict[str, Any] = reply.json
    return tokens


async def refresh(world: World, token: str) -> Reply:
    return await world.anonymous.post("/auth/refresh", {"refresh_token": token})


async def is_in(world: World, access_token: str) -> bool:
    """Whether a process without a memory of it lets the token in."""
    identities: Identities = world.app.state.identities
    identities.clear()
    return (await Person(world.http, token=access_token).get("/me")).status == 200


async def test_a_refresh_token_buys_the_next_pair(world: World) -> None:
    first = await sign_up(world)
    reply = await refresh(world, first["refresh_token"])
    assert reply.status == 200
    assert reply.json["refresh_token"] != first["refresh_token"]
    assert await is_in(world, reply.json["access_token"])
    assert (await refresh(world, reply.json["refresh_token"])).status == 200


async def test_a_used_token_that_comes_back_ends_the_whole_sign_in(world: World) -> None:
    first = await sign_up(world)
    second = (await refresh(world, first["refresh_token"])).json
    await world.travel(seconds=11)
    stolen = await refresh(world, first["refresh_token"])
    assert (stolen.status, stolen.code) == (401, "INVALID_REFRESH_TOKEN")
    assert (await refresh(world, second["refresh_token"])).status == 401
    assert not await is_in(world, second["access_token"])
    assert not await is_in(world, first["access_token"])
    assert (
        await world.value("SELECT status FROM app.audit_logs WHERE action = 'refresh_token_reused'")
        == "denied"
    )


async def test_one_process_forgets_the_sign_in_at_once(world: World) -> None:
    first = await sign_up(world)
    anna = Person(world.http, token=first["access_token"])
    await refresh(world, first["refresh_token"])
    assert (await anna.get("/me")).status == 200
    await world.travel(seconds=11)
    await refresh(world, first["refresh_token"])
    assert (await anna.get("/me")).status == 401


async def test_other_sign_ins_of_the_same_person_go_on(world: World) -> None:
    first = await sign_up(world)
    body = {"email": "anna@example.com", "password": "correct horse battery"}
    other = (await world.anonymous.post("/auth/login", body)).json
    await refresh(world, first["refresh_token"])
    await world.travel(seconds=11)
    await refresh(world, first["refresh_token"])
    assert await is_in(world, other["access_token"])
    assert (await refresh(world, other["refresh_token"])).status == 200


async def test_requests_that_race_with_one_token_each_get_a_sibling(world: World) -> None:
    first = await sign_up(world)
    replies = await asyncio.gather(*(refresh(world, first["refresh_token"]) for _ in range(8)))
    assert [reply.status for reply in replies] == [200] * 8
    assert len({reply.json["refresh_token"] for reply in replies}) == 8
    await world.travel(seconds=11)
    for reply in replies:
        assert (await refresh(world, reply.json["refresh_token"])).status == 200


async def test_a_sibling_is_of_the_same_family(world: World) -> None:
    first = await sign_up(world)
    await refresh(world, first["refresh_token"])
    sibling = (await refresh(world, first["refresh_token"])).json
    await world.travel(seconds=11)
    await refresh(world, first["refresh_token"])
    assert (await refresh(world, sibling["refresh_token"])).status == 401


async def test_a_token_not_used_for_thirty_days_has_lapsed(world: World) -> None:
    first = await sign_up(world)
    await world.travel(days=29, hours=23)
    second = await refresh(world, first["refresh_token"])
    assert second.status == 200
    await world.travel(days=30)
    assert (await refresh(world, second.json["refresh_token"])).code == "INVALID_REFRESH_TOKEN"


async def test_a_sign_in_ends_after_ninety_days_however_busy(world: World) -> None:
    token = (await sign_up(world))["refresh_token"]
    for _ in range(4):
        await world.travel(days=20)
        token = (await refresh(world, token)).json["refresh_token"]
    await world.travel(days=10)
    assert (await refresh(world, token)).status == 401


async def test_after_signing_out_no_token_of_the_sign_in_refreshes(world: World) -> None:
    first = await sign_up(world)
    second = (await refresh(world, first["refresh_token"])).json
    await Person(world.http, token=second["access_token"]).post("/auth/logout")
    assert (await refresh(world, second["refresh_token"])).status == 401


async def test_a_sign_out_that_races_with_a_refresh_wins(world: World) -> None:
    first = await sign_up(world)
    anna = Person(world.http, token=first["access_token"])
    out, *replies = await asyncio.gather(
        anna.post("/auth/logout"), *(refresh(world, first["refresh_token"]) for _ in range(6))
    )
    assert out.status == 204
    for reply in replies:
        if reply.status == 200:
            assert (await refresh(world, reply.json["refresh_token"])).status == 401
            assert not await is_in(world, reply.json["access_token"])


async def test_a_disabled_person_does_not_refresh(world: World) -> None:
    first = await sign_up(world)
    await world.superuser.execute("UPDATE app.users SET is_active = false")
    assert (await refresh(world, first["refresh_token"])).status == 401


async def test_an_access_token_is_no_refresh_token(world: World) -> None:
    first = await sign_up(world)
    reply = await refresh(world, first["access_token"][:200])
    assert (reply.status, reply.code) == (401, "INVALID_REFRESH_TOKEN")


async def test_a_refresh_token_is_no_access_token(world: World) -> None:
    first = await sign_up(world)
    reply = await Person(world.http, token=first["refresh_token"]).get("/me")
    assert (reply.status, reply.code) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize("token", ["x", "x" * 200, "' OR true --", "ключ", "../../x", "0" * 43])
async def test_a_made_up_token_is_refused(world: World, token: str) -> None:
    reply = await refresh(world, token)
    assert (reply.status, reply.code) == (401, "INVALID_REFRESH_TOKEN")


@pytest.mark.parametrize("token", ["", "x" * 201, None, 7, {"a": 1}])
async def test_what_cannot_be_a_token_is_refused_unread(world: World, token: object) -> None:
    reply = await world.anonymous.post("/auth/refresh", {"refresh_token": token})
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


async def test_only_hashes_of_refresh_tokens_are_kept(world: World) -> None:
    first = await sign_up(world)
    second = (await refresh(world, first["refresh_token"])).json
    stored = str(await world.rows("SELECT * FROM app.user_sessions"))
    assert first["refresh_token"] not in stored
    assert second["refresh_token"] not in stored


async def test_a_lapsed_access_token_does_not_hinder_a_refresh(world: World) -> None:
    first = await sign_up(world)
    stranger = Person(world.http, token="lapsed.long.ago")
    reply = await stranger.post("/auth/refresh", {"refresh_token": first["refresh_token"]})
    assert reply.status == 200
