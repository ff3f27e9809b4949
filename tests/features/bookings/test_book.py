"""Booking a session: one claim, one price, one payment."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.features.bookings.stages import booked, without_request
from tests.world import World

EVERYTHING = """
SELECT (SELECT count(*) FROM app.bookings) AS bookings, (SELECT count(*) FROM app.slots) AS slots,
       (SELECT count(*) FROM app.payments) AS payments,
       (SELECT count(*) FROM app.payment_operations) AS operations,
       (SELECT count(*) FROM app.outbox) AS messages,
       (SELECT count(*) FROM app.audit_logs) AS entries,
       (SELECT count(*) FROM app.idempotency_keys) AS keys,
       (SELECT sum(revision) FROM app.calendars) AS revisions
"""


async def test_a_booking_is_paid_confirmed_and_captured(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()

    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_sandbox_visa")
    assert booking["status"] == "awaiting_confirmation"
    assert booking["payment"]["status"] == "authorized"

    reply = await sarah.post(f"/bookings/{booking['id']}/confirm")
    assert (reply.status, reply.json["status"]) == (200, "confirmed")
    assert reply.json["payment"]["captured"] == {"amount_minor": 20_000, "currency": "USD"}
    assert reply.json["payment"]["next_action"] is None


async def test_without_a_method_the_payment_waits_for_one(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00")
    assert (booking["status"], booking["payment"]["status"]) == ("pending_payment", "pending")
    assert booking["payment"]["next_action"]["client_secret"]
    assert booking["payment"]["publishable_key"] == "pk_sandbox"


async def test_a_slot_is_sold_once(world: World) -> None:
    sarah, anna, ben = (
        await world.specialist(),
        await world.client("Anna"),
        await world.client("Ben"),
    )
    await anna.books(sarah, "mon 10:00")
    reply = await ben.post("/bookings", sarah.booking("mon 10:00"))
    assert (reply.status, reply.code) == (409, "SLOT_TAKEN")
    assert await ben.sees("/bookings") == []


async def test_sessions_that_only_touch_do_not_disturb_each_other(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    await anna.books(sarah, "mon 10:00")
    await ben.books(sarah, "mon 10:30")
    await ben.books(sarah, "mon 09:30")


async def test_the_answer_says_what_was_bought(world: World) -> None:
    sarah, anna = await world.specialist(price=12_345, currency="EUR"), await world.client()
    booking = await anna.books(sarah, "tue 11:30", note="Knee.", kind="followup")
    price = {"amount_minor": 9_258, "currency": "EUR"}
    assert (booking["price"], booking["total"]) == (price, price)
    assert booking["discount"] == {"amount_minor": 0, "currency": "EUR"}
    assert booking["payment"]["amount"] == price
    starts_at = datetime.fromisoformat(booking["starts_at"])
    assert starts_at == sarah.at("tue 11:30")
    assert datetime.fromisoformat(booking["ends_at"]) == starts_at + timedelta(minutes=30)
    assert (booking["kind"], booking["note"], booking["revision"]) == ("followup", "Knee.", 0)
    assert (booking["specialist_id"], booking["client_id"]) == (str(sarah.id), str(anna.id))
    assert (booking["specialist_name"], booking["client_name"]) == ("Dr. Sarah", "Anna")
    assert booking["cancellation_policy"] == "standard"
    # Half an hour to pay.
    expires = datetime.fromisoformat(booking["expires_at"])
    assert expires - datetime.fromisoformat(booking["created_at"]) == timedelta(minutes=30)
    around = {"meeting_status": None, "notes_count": 0, "recordings_count": 0, "has_review": False}
    assert (await anna.get(f"/bookings/{booking['id']}")).json == booking | around


@pytest.mark.parametrize(
    "more",
    [
        {"price": 1},
        {"price_minor": 1},
        {"amount_minor": 1},
        {"total": {"amount_minor": 1, "currency": "USD"}},
        {"discount": {"amount_minor": 19_999, "currency": "USD"}},
        {"currency": "JPY"},
        {"status": "confirmed"},
        {"policy": "flexible"},
        {"auto_confirm": True},
        {"provider": "manual"},
        {"ends_at": "2026-12-01T10:00:00Z"},
        {"expires_at": "2099-01-01T00:00:00Z"},
        {"booked_by": str(uuid4())},
        {"starts_at": "2026-12-01T10:00:00"},
        {"starts_at": "9999-12-31T23:59:59Z"},
        {"starts_at": "2026-12-01T23:59:60Z"},
        {"starts_at": "2026-12-01T10:00:00+25:00"},
        {"starts_at": None},
        {"rate_id": "standard"},
        {"specialist_id": ["a"]},
        {"note": "a\x00b"},
        {"note": "x" * 2001},
        {"payment_method": "pm visa; drop"},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "https://user@evil.example/"},
        {"hold_token": "t" * 201},
    ],
    ids=lambda more: next(iter(more)),
)
async def test_what_is_not_for_the_caller_to_say_is_refused(
    world: World, more: dict[str, Any]
) -> None:
    sarah, anna = await world.specialist(), await world.client()
    before = await world.rows(EVERYTHING)
    reply = await anna.post("/bookings", {**sarah.booking("mon 10:00"), **more})
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    assert all(value not in reply.content for value in (b"evil.example", b"javascript", b"drop"))
    assert await world.rows(EVERYTHING) == before


async def test_emptied_optional_fields_count_as_absent(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    empty = dict.fromkeys(("note", "hold_token", "payment_method", "return_url", "client_id"), "")
    booking = await anna.books(sarah, "mon 10:00", **empty)
    assert (booking["note"], booking["client_id"]) == (None, str(anna.id))


async def test_nobody_books_in_the_name_of_another(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    reply = await anna.post("/bookings", sarah.booking("mon 10:00", client_id=str(ben.id)))
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    # A specialist may for the own clients, but not at somebody else's practice.
    omar = await world.specialist("Dr. Omar")
    reply = await omar.post("/bookings", sarah.booking("mon 10:00", client_id=str(ben.id)))
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    assert await world.value("SELECT count(*) FROM app.bookings") == 0


async def test_a_specialist_books_for_a_client_who_then_pays(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    booking = await sarah.books(sarah, "mon 10:00", client_id=str(anna.id))
    assert booking["client_id"] == str(anna.id)
    assert booking["payment"]["next_action"] is None
    hers = (await anna.get(f"/bookings/{booking['id']}")).json
    assert hers["payment"]["next_action"]["client_secret"]
    assert (await world.rows("SELECT client_id, booked_by FROM app.bookings")) == [
        {"client_id": anna.id, "booked_by": sarah.id}
    ]


async def test_an_admin_books_for_a_client(world: World) -> None:
    sarah, anna, ada = await world.specialist(), await world.client(), await world.admin()
    reply = await ada.post("/bookings", sarah.booking("mon 10:00", client_id=str(anna.id)))
    assert (reply.status, reply.json["client_id"]) == (201, str(anna.id))
    assert reply.json["payment"]["next_action"] is None
    assert len(await anna.sees("/bookings")) == 1


async def test_a_client_who_does_not_exist_cannot_be_booked_for(world: World) -> None:
    sarah = await world.specialist()
    reply = await sarah.post("/bookings", sarah.booking("mon 10:00", client_id=str(uuid4())))
    assert (reply.status, reply.code) == (404, "CLIENT_NOT_FOUND")
    assert await world.value("SELECT count(*) FROM app.slots") == 0


async def test_a_specialist_is_not_the_own_client(world: World) -> None:
    sarah = await world.specialist()
    reply = await sarah.post("/bookings", sarah.booking("mon 10:00"))
    assert (reply.status, reply.code) == (422, "CANNOT_BOOK_YOURSELF")
    ada = await world.admin()
    reply = await ada.post("/bookings", sarah.booking("mon 10:00", client_id=str(sarah.id)))
    assert (reply.status, reply.code) == (422, "CANNOT_BOOK_YOURSELF")


async def test_a_specialist_may_be_anothers_client(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    booking = await omar.books(sarah, "mon 10:00", payment_method="pm_sandbox_visa")
    reply = await omar.post(f"/bookings/{booking['id']}/confirm")
    assert (reply.status, reply.code) == (403, "FORBIDDEN")


async def test_an_unverified_specialist_looks_absent(world: World) -> None:
    hidden, anna = await world.specialist(verified=False), await world.client()
    reply = await anna.post("/bookings", hidden.booking("mon 10:00"))
    other = {**hidden.booking("mon 10:00"), "specialist_id": str(uuid4())}
    absent = await anna.post("/bookings", other)
    assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")
    assert without_request(reply.json) == without_request(absent.json)


async def test_who_does_not_accept_is_not_booked(world: World) -> None:
    sarah, anna = await world.specialist(accepting=False), await world.client()
    reply = await anna.post("/bookings", sarah.booking("mon 10:00"))
    assert (reply.status, reply.code) == (409, "NOT_ACCEPTING")


async def test_a_rate_has_to_be_active_and_the_specialists_own(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar", price=1)
    anna = await world.client()
    body = sarah.booking("mon 10:00")
    reply = await anna.post("/bookings", {**body, "rate_id": str(omar.rates["standard"])})
    assert (reply.status, reply.code) == (404, "RATE_NOT_FOUND")
    await world.superuser.execute(
        "UPDATE app.specialist_rates SET is_active = false WHERE id = $1", sarah.rates["standard"]
    )
    reply = await anna.post("/bookings", body)
    assert (reply.status, reply.code) == (404, "RATE_NOT_FOUND")


@pytest.mark.parametrize("when", ["mon 10:10", "mon 08:30", "mon 17:00", "sun 10:00"])
async def test_a_time_that_is_not_offered_is_refused(world: World, when: str) -> None:
    sarah, anna = await world.specialist(), await world.client()
    reply = await anna.post("/bookings", sarah.booking(when))
    assert (reply.status, reply.code) == (409, "SLOT_NOT_OFFERED")


async def test_the_past_is_not_offered(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    starts_at = sarah.at("mon 10:00")
    for ago in (timedelta(days=14), timedelta(days=7)):
        reply = await anna.post("/bookings", sarah.booking(starts_at - ago))
        assert (reply.status, reply.code) == (409, "SLOT_NOT_OFFERED")
    await world.stop_clock(starts_at)
    reply = await anna.post("/bookings", sarah.booking(starts_at + timedelta(microseconds=1)))
    assert (reply.status, reply.code) == (409, "SLOT_NOT_OFFERED")


async def test_the_day_has_its_limit(world: World) -> None:
    sarah, anna = await world.specialist(most_a_day=1), await world.client()
    await anna.books(sarah, "mon 10:00")
    reply = await anna.post("/bookings", sarah.booking("mon 14:00"))
    assert (reply.status, reply.code) == (409, "DAY_FULL")
    await anna.books(sarah, "tue 14:00")


async def test_nobody_in_particular_books_nothing(world: World) -> None:
    sarah = await world.specialist()
    reply = await world.anonymous.post("/bookings", sarah.booking("mon 10:00"))
    assert (reply.status, reply.code) == (401, "UNAUTHORIZED")


async def test_a_booking_is_on_the_record(world: World) -> None:
    stage = await booked(world)
    (entry,) = await world.rows(
        "SELECT actor_id, actor, old_values, new_values, status, request_id FROM app.audit_logs"
        " WHERE subject_id = $1 AND action = 'booking.requested'",
        stage.id,
    )
    assert (entry["actor_id"], entry["actor"]) == (stage.anna.id, "client")
    assert entry["request_id"]
    (message,) = await world.rows(
        "SELECT payload FROM app.outbox WHERE topic = 'booking.requested'"
    )
    assert stage.id in str(message["payload"])
    for text in (str(entry), str(message)):
        assert "_secret_" not in text


async def test_policy_and_price_are_kept_as_they_were(world: World) -> None:
    stage = await booked(world, policy="flexible")
    await world.superuser.execute("UPDATE app.specialists SET cancellation_policy = 'strict'")
    await world.superuser.execute("UPDATE app.specialist_rates SET price_minor = 99")
    booking = await stage.seen()
    assert booking["cancellation_policy"] == "flexible"
    assert booking["total"]["amount_minor"] == 20_000
    await stage.pay("pm_sandbox_visa")
    assert (await stage.charge()).authorized_minor == 20_000
