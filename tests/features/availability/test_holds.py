"""Holds: a time is kept for ten minutes, for a person or for whoever has the token."""

import asyncio
import hashlib
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.world import World

FIELDS = {"id", "hold_token", "specialist_id", "rate_id", "starts_at", "ends_at", "expires_at"}


async def test_a_time_is_held_for_ten_minutes(world: World) -> None:
    sarah = await world.specialist(open="mon 09:00-10:00")
    body = sarah.slot("mon 09:00")

    reply = await world.anonymous.post("/holds", body)

    assert reply.status == 201, reply.json
    assert set(reply.json) == FIELDS
    assert datetime.fromisoformat(reply.json["starts_at"]) == sarah.at("mon 09:00")
    now = await world.value("SELECT app.now()")
    left = datetime.fromisoformat(reply.json["expires_at"]) - now
    assert timedelta(minutes=9, seconds=50) < left <= timedelta(minutes=10)
    taken = await (await world.client()).post("/holds", body)
    assert (taken.status, taken.code) == (409, "SLOT_TAKEN")

    await world.travel(minutes=10, seconds=1)
    assert (await (await world.client()).post("/holds", body)).status == 201


async def test_the_token_is_kept_as_a_hash_alone(world: World) -> None:
    sarah = await world.specialist()
    made = (await world.anonymous.post("/holds", sarah.slot("mon 09:00"))).json
    [slot] = await world.rows("SELECT * FROM app.slots")
    assert slot["hold_token_hash"] == hashlib.sha256(made["hold_token"].encode()).digest()
    assert len(made["hold_token"]) >= 43
    audit = await world.value("SELECT string_agg(a::text, '') FROM app.audit_logs a")
    assert made["hold_token"] not in audit
    for path in (f"/specialists/{sarah.id}/slots", f"/specialists/{sarah.id}"):
        assert made["hold_token"] not in (await world.anonymous.get(path)).content.decode()


async def test_who_has_the_token_lets_go_of_it_once(world: World) -> None:
    sarah = await world.specialist()
    body = sarah.slot("mon 09:00")
    made = (await world.anonymous.post("/holds", body)).json
    path, token = f"/holds/{made['id']}", {"X-Hold-Token": made["hold_token"]}

    for wrong in ({}, {"X-Hold-Token": ""}, {"X-Hold-Token": "x" * 43}):
        reply = await world.anonymous.delete(path, headers=wrong)
        assert (reply.status, reply.code) == (404, "HOLD_NOT_FOUND")
    reply = await world.anonymous.delete(path, headers=token)
    assert (reply.status, reply.content) == (204, b"")
    assert (await world.anonymous.delete(path, headers=token)).code == "HOLD_NOT_FOUND"
    assert (await world.anonymous.post("/holds", body)).status == 201


async def test_a_person_lets_go_of_the_own_hold_and_of_nobody_elses(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    made = (await anna.post("/holds", sarah.slot("mon 09:00"))).json
    for stranger in (ben, sarah, world.anonymous, await world.admin()):
        reply = await stranger.delete(f"/holds/{made['id']}")
        assert (reply.status, reply.code) == (404, "HOLD_NOT_FOUND")
        assert (await stranger.delete(f"/holds/{uuid4()}")).code == "HOLD_NOT_FOUND"
    assert (await anna.delete(f"/holds/{made['id']}")).status == 204


async def test_a_bookings_claim_is_no_hold(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await anna.books(sarah, "mon 09:00")
    slot = await world.value("SELECT id FROM app.slots")
    reply = await anna.delete(f"/holds/{slot}")
    assert (reply.status, reply.code) == (404, "HOLD_NOT_FOUND")


async def test_what_is_held_books_with_the_token(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    made = (await world.anonymous.post("/holds", sarah.slot("mon 09:00"))).json
    without = await anna.post("/bookings", sarah.booking("mon 09:00"))
    assert (without.status, without.code) == (409, "SLOT_TAKEN")
    booked = await anna.post("/bookings", sarah.booking("mon 09:00", hold_token=made["hold_token"]))
    assert booked.status == 201, booked.json


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"specialist_id": str(uuid4())}, "SPECIALIST_NOT_FOUND"),
        ({"rate_id": str(uuid4())}, "RATE_NOT_FOUND"),
    ],
)
async def test_what_is_not_there_cannot_be_held(
    world: World, change: dict[str, str], code: str
) -> None:
    sarah = await world.specialist()
    reply = await world.anonymous.post("/holds", sarah.slot("mon 09:00") | change)
    assert (reply.status, reply.code) == (404, code)


async def test_what_is_not_offered_cannot_be_held(world: World) -> None:
    sarah = await world.specialist(open="mon-tue 09:00-10:00", most_a_day=1)
    closed = await world.specialist("Closed", accepting=False)
    hidden = await world.specialist("Hidden", verified=False)
    for specialist, when, status, code in (
        (sarah, "mon 09:15", 409, "SLOT_NOT_OFFERED"),
        (sarah, "wed 09:00", 409, "SLOT_NOT_OFFERED"),
        (closed, "mon 09:00", 409, "NOT_ACCEPTING"),
        (hidden, "mon 09:00", 404, "SPECIALIST_NOT_FOUND"),
    ):
        reply = await world.anonymous.post("/holds", specialist.slot(when))
        assert (reply.status, reply.code) == (status, code), when
    assert (await world.anonymous.post("/holds", sarah.slot("tue 09:00"))).status == 201
    full = await world.anonymous.post("/holds", sarah.slot("tue 09:30"))
    assert (full.status, full.code) == (409, "DAY_FULL")


@pytest.mark.parametrize(
    "starts_at",
    ["2026-12-01T09:00:00", "9999-12-31T09:00:00Z", "1999-01-01T00:00:00Z", "soon", None],
)
async def test_a_time_that_cannot_be_read_is_refused(world: World, starts_at: str | None) -> None:
    sarah = await world.specialist()
    body = sarah.slot("mon 09:00") | {"starts_at": starts_at}
    reply = await world.anonymous.post("/holds", body)
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    extra = sarah.slot("mon 09:00") | {"held_until": "2099-01-01T00:00:00Z"}
    assert (await world.anonymous.post("/holds", extra)).status == 422


async def test_a_person_holds_five_times_at_most(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    times = [f"mon {hour:02d}:00" for hour in range(9, 15)]
    for when in times[:5]:
        assert (await anna.post("/holds", sarah.slot(when))).status == 201
    reply = await anna.post("/holds", sarah.slot(times[5]))
    assert (reply.status, reply.code) == (429, "TOO_MANY_HOLDS")
    assert "Retry-After" in reply.headers
    assert (await (await world.client()).post("/holds", sarah.slot(times[5]))).status == 201


async def test_an_address_that_asks_too_often_waits_even_if_refused(world: World) -> None:
    nowhere = {
        "specialist_id": str(uuid4()), "rate_id": str(uuid4()),
        "starts_at": "2026-12-01T09:00:00Z",
    }  # fmt: skip
    statuses = [(await world.anonymous.post("/holds", nowhere)).status for _ in range(61)]
    assert statuses[:60] == [404] * 60
    assert statuses[60] == 429
    await world.travel(minutes=1)
    assert (await world.anonymous.post("/holds", nowhere)).status == 404


async def test_the_same_key_holds_once_and_tells_the_same_token(world: World) -> None:
    sarah = await world.specialist()
    for person in (world.anonymous, await world.client()):
        body = sarah.slot("mon 09:00" if person is world.anonymous else "mon 10:00")
        first = await person.post("/holds", body, key="my-hold")
        again = await person.post("/holds", body, key="my-hold")
        assert (again.status, again.content) == (201, first.content)
        assert again.headers["Idempotent-Replayed"] == "true"


async def test_one_of_many_gets_the_time(world: World) -> None:
    sarah = await world.specialist()
    people = [await world.client(f"Client {n}") for n in range(12)]
    replies = await asyncio.gather(
        *(person.post("/holds", sarah.slot("mon 09:00")) for person in people)
    )
    assert sorted(reply.status for reply in replies) == [201] + [409] * 11
    assert {reply.code for reply in replies} == {None, "SLOT_TAKEN"}


async def test_lapsed_holds_are_swept_and_live_ones_stay(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await anna.post("/holds", sarah.slot("mon 09:00"))
    await anna.books(sarah, "mon 10:00")
    await world.travel(minutes=11)
    await anna.post("/holds", sarah.slot("mon 11:00"))

    await world.work_off("availability.release_lapsed_holds")

    rows = await world.rows("SELECT status FROM app.slots ORDER BY session_starts_at")
    assert [row["status"] for row in rows] == ["released", "held", "held"]
    assert await world.value(
        "SELECT done_count FROM app.job_runs WHERE job = 'availability.release_lapsed_holds'"
    ) == 1  # fmt: skip
