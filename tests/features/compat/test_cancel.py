"""The older system's way to cancel: its address, its words, its list of codes."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from consulta.kernel.money import Money
from tests.features.bookings.stages import Stage, authorised, booked, confirmed
from tests.settings import CRON_SECRET
from tests.surface.refusals import DOCUMENT
from tests.surface.wire import RawReply, raw
from tests.world import Person, Reply, World

ADDRESS = "/functions/v1/booking-cancel"
GOOD = b'{"booking_id": "BOOKING", "reason": "Ill."}'
NOTHING = "Booking cancelled successfully. No refund will be processed."


async def cancel(stage: Stage, *, by: Person | None = None, **changes: Any) -> Reply:
    body = {"booking_id": stage.id, "reason": "I have a cold.", **changes}
    return await (by or stage.anna).post(ADDRESS, body, key=None)


def refused(reply: Reply | RawReply, status: int, code: str, message: str | None = None) -> None:
    """In the old shape to the letter, and never as a problem document."""
    assert reply.status == status, reply.json
    assert reply.headers["content-type"] == "application/json"
    assert reply.json.keys() == {"success", "error", "message"}
    assert (reply.json["success"], reply.json["error"]) == (False, code)
    assert reply.json["message"] == message if message else reply.json["message"]
    assert reply.headers["x-request-id"]


async def test_nothing_was_taken_and_nothing_goes_back(world: World) -> None:
    for make in (booked, authorised):
        stage = await make(world)
        reply = await cancel(stage)
        assert (reply.status, reply.json) == (200, {"success": True, "message": NOTHING})
        assert reply.headers["content-type"] == "application/json"
        assert await stage.status() == ("cancelled", "cancelled")


@pytest.mark.parametrize(
    ("currency", "price", "said"),
    [("USD", 20_000, "200.00 USD"), ("JPY", 333, "333 JPY"), ("KWD", 10_001, "10.001 KWD")],
)
async def test_the_refund_is_named(world: World, currency: str, price: int, said: str) -> None:
    stage = await confirmed(world, currency=currency, price=price)
    reply = await cancel(stage)
    message = f"Booking cancelled successfully. A refund of {said} will be processed."
    assert (reply.status, reply.json) == (200, {"success": True, "message": message})
    assert (await stage.charge()).refunded_minor == price
    assert await stage.status() == ("cancelled", "refunded")


async def test_the_tier_is_everybodys(world: World) -> None:
    stage = await confirmed(world, price=10_001)
    half = str(Money(5_001, "USD"))
    await world.stop_clock(stage.starts_at.replace(hour=5))
    assert half in (await cancel(stage)).json["message"]
    late = await confirmed(world, policy="no_refund")
    assert (await cancel(late)).json["message"] == NOTHING


async def test_the_record_is_the_same_as_everybodys(world: World) -> None:
    stage = await confirmed(world)
    await cancel(stage, reason="  Fever.  ", channel="web", refund=1)
    (record,) = await world.rows("SELECT * FROM app.booking_cancellations")
    assert (record["reason"], record["cancelled_by_kind"]) == ("Fever.", "client")
    assert (record["cancelled_by"], record["refund_minor"]) == (stage.anna.id, 20_000)
    assert await world.value("SELECT count(*) FROM app.idempotency_keys WHERE route = ''") == 0


async def test_the_specialist_and_an_admin_may_too(world: World) -> None:
    ada = await world.admin()
    for person in ("sarah", "ada"):
        stage = await confirmed(world, policy="no_refund")
        who = stage.sarah if person == "sarah" else ada
        assert "200.00 USD" in (await cancel(stage, by=who)).json["message"]


async def test_another_persons_booking_is_told_from_none(world: World) -> None:
    stage = await confirmed(world)
    for who in (await world.client("Ben"), await world.specialist("Dr. Omar")):
        reply = await cancel(stage, by=who)
        refused(reply, 403, "FORBIDDEN", "You cannot cancel this booking")
        refused(await cancel(stage, by=who, booking_id=str(uuid4())), 404, "NOT_FOUND")
        elsewhere = await who.post(f"/bookings/{stage.id}/cancel")
        assert (elsewhere.status, elsewhere.code) == (404, "BOOKING_NOT_FOUND")
    refused(await cancel(stage, by=await world.admin(), booking_id=str(uuid4())), 404, "NOT_FOUND")
    assert await stage.status() == ("confirmed", "paid")


async def test_strangers_learn_nothing_of_what_exists(world: World) -> None:
    stage = await confirmed(world)
    lapsed = Person(world.http, token="not.a.token")
    for who in (world.anonymous, lapsed, Person(world.http, token=CRON_SECRET)):
        refused(await cancel(stage, by=who), 401, "UNAUTHORIZED")
    async with world.database.connected("consulta_api") as connection:
        for person, found in ((None, False), (await world.client("Ben"), True)):
            async with connection.transaction():
                await connection.execute(
                    "SELECT set_config('role', 'consulta_user', true),"
                    " set_config('app.user_id', $1, true)",
                    str(person.id) if person else "",
                )
                asked = "SELECT app.booking_exists($1)"
                assert await connection.fetchval(asked, stage.id) is found


async def test_what_does_not_stand_is_already_cancelled(world: World) -> None:
    cancelled = await confirmed(world)
    await cancelled.cancel()
    declined = await authorised(world, when="tue 10:00", sarah=cancelled.sarah)
    await declined.decline()
    expired = await booked(world, when="wed 10:00", sarah=cancelled.sarah)
    await world.travel(minutes=31)
    await world.work_off("bookings.expire")
    for stage in (cancelled, declined, expired):
        refused(await cancel(stage), 409, "ALREADY_CANCELLED")


async def test_a_refunded_session_is_already_cancelled(world: World) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at)
    await stage.sarah.post(f"/bookings/{stage.id}/complete")
    payment = (await stage.seen())["payment"]["id"]
    await stage.sarah.post(f"/payments/{payment}/refunds")
    assert await stage.status() == ("refunded", "refunded")
    refused(await cancel(stage), 409, "ALREADY_CANCELLED")


@pytest.mark.parametrize("verb", [None, "complete", "no-show"])
async def test_what_has_begun_or_is_over_is_past(world: World, verb: str | None) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at)
    if verb:
        assert (await stage.sarah.post(f"/bookings/{stage.id}/{verb}")).status == 200
    refused(await cancel(stage), 409, "BOOKING_IN_PAST")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"nonsense",
        b'{"a": ',
        b"[" * 10_000 + b"]" * 10_000,
        b'{"booking_id": "\xff"}',
        b'{"booking_id": "\x00"}',
        b"{}",
        b'{"reason": "Ill."}',
        b'{"booking_id": "BOOKING"}',
        b'{"booking_id": "BOOKING", "reason": ""}',
        b'{"booking_id": "BOOKING", "reason": "  "}',
        b'{"booking_id": "BOOKING", "reason": null}',
        b'{"booking_id": "BOOKING", "reason": 5}',
        b'{"booking_id": "BOOKING", "reason": "a\\u0000"}',
        b'{"booking_id": "BOOKING", "reason": "\\ud800"}',
        json.dumps({"booking_id": "BOOKING", "reason": "x" * 1001}).encode(),
        b'{"booking_id": "17", "reason": "Ill."}',
        b'{"booking_id": 17, "reason": "Ill."}',
        b'{"booking_id": null, "reason": "Ill."}',
        b'{"booking_id": ["BOOKING"], "reason": "Ill."}',
    ],
)
async def test_what_cannot_be_read_is_invalid(world: World, body: bytes) -> None:
    stage = await confirmed(world)
    sent = body.replace(b"BOOKING", stage.id.encode())
    refused(await _raw(stage, sent), 400, "INVALID_REQUEST")
    assert await stage.status() == ("confirmed", "paid")


@pytest.mark.parametrize(
    ("headers", "chunks"),
    [
        ({"content-type": b"text/plain"}, [GOOD]),
        ({"content-type": b"text/plain", "content-length": b"2"}, [b"{}"]),
        ({"content-type": b"application/x-www-form-urlencoded"}, [b"a=b"]),
        ({"content-type": b"application/json5"}, [GOOD]),
        ({"content-encoding": b"gzip"}, [b"{}"]),
        ({"content-length": b"262145"}, [b"{}"]),
        ({"content-length": b"-1"}, [b"{}"]),
        ({}, [b"{", *[b" " * 65_536] * 5, b"}"]),
    ],
)
async def test_what_is_refused_at_the_gate_is_invalid_too(
    world: World, headers: Mapping[str, bytes], chunks: list[bytes]
) -> None:
    stage = await confirmed(world)
    sent = [chunk.replace(b"BOOKING", stage.id.encode()) for chunk in chunks]
    refused(await _raw(stage, *sent, **headers), 400, "INVALID_REQUEST")
    assert await stage.status() == ("confirmed", "paid")


@pytest.mark.parametrize("said", [b"application/json; charset=utf-8", b"APPLICATION/JSON", b""])
async def test_json_is_read_and_so_is_what_nobody_names(world: World, said: bytes) -> None:
    stage = await confirmed(world)
    sent = GOOD.replace(b"BOOKING", stage.id.encode())
    assert (await _raw(stage, sent, **{"content-type": said})).status == 200


async def test_another_method_is_told_in_the_old_shape(world: World) -> None:
    stage = await booked(world)
    for method in ("GET", "PUT", "DELETE"):
        reply = await stage.anna.request(method, ADDRESS)
        refused(reply, 405, "INVALID_REQUEST")
        assert reply.headers["allow"] == "POST"


async def test_an_unforeseen_failure_is_told_in_the_old_shape_and_recorded(world: World) -> None:
    stage = await confirmed(world)
    await world.superuser.execute(
        "ALTER TABLE app.booking_cancellations RENAME reason_code TO odd_name"
    )
    with capture_logs() as logs:
        reply = await cancel(stage)
    refused(reply, 500, "CANCELLATION_FAILED")
    assert "odd_name" not in reply.content.decode()
    assert "column" not in reply.content.decode()
    assert "bug" in [log["event"] for log in logs]
    assert await stage.status() == ("confirmed", "paid")


async def test_a_lock_that_is_not_given_up_ends_in_the_old_shape(world: World) -> None:
    stage = await confirmed(world)
    async with (
        world.database.connected() as other,
        other.transaction(),
    ):
        await other.execute("SELECT 1 FROM app.calendars FOR UPDATE")
        refused(await cancel(stage), 500, "CANCELLATION_FAILED")
    assert (await cancel(stage)).status == 200


async def test_a_capture_in_doubt_is_waited_for(world: World) -> None:
    stage = await authorised(world)
    async with world.sandbox_away():
        assert (await stage.confirm()).status == 202
    refused(await cancel(stage), 500, "CANCELLATION_FAILED")
    assert (await stage.status())[0] == "awaiting_confirmation"


async def test_a_replica_that_refuses_to_serve_says_so_in_the_old_shape(world: World) -> None:
    stage = await booked(world)
    world.app.state.refusals.append("a reason of the tests")
    refused(await cancel(stage), 500, "CANCELLATION_FAILED")


async def test_a_refund_in_doubt_is_still_a_cancellation(world: World) -> None:
    stage = await confirmed(world)
    async with world.sandbox_away():
        assert "200.00 USD" in (await cancel(stage)).json["message"]
    await world.travel(minutes=1)
    await world.work_off()
    assert await stage.status() == ("cancelled", "refunded")


async def test_a_key_is_neither_asked_for_nor_looked_at(world: World) -> None:
    stage = await booked(world)
    body = {"booking_id": stage.id, "reason": "Ill."}
    assert (await stage.anna.post(ADDRESS, body, key="no good key")).status == 200
    again = await stage.anna.post(ADDRESS, body, key="no good key")
    refused(again, 409, "ALREADY_CANCELLED")


async def _raw(stage: Stage, *chunks: bytes, **headers: bytes) -> RawReply:
    sent = {
        "authorization": f"Bearer {stage.anna.token}".encode(),
        "content-type": b"application/json",
        **headers,
    }
    return await raw(stage.world, "POST", ADDRESS, headers=sent.items(), chunks=chunks)


def test_the_document_knows_the_old_shape() -> None:
    said = DOCUMENT["paths"][ADDRESS]["post"]["responses"]
    assert said.keys() == {"200", "400", "401", "403", "404", "409", "500"}
    for status, answer in said.items():
        (schema,) = (one["schema"] for one in answer["content"].values())
        assert answer["content"].keys() == {"application/json"}
        assert schema["$ref"].endswith("FunctionDone" if status == "200" else "FunctionRefused")
