"""A specialist, or an admin, books for a client who called: by hand, online, and anyway."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from consulta.features.bookings.rules import LOOKUPS_PER_MINUTE
from tests.world import Person, Reply, Specialist, World

HOUR = timedelta(hours=1)


async def books_for(
    booker: Person, sarah: Specialist, client: Person, when: str | datetime, **more: Any
) -> Reply:
    body = sarah.booking(when, client_id=str(client.id), **more)
    return await booker.post("/bookings", body)


async def address_of(world: World, person: Person) -> str:
    found: str = await world.value("SELECT email FROM app.users WHERE id = $1", person.id)
    return found


async def test_paid_by_hand_it_is_confirmed_at_once(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    reply = await books_for(sarah, sarah, anna, "mon 10:00", by_hand=True)
    assert (reply.status, reply.json["status"]) == (201, "confirmed")
    assert reply.json["payment"]["provider"] == "manual"
    assert reply.json["payment"]["status"] == "pending"
    assert (reply.json["expires_at"], reply.json["booked_anyway"]) == (None, False)
    [seen] = await anna.sees("/bookings")
    assert (seen["id"], seen["client_id"]) == (reply.json["id"], str(anna.id))
    rows = await world.rows("SELECT client_id, booked_by FROM app.bookings")
    assert rows == [{"client_id": anna.id, "booked_by": sarah.id}]
    audited = await world.rows(
        "SELECT actor_id FROM app.audit_logs WHERE action = 'booking.requested'"
    )
    assert [row["actor_id"] for row in audited] == [sarah.id]


async def test_online_the_client_pays_later_and_the_specialist_need_not_confirm(
    world: World,
) -> None:
    sarah, anna = await world.specialist(), await world.client()
    starts_at = sarah.at("mon 10:00")
    reply = await books_for(sarah, sarah, anna, starts_at)
    assert (reply.status, reply.json["status"]) == (201, "pending_payment")
    assert datetime.fromisoformat(reply.json["expires_at"]) == starts_at - timedelta(hours=24)
    assert reply.json["payment"]["next_action"] is None, "the secret is the payer's"
    booking = f"/bookings/{reply.json['id']}"
    assert (await anna.get(booking)).json["payment"]["next_action"]["client_secret"]

    paid = await anna.post(f"{booking}/payments", {"payment_method": "pm_sandbox_visa"})
    assert paid.status == 201
    await world.work_off()
    settled = (await anna.get(booking)).json
    assert (settled["status"], settled["payment"]["status"]) == ("confirmed", "paid")


async def test_unpaid_it_expires_a_day_before_the_session(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    starts_at = sarah.at("mon 10:00")
    made = (await books_for(sarah, sarah, anna, starts_at)).json
    now = await world.value("SELECT app.now()")
    await world.travel(seconds=(starts_at - timedelta(hours=25) - now).total_seconds())
    await world.work_off("bookings.expire")
    assert (await anna.get(f"/bookings/{made['id']}")).json["status"] == "pending_payment"
    await world.travel(hours=1.01)
    await world.work_off("bookings.expire")
    assert (await anna.get(f"/bookings/{made['id']}")).json["status"] == "expired"
    await ben.books(sarah, starts_at)


@pytest.mark.parametrize(
    ("ahead", "minutes"), [(HOUR * 20, 30), (HOUR * 24.25, 30), (HOUR / 4, 15)]
)
async def test_at_short_notice_there_is_half_an_hour_to_pay(
    world: World, ahead: timedelta, minutes: int
) -> None:
    """Or until the session begins, if that is sooner."""
    sarah, anna = await world.specialist(open="sun-sat 00:00-24:00"), await world.client()
    noon = sarah.at("mon 12:00")
    await world.stop_clock(noon - ahead)
    reply = await books_for(sarah, sarah, anna, noon)
    assert reply.status == 201, reply.json
    expires_at = datetime.fromisoformat(reply.json["expires_at"])
    assert expires_at == noon - ahead + timedelta(minutes=minutes)


async def test_the_client_may_be_named_by_address(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    address = await address_of(world, anna)
    body = sarah.booking("mon 10:00", client_email=f"  {address.upper()} ", by_hand=True)
    reply = await sarah.post("/bookings", body)
    assert (reply.status, reply.json["client_id"]) == (201, str(anna.id))
    assert address not in reply.content.decode()
    admin = await world.admin()
    body = sarah.booking("mon 11:00", client_email=address)
    reply = await admin.post("/bookings", body)
    assert (reply.status, reply.json["client_id"]) == (201, str(anna.id))


async def test_an_admin_books_for_a_client(world: World) -> None:
    sarah, anna, admin = await world.specialist(), await world.client(), await world.admin()
    reply = await books_for(admin, sarah, anna, "mon 10:00")
    assert (reply.status, reply.json["status"]) == (201, "pending_payment")
    by_hand = await books_for(admin, sarah, anna, "tue 10:00", by_hand=True)
    assert (by_hand.status, by_hand.json["status"]) == (201, "awaiting_confirmation")
    anyway = await books_for(admin, sarah, anna, "sun 10:00", anyway=True)
    assert (anyway.status, anyway.json["booked_anyway"]) == (201, True)


async def test_who_is_no_active_client_is_not_found(world: World) -> None:
    sarah, gone = await world.specialist(), await world.client("Gone")
    admin, omar = await world.admin(), await world.specialist("Dr. Omar")
    other_admin = await world.admin("Ben")
    await world.superuser.execute("UPDATE app.users SET is_active = false WHERE id = $1", gone.id)
    addresses = [await address_of(world, person) for person in (gone, admin, omar)]
    for name in (
        {"client_id": str(uuid4())},
        {"client_id": str(gone.id)},
        {"client_id": str(other_admin.id)},
        {"client_email": "nobody@example.org"},
        *({"client_email": address} for address in addresses),
        {"client_email": addresses[0].replace("gone", "%")},
    ):
        for booker in (sarah, admin):
            reply = await booker.post("/bookings", sarah.booking("mon 10:00", **name))
            assert (reply.status, reply.code) == (404, "CLIENT_NOT_FOUND"), name
    assert await world.rows("SELECT 1 FROM app.bookings") == []


@pytest.mark.parametrize(
    "naming", [{"client_email": "not an address"}, {"client_email": "a@b"}, "both"]
)
async def test_a_client_has_one_name(world: World, naming: Any) -> None:
    sarah, anna = await world.specialist(), await world.client()
    if naming == "both":
        naming = {"client_id": str(anna.id), "client_email": await address_of(world, anna)}
    reply = await sarah.post("/bookings", sarah.booking("mon 10:00", **naming))
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


async def test_addresses_cannot_be_tried_out(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    address = await address_of(world, anna)
    for _ in range(LOOKUPS_PER_MINUTE):
        wrong = sarah.booking("mon 10:00", client_email="nobody@example.org")
        assert (await sarah.post("/bookings", wrong)).status == 404
    right = sarah.booking("mon 10:00", client_email=address)
    reply = await sarah.post("/bookings", right)
    assert (reply.status, reply.code) == (429, "RATE_LIMITED")
    assert int(reply.headers["retry-after"]) > 0
    by_id = await books_for(sarah, sarah, anna, "mon 10:00")
    assert by_id.status == 201, "only the asking is counted"
    await world.travel(minutes=1)
    assert (
        await sarah.post("/bookings", sarah.booking("mon 11:00", client_email=address))
    ).status == 201


@pytest.mark.parametrize("wish", [{"by_hand": True}, {"anyway": True}, {"client_email": "own"}])
async def test_a_client_books_for_himself_and_by_the_rules(
    world: World, wish: dict[str, Any]
) -> None:
    sarah, anna = await world.specialist(), await world.client()
    omar = await world.specialist("Dr. Omar")
    for person in (anna, omar):
        more = dict(wish)
        if "client_email" in more:
            more["client_email"] = await address_of(world, anna)
        reply = await person.post("/bookings", sarah.booking("mon 10:00", **more))
        assert (reply.status, reply.code) == (403, "FORBIDDEN")
        reply = await books_for(person, sarah, await world.client("Ben"), "mon 10:00")
        assert (reply.status, reply.code) == (403, "FORBIDDEN")
    assert await world.rows("SELECT 1 FROM app.bookings") == []


async def test_an_unverified_specialist_looks_nobody_up(world: World) -> None:
    mallory = await world.specialist("Dr. Mallory", verified=False)
    anna = await world.client()
    for address in (await address_of(world, anna), "nobody@example.org"):
        reply = await mallory.post("/bookings", mallory.booking("mon 10:00", client_email=address))
        assert (reply.status, reply.code) == (403, "FORBIDDEN")


async def test_a_specialist_is_not_the_own_client(world: World) -> None:
    sarah = await world.specialist()
    for more in ({}, {"anyway": True}, {"client_id": str(sarah.id)}):
        reply = await sarah.post("/bookings", sarah.booking("mon 10:00", **more))
        assert (reply.status, reply.code) == (422, "CANNOT_BOOK_YOURSELF")


async def test_without_anyway_the_rules_hold_for_everybody(world: World) -> None:
    sarah, anna = (
        await world.specialist(
            open="mon-fri 09:00-17:00", notice_minutes=24 * 60, horizon_days=20, most_a_day=1
        ),
        await world.client(),
    )
    monday = sarah.at("mon 10:00")
    wednesday, friday = monday + timedelta(days=2), monday + timedelta(days=4)
    blocked = {"date": str(wednesday.date())}
    assert (await sarah.post("/specialists/me/availability-exceptions", blocked)).status == 201
    assert (await books_for(sarah, sarah, anna, friday, by_hand=True)).status == 201
    await world.stop_clock(monday - timedelta(hours=23))
    for when, code in (
        (monday, "SLOT_NOT_OFFERED"),
        (monday + timedelta(days=1, hours=-2), "SLOT_NOT_OFFERED"),
        (wednesday, "SLOT_NOT_OFFERED"),
        (monday + timedelta(days=3, minutes=10), "SLOT_NOT_OFFERED"),
        (monday + timedelta(days=28), "SLOT_NOT_OFFERED"),
        (friday + HOUR, "DAY_FULL"),
    ):
        for booker in (sarah, await world.admin()):
            reply = await books_for(booker, sarah, anna, when, by_hand=True)
            assert (reply.status, reply.code) == (409, code), when
        reply = await anna.post("/bookings", sarah.booking(when))
        assert (reply.status, reply.code) == (409, code), when
        anyway = await books_for(sarah, sarah, anna, when, by_hand=True, anyway=True)
        assert (anyway.status, anyway.json["booked_anyway"]) == (201, True), when
        assert datetime.fromisoformat(anyway.json["starts_at"]) == sarah.at(when)


async def test_what_was_booked_anyway_is_taken_for_everybody(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    made = await books_for(sarah, sarah, anna, "mon 10:10", by_hand=True, anyway=True)
    assert made.status == 201
    monday = sarah.at("mon 10:00").date()
    free = await ben.sees(f"/specialists/{sarah.id}/slots?from={monday}&to={monday}")
    assert not {"10:00", "10:30"} & {item["starts_at"][11:16] for item in free}
    assert len(free) == 14
    for when in ("mon 10:00", "mon 10:30"):
        reply = await ben.post("/bookings", sarah.booking(when))
        assert (reply.status, reply.code) == (409, "SLOT_TAKEN")


async def test_anyway_never_pushes_another_session_or_its_buffers_aside(world: World) -> None:
    sarah = await world.specialist(
        open="mon-fri 09:00-17:00", buffer_minutes=10, buffer_before_minutes=5
    )
    anna, ben = await world.client(), await world.client("Ben")
    await anna.books(sarah, "mon 09:40")  # 09:35 to 10:20, both buffers counted.
    for clock, status in (
        ("09:40", 409), ("09:30", 409), ("10:15", 409), ("10:24", 409), ("10:25", 201),
        ("08:56", 409), ("08:55", 201),
    ):  # fmt: skip
        reply = await books_for(sarah, sarah, ben, f"mon {clock}", by_hand=True, anyway=True)
        assert reply.status == status, clock
        assert reply.code in {None, "SLOT_TAKEN"}


async def test_anyway_waits_for_a_hold_as_everybody_does(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    assert (await ben.post("/holds", sarah.slot("mon 10:00"))).status == 201
    reply = await books_for(sarah, sarah, anna, "mon 10:00", by_hand=True, anyway=True)
    assert (reply.status, reply.code) == (409, "SLOT_TAKEN")
    await world.travel(minutes=11)
    reply = await books_for(sarah, sarah, anna, "mon 10:00", by_hand=True, anyway=True)
    assert reply.status == 201


async def test_the_past_cannot_be_booked_even_anyway(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    now = sarah.at("mon 10:00")
    await world.stop_clock(now)
    for when, status in ((now - HOUR, 409), (now, 409), (now + timedelta(seconds=1), 201)):
        reply = await books_for(sarah, sarah, anna, when, by_hand=True, anyway=True)
        assert reply.status == status, when
        assert reply.code in {None, "BOOKING_IN_PAST"}


async def test_anyway_the_session_is_as_long_as_the_hours_it_falls_in_say(world: World) -> None:
    sarah, anna = await world.specialist(open="mon 09:00-12:00"), await world.client()
    await world.superuser.execute(
        "INSERT INTO app.availability_rules (specialist_id, weekday, starts_minute, ends_minute,"
        " slot_minutes, buffer_minutes) VALUES ($1, 1, 840, 1020, 50, 10)",
        sarah.id,
    )
    for clock, minutes in (("07:05", 30), ("11:05", 30), ("15:05", 50), ("19:05", 50)):
        reply = await books_for(sarah, sarah, anna, f"mon {clock}", by_hand=True, anyway=True)
        starts_at, ends_at = (
            datetime.fromisoformat(reply.json[name]) for name in ("starts_at", "ends_at")
        )
        assert ends_at - starts_at == timedelta(minutes=minutes), clock
    sunday = await books_for(sarah, sarah, anna, "sun 10:00", by_hand=True, anyway=True)
    assert sunday.json["ends_at"][11:16] == "10:30"


async def test_the_same_key_books_once(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    body = sarah.booking("mon 10:10", client_email=await address_of(world, anna), anyway=True)
    first = await sarah.post("/bookings", body, key="phone-call-1")
    second = await sarah.post("/bookings", body, key="phone-call-1")
    assert (first.status, second.status) == (201, 201)
    assert first.json["id"] == second.json["id"]
    assert len(await anna.sees("/bookings")) == 1
