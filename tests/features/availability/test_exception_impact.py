"""What an exception meets: the bookings that stand in its way are told, and stand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.features.availability.test_exceptions import PATH, monday
from tests.world import Client, Specialist, World

ALL_DAY = "sun-sat 00:00-24:00"


async def impact(sarah: Specialist, body: dict[str, Any]) -> list[str]:
    """Ids of the bookings met, as the dry run has them and then the real call."""
    dry = await sarah.post(PATH, body | {"dry_run": True})
    assert dry.status == 200, dry.json
    assert set(dry.json) == {"affected_bookings", "affected_count"}
    made = await sarah.post(PATH, body)
    assert made.status == 201, made.json
    assert {name: made.json[name] for name in dry.json} == dry.json
    ids = [one["id"] for one in dry.json["affected_bookings"]]
    assert dry.json["affected_count"] == len(ids)
    return ids


async def day_of(
    sarah: Specialist, anna: Client, clocks: Sequence[str], *, weekday: str = "mon"
) -> dict[str, str]:
    """A booking at each of these times of that day: its id by its time."""
    return {clock: (await anna.books(sarah, f"{weekday} {clock}"))["id"] for clock in clocks}


async def test_the_answer_says_whose_booking_it_is_and_how_it_stands(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client("Anna Weber")
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_sandbox_visa")
    reply = await sarah.post(PATH, {"date": str(monday(sarah)), "dry_run": True})
    assert reply.json["affected_bookings"] == [
        {
            "id": booking["id"],
            "starts_at": booking["starts_at"],
            "ends_at": booking["ends_at"],
            "status": "awaiting_confirmation",
            "client_id": str(anna.id),
            "client_name": "Anna Weber",
            "payment_status": "authorized",
        }
    ]


async def test_a_dry_run_writes_nothing(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await anna.books(sarah, "mon 10:00")
    tables = (
        "SELECT (SELECT jsonb_agg(to_jsonb(c)) FROM app.calendars c)::text"
        " || (SELECT count(*) FROM app.specialist_availability_exceptions)"
        " || (SELECT count(*) FROM app.audit_logs) || (SELECT count(*) FROM app.outbox)"
        " || (SELECT count(*) FROM app.idempotency_keys)"
    )
    before = await world.value(tables)
    reply = await sarah.post(PATH, {"date": str(monday(sarah)), "dry_run": True})
    assert (reply.status, reply.json["affected_count"]) == (200, 1)
    assert await world.value(tables) == before


async def test_bookings_that_are_met_stand(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_sandbox_visa")
    assert await impact(sarah, {"date": str(monday(sarah))}) == [booking["id"]]
    assert (await anna.get(f"/bookings/{booking['id']}")).json["status"] == "awaiting_confirmation"
    reply = await sarah.post(f"/bookings/{booking['id']}/confirm")
    assert (reply.status, reply.json["status"]) == (200, "confirmed")


@pytest.mark.parametrize(
    ("starts", "ends", "met"),
    [
        ("00:00", "24:00", ["09:00", "10:00", "11:30"]),
        ("10:30", "11:30", []),
        ("10:29", "11:30", ["10:00"]),
        ("10:30", "11:31", ["11:30"]),
        ("10:10", "10:20", ["10:00"]),
        ("08:00", "09:00", []),
        ("08:00", "09:01", ["09:00"]),
        ("12:00", "24:00", []),
    ],
)
async def test_a_block_meets_what_it_overlaps(
    world: World, starts: str, ends: str, met: list[str]
) -> None:
    sarah, anna = await world.specialist(buffer_minutes=0), await world.client()
    made = await day_of(sarah, anna, ["09:00", "10:00", "11:30"])
    await day_of(sarah, anna, ["10:00"], weekday="tue")
    body = {"date": str(monday(sarah)), "starts_at": starts, "ends_at": ends}
    assert await impact(sarah, body) == [made[clock] for clock in met]


@pytest.mark.parametrize(
    ("starts", "ends", "met"),
    [
        ("09:00", "12:00", []),
        ("09:30", "12:00", ["09:00"]),
        ("09:00", "11:59", ["11:30"]),
        ("09:00", "10:15", ["10:00", "11:30"]),
        ("14:00", "15:00", ["09:00", "10:00", "11:30"]),
    ],
)
async def test_custom_hours_meet_what_they_leave_out(
    world: World, starts: str, ends: str, met: list[str]
) -> None:
    sarah, anna = await world.specialist(), await world.client()
    made = await day_of(sarah, anna, ["09:00", "10:00", "11:30"])
    await day_of(sarah, anna, ["16:00"], weekday="tue")
    body = {
        "date": str(monday(sarah)), "is_available": True, "starts_at": starts, "ends_at": ends,
    }  # fmt: skip
    assert await impact(sarah, body) == [made[clock] for clock in met]


async def test_custom_hours_of_a_date_count_together(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    made = await day_of(sarah, anna, ["09:00", "11:30", "15:00"])
    body = {"date": str(monday(sarah)), "is_available": True}
    first = await impact(sarah, body | {"starts_at": "09:00", "ends_at": "10:00"})
    assert first == [made["11:30"], made["15:00"]]
    second = await impact(sarah, body | {"starts_at": "10:00", "ends_at": "12:00"})
    assert second == [made["15:00"]]


async def test_a_range_meets_each_of_its_dates(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    days = ("mon", "tue", "wed", "thu")
    made = {day: (await day_of(sarah, anna, ["10:00"], weekday=day))["10:00"] for day in days}
    made["late"] = (await day_of(sarah, anna, ["15:00"], weekday="tue"))["15:00"]
    first = min(sarah.at(f"{day} 10:00").date() for day in days)
    body = {"date": str(first), "end_date": str(first + timedelta(days=13))}
    starts = [(await anna.get(f"/bookings/{one}")).json["starts_at"] for one in made.values()]
    in_order = [one for _, one in sorted(zip(starts, made.values(), strict=True))]
    assert await impact(sarah, body) == in_order
    morning = body | {"starts_at": "00:00", "ends_at": "12:00"}
    assert await impact(sarah, morning) == [one for one in in_order if one != made["late"]]


async def test_what_is_over_or_ended_is_not_met(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    made = await day_of(sarah, anna, ["09:00", "10:00", "11:00"])
    await anna.post(f"/bookings/{made['11:00']}/cancel")
    omar = await world.specialist("Dr. Omar")
    await anna.books(omar, "mon 10:00")
    # He is a client of Dr. Omar, too: that is not in his own calendar.
    await sarah.books(omar, "mon 11:00")
    await world.stop_clock(sarah.at("mon 09:30"))
    assert await impact(sarah, {"date": str(monday(sarah))}) == [made["10:00"]]


async def test_a_session_outside_of_the_week_is_met_by_its_hours(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    late = sarah.booking("mon 23:45", client_id=str(anna.id), anyway=True)
    booking = await sarah.post("/bookings", late)
    assert booking.status == 201, booking.json
    tuesday = monday(sarah) + timedelta(days=1)
    # It begins on Monday and reaches into Tuesday.
    assert await impact(sarah, {"date": str(tuesday)}) == [booking.json["id"]]
    body = {"date": str(tuesday), "starts_at": "00:15", "ends_at": "09:00"}
    assert await impact(sarah, body) == []
    custom = {"is_available": True, "starts_at": "09:00", "ends_at": "10:00"}
    assert await impact(sarah, {"date": str(tuesday)} | custom) == []
    assert await impact(sarah, {"date": str(monday(sarah))} | custom) == [booking.json["id"]]


async def test_at_most_five_hundred_are_listed_and_all_are_counted(world: World) -> None:
    sarah, anna = await world.specialist(open=ALL_DAY), await world.client()
    booking = await anna.books(sarah, "mon 10:00")
    await world.superuser.execute(
        "WITH times AS (SELECT app.now() + n * interval '1 hour' AS at, app.new_id() AS id"
        "  FROM generate_series(100, 650) n),"
        " claims AS (INSERT INTO app.slots (id, specialist_id, rate_id, starts_at, ends_at,"
        "   session_starts_at, session_ends_at, status)"
        "  SELECT t.id, s.specialist_id, s.rate_id, t.at, t.at + interval '5 min', t.at,"
        "   t.at + interval '5 min', 'booked'"
        "  FROM times t CROSS JOIN app.slots s)"
        " INSERT INTO app.bookings (specialist_id, client_id, rate_id, slot_id, kind, status,"
        "  starts_at, ends_at, price_minor, currency, policy, booked_by)"
        " SELECT b.specialist_id, b.client_id, b.rate_id, t.id, b.kind, 'confirmed', t.at,"
        "  t.at + interval '5 min', 0, 'USD', b.policy, b.booked_by"
        " FROM times t CROSS JOIN app.bookings b WHERE b.id = $1",
        booking["id"],
    )
    body = {"date": str(sarah.today), "end_date": str(sarah.today + timedelta(days=60))}
    reply = await sarah.post(PATH, body | {"dry_run": True})
    assert (len(reply.json["affected_bookings"]), reply.json["affected_count"]) == (500, 552)


@pytest.mark.parametrize(
    ("zone", "day", "block", "starts", "met"),
    [
        # Berlin skips 02:00-03:00: what is blocked there counts with the offset before the jump.
        ("Europe/Berlin", date(2027, 3, 28), ("01:30", "02:30"), "2027-03-28T00:30Z", True),
        ("Europe/Berlin", date(2027, 3, 28), ("02:00", "02:30"), "2027-03-28T01:00Z", True),
        ("Europe/Berlin", date(2027, 3, 28), ("02:45", "03:10"), "2027-03-28T01:30Z", False),
        # It has 02:00-03:00 twice: a block inside means the second pass.
        ("Europe/Berlin", date(2027, 10, 31), ("02:00", "03:00"), "2027-10-31T00:30Z", False),
        ("Europe/Berlin", date(2027, 10, 31), ("02:00", "03:00"), "2027-10-31T01:30Z", True),
        ("Europe/Berlin", date(2027, 10, 31), ("01:00", "03:00"), "2027-10-31T00:30Z", True),
        # The date of the specialist, not of the world.
        ("Asia/Tokyo", date(2027, 3, 2), None, "2027-03-01T15:00Z", True),
        ("Asia/Tokyo", date(2027, 3, 2), None, "2027-03-01T14:30Z", False),
        # Havana has its midnight twice: both belong to the date.
        ("America/Havana", date(2027, 11, 7), None, "2027-11-07T04:30Z", True),
        ("America/Havana", date(2027, 11, 6), None, "2027-11-07T04:30Z", False),
    ],
)
async def test_blocks_are_read_on_the_specialists_clock(
    world: World, zone: str, day: date, block: tuple[str, str] | None, starts: str, met: bool
) -> None:
    start = datetime.fromisoformat(starts).astimezone(UTC)
    await world.stop_clock(start - timedelta(days=3))
    sarah = await world.specialist(open=ALL_DAY, time_zone=zone)
    sarah.zone = ZoneInfo(zone)
    anna = await world.client()
    body = sarah.booking(start, client_id=str(anna.id), anyway=True)
    booking = await sarah.post("/bookings", body)
    assert booking.status == 201, booking.json
    wanted: dict[str, Any] = {"date": str(day)}
    if block is not None:
        wanted |= {"starts_at": block[0], "ends_at": block[1]}
    assert await impact(sarah, wanted) == ([booking.json["id"]] if met else [])


async def test_who_has_no_page_has_no_calendar(world: World) -> None:
    sarah = await world.specialist()
    await world.superuser.execute("DELETE FROM app.specialist_rates")
    await world.superuser.execute("DELETE FROM app.availability_rules")
    await world.superuser.execute("DELETE FROM app.calendars")
    await world.superuser.execute("DELETE FROM app.specialists")
    for dry_run in (True, False):
        reply = await sarah.post(PATH, {"date": "2027-01-01", "dry_run": dry_run})
        assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")
