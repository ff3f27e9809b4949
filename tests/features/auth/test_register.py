"""Registering: an account, a profile and a first sign-in at once; never an admin."""

import asyncio
import json
from typing import Any

import pytest

from tests.world import Person, World

PASSWORD = "correct horse battery"


def registration(**changes: Any) -> dict[str, Any]:
    return {
        "email": "anna@example.com",
        "password": PASSWORD,
        "full_name": "Anna Weber",
        "time_zone": "Europe/Berlin",
    } | changes


async def test_a_new_client_is_signed_in_at_once(world: World) -> None:
    reply = await world.anonymous.post("/auth/register", registration())
    assert reply.status == 201
    assert reply.json["token_type"] == "bearer"
    assert reply.json["expires_in"] == 900
    user = reply.json["user"]
    assert (user["email"], user["role"]) == ("anna@example.com", "client")
    anna = Person(world.http, token=reply.json["access_token"])
    me = await anna.get("/me")
    assert me.json["id"] == user["id"]
    assert (me.json["full_name"], me.json["time_zone"]) == ("Anna Weber", "Europe/Berlin")


async def test_what_is_left_out_is_a_client_in_utc(world: World) -> None:
    body = registration()
    del body["time_zone"]
    reply = await world.anonymous.post("/auth/register", body)
    assert (reply.json["user"]["role"], reply.json["user"]["time_zone"]) == ("client", "UTC")


async def test_a_specialist_may_register(world: World) -> None:
    reply = await world.anonymous.post("/auth/register", registration(role="specialist"))
    assert reply.json["user"]["role"] == "specialist"


@pytest.mark.parametrize(
    "extra",
    [
        {"role": "admin"},
        {"role": "system"},
        {"role": ""},
        {"is_active": True},
        {"id": "00000000-0000-7000-8000-000000000000"},
        {"issuer": "x"},
        {"email_verified_at": "2026-01-01T00:00:00Z"},
    ],
)
async def test_nobody_registers_as_more_than_that(world: World, extra: dict[str, Any]) -> None:
    reply = await world.anonymous.post("/auth/register", registration(**extra))
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    assert await world.value("SELECT count(*) FROM app.users") == 0


async def test_the_database_makes_no_admin_for_the_public_either(world: World) -> None:
    async with world.database.connected("consulta_api") as api:
        await api.execute("SET ROLE consulta_anonymous")
        with pytest.raises(Exception, match="FORBIDDEN"):
            await api.fetch(
                "SELECT app.register('x@example.com', 'h', 'X', 'admin', 'UTC', $1, 1, 1)",
                b"x" * 32,
            )
        for statement in (
            "SELECT app.create_account('x@example.com', NULL, 'X', 'admin', 'UTC')",
            "SELECT app.make_admin('x@example.com')",
            "SELECT app.start_session(gen_random_uuid(), '', 1, 1)",
        ):
            with pytest.raises(Exception, match="permission denied"):
                await api.fetch(statement)


async def test_an_address_in_use_is_taken_in_any_spelling(world: World) -> None:
    await world.anonymous.post("/auth/register", registration())
    for email in ("anna@example.com", "ANNA@Example.COM", "  anna@example.com "):
        reply = await world.anonymous.post("/auth/register", registration(email=email))
        assert (reply.status, reply.code) == (409, "EMAIL_TAKEN")
    assert await world.value("SELECT count(*) FROM app.users") == 1


async def test_of_many_who_race_for_an_address_one_gets_it(world: World) -> None:
    replies = await asyncio.gather(
        *(world.anonymous.post("/auth/register", registration()) for _ in range(12))
    )
    assert sorted(reply.status for reply in replies) == [201] + [409] * 11
    assert await world.value("SELECT count(*) FROM app.profiles") == 1


@pytest.mark.parametrize(
    "email",
    ["", "anna", "anna@", "@example.com", "anna@example", "a b@example.com", "anna@-x.com",
     "anna@example.com\r\nBcc: x@y.zz", "änna@example.com", "anna@example.com\x00", 7, None,
     "a" * 65 + "@example.com", "anna@" + "x." * 200 + "com", ["anna@example.com"]],
)  # fmt: skip
async def test_what_is_no_address_is_refused(world: World, email: object) -> None:
    reply = await world.anonymous.post("/auth/register", registration(email=email))
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


@pytest.mark.parametrize("password", ["short", "password123!", "annaannaanna", "1234567890"])
async def test_a_weak_password_is_refused_with_its_reason(world: World, password: str) -> None:
    body = registration(email="annaannaanna@example.com", password=password)
    reply = await world.anonymous.post("/auth/register", body)
    assert (reply.status, reply.code) == (422, "PASSWORD_TOO_WEAK")
    assert password.encode() not in reply.content


@pytest.mark.parametrize("password", ["", "x y z" * 26, "nul\x00in-the-middle", None, 1234567890])
async def test_an_impossible_password_is_refused_unread(world: World, password: object) -> None:
    reply = await world.anonymous.post("/auth/register", registration(password=password))
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    assert await world.value("SELECT count(*) FROM app.users") == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"full_name": ""},
        {"full_name": "   "},
        {"full_name": "x" * 201},
        {"full_name": "A\x00"},
        {"time_zone": "+02:00"},
        {"time_zone": "Europe/Atlantis"},
        {"time_zone": "../../etc/passwd"},
    ],
)
async def test_a_name_and_a_zone_are_real_ones(world: World, changes: dict[str, Any]) -> None:
    reply = await world.anonymous.post("/auth/register", registration(**changes))
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


async def test_refused_input_is_never_repeated(world: World) -> None:
    body = registration(password="a-secret-that-is-mine\x00", extra="another-secret")
    reply = await world.anonymous.post("/auth/register", body)
    assert reply.status == 422
    assert b"secret-that" not in reply.content
    assert b"another-secret" not in reply.content


@pytest.mark.parametrize("path", ["register", "login"])
async def test_a_lone_surrogate_is_refused(world: World, path: str) -> None:
    body = registration(password="\ud800-abcdefghij")
    if path == "login":
        body = {name: body[name] for name in ("email", "password")}
    answer = await world.http.post(
        f"/api/v1/auth/{path}",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "INVALID_REQUEST"


async def test_the_same_key_gets_the_same_answer_and_one_account(world: World) -> None:
    first = await world.anonymous.post("/auth/register", registration(), key="k1")
    again = await world.anonymous.post("/auth/register", registration(), key="k1")
    assert (first.status, again.status) == (201, 201)
    assert first.content == again.content
    assert again.headers["Idempotent-Replayed"] == "true"
    for changes in ({"password": "another horse battery"}, {"full_name": "Anne"}):
        reply = await world.anonymous.post("/auth/register", registration(**changes), key="k1")
        assert (reply.status, reply.code) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_keys_of_strangers_do_not_meet(world: World) -> None:
    await world.anonymous.post("/auth/register", registration(), key="1")
    ben = await world.anonymous.post(
        "/auth/register", registration(email="ben@example.com"), key="1"
    )
    assert ben.json["user"]["email"] == "ben@example.com"


async def test_what_is_stored_gives_no_password_or_token_away(world: World) -> None:
    reply = await world.anonymous.post("/auth/register", registration(), key="k1")
    tables = ("users", "credentials", "user_sessions", "idempotency_keys", "audit_logs", "outbox")
    dumped = "".join([str(await world.rows(f"SELECT * FROM app.{name}")) for name in tables])
    assert "$argon2id$" in dumped
    for secret in (PASSWORD, reply.json["refresh_token"], reply.json["access_token"]):
        assert secret not in dumped


async def test_a_lapsed_token_does_not_hinder_registering(world: World) -> None:
    stranger = Person(world.http, token="lapsed.long.ago")
    assert (await stranger.post("/auth/register", registration())).status == 201


async def test_the_registration_is_on_record(world: World) -> None:
    reply = await world.anonymous.post("/auth/register", registration())
    rows = await world.rows("SELECT actor, subject_id, new_values FROM app.audit_logs")
    assert [(row["actor"], str(row["subject_id"])) for row in rows] == [
        ("anonymous", reply.json["user"]["id"])
    ]
    assert "anna" not in str(rows)
