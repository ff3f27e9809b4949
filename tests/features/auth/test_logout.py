"""Signing out, and what an Authorization header must look like everywhere."""

import pytest

from tests.world import Person, World


async def test_after_signing_out_the_token_is_refused_at_once(world: World) -> None:
    anna = await world.client()
    assert (await anna.get("/me")).status == 200
    reply = await anna.post("/auth/logout")
    assert (reply.status, reply.content) == (204, b"")
    assert (await anna.get("/me")).code == "UNAUTHORIZED"
    assert (await anna.post("/auth/logout")).status == 401


async def test_an_admin_signs_out_too(world: World) -> None:
    ada = await world.admin()
    assert (await ada.post("/auth/logout")).status == 204
    assert (await ada.get("/me")).status == 401


async def test_others_stay_signed_in(world: World) -> None:
    anna, ben = await world.client("Anna"), await world.client("Ben")
    await anna.post("/auth/logout")
    assert (await ben.get("/me")).status == 200


async def test_nobody_ends_a_strangers_sign_in(world: World) -> None:
    anna, ben = await world.client("Anna"), await world.client("Ben")
    family = await world.value("SELECT id FROM app.user_sessions WHERE user_id = $1", ben.id)
    async with world.database.connected("consulta_api") as api, api.transaction():
        await api.execute("SET LOCAL ROLE consulta_user")
        await api.execute("SELECT set_config('app.user_id', $1, true)", str(anna.id))
        assert await api.fetchval("SELECT app.end_session($1)", family) is False
    assert (await ben.get("/me")).status == 200


async def test_signing_out_is_on_record(world: World) -> None:
    anna = await world.client()
    await anna.post("/auth/logout")
    rows = await world.rows("SELECT actor_id, action FROM app.audit_logs")
    assert rows == [{"actor_id": anna.id, "action": "signed_out"}]


async def test_signing_out_needs_somebody_signed_in(world: World) -> None:
    assert (await world.anonymous.post("/auth/logout")).code == "UNAUTHORIZED"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "bearer  {}", "Basic {}", "Token {}", "{}", "Bearer {} x",
     "Bearer {},", "Bearer\t{}", "Bearer null", "Bearer undefined", "Bearer {}\x7f"],
)  # fmt: skip
async def test_a_header_that_is_not_exactly_a_bearer_token_is_refused(
    world: World, header: str
) -> None:
    anna = await world.client()
    sent = header.replace("{}", anna.token or "")
    reply = await world.anonymous.get("/me", headers={"Authorization": sent})
    assert (reply.status, reply.code) == (401, "UNAUTHORIZED")
    assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_counts_in_any_spelling(world: World, scheme: str) -> None:
    anna = await world.client()
    reply = await world.anonymous.get("/me", headers={"Authorization": f"{scheme} {anna.token}"})
    assert reply.status == 200


async def test_two_tokens_are_none(world: World) -> None:
    anna = await world.client()
    answer = await world.http.get(
        "/api/v1/me",
        headers=[("Authorization", f"Bearer {anna.token}"), ("Authorization", "Bearer x")],
    )
    assert answer.status_code == 401


async def test_a_header_of_64_kib_is_refused(world: World) -> None:
    stranger = Person(world.http, token="x" * 65_536)
    assert (await stranger.get("/me")).status == 401
