"""Dates that come to nothing, each with its reason, and who wins where two want the same."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from tests.features.recurring.dispatching import (
    WHOLE_WEEK,
    as_it_stands,
    bookings,
    dates,
    dispatched,
    package,
    reasons,
    series,
    utc,
)
from tests.world import Specialist, World

NOW = "2027-01-04T02:00:00"  # a Monday
FRIDAY = "2027-01-08"
TEN = utc("2027-01-08T10:00:00")


async def blocked(world: World, sarah: Specialist, day: str) -> None:
    await world.superuser.execute(
        "INSERT INTO app.specialist_availability_exceptions"
        " (specialist_id, exception_date, is_available) VALUES ($1, $2, false)",
        sarah.id,
        date.fromisoformat(day),
    )


async def test_a_time_that_somebody_else_has_is_taken(world: World) -> None:
    sarah, anna, ben = (
        await world.specialist(),
        await world.client("Anna"),
        await world.client("Ben"),
    )
    await world.stop_clock(utc(NOW))
    await ben.books(sarah, TEN)
    made = await series(world, sarah, anna, FRIDAY)

    await dispatched(world)

    assert await dates(world, made) == [(FRIDAY, "taken")]
    assert await bookings(world, made) == []
    assert (await as_it_stands(world, made))["next_booking_date"] == date(2027, 1, 15)


async def test_both_are_told_of_a_skipped_date(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, "2027-01-09")

    await dispatched(world)

    [message] = await world.rows("SELECT topic, payload FROM app.outbox")
    assert message["topic"] == "series.skipped"
    told = json.loads(message["payload"])
    assert (told["specialist_id"], told["client_id"]) == (str(sarah.id), str(anna.id))
    assert (told["series_id"], told["reason"]) == (str(made), "closed")
    assert (told["local_date"], told["starts_at"][:16]) == ("2027-01-09", "2027-01-09T10:00")
    [entry] = await world.rows(
        "SELECT subject_id, new_values FROM app.audit_logs WHERE action = 'series.skipped'"
    )
    assert entry["subject_id"] == made
    assert json.loads(entry["new_values"]) == {"local_date": "2027-01-09", "reason": "closed"}


@pytest.mark.parametrize(
    ("page", "at", "reason"),
    [
        ({"open": "mon-thu 09:00-17:00"}, "10:00", "closed"),
        ({"open": "mon-fri 09:00-17:00"}, "10:10", "closed"),
        ({"open": "mon-fri 09:00-17:00"}, "17:00", "closed"),
        ({"accepting": False}, "10:00", "not_accepting"),
        ({"verified": False}, "10:00", "not_accepting"),
    ],
)
async def test_a_time_that_nobody_could_book_is_skipped(
    world: World, page: dict[str, Any], at: str, reason: str
) -> None:
    sarah, anna = await world.specialist(**page), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY, at)

    await dispatched(world)

    assert await reasons(world, made) == [reason]


async def test_a_holiday_is_closed_and_the_series_goes_on(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    await blocked(world, sarah, "2027-01-04")
    made = await series(world, sarah, anna, "2027-01-04")

    await dispatched(world)

    assert await dates(world, made) == [("2027-01-04", "closed"), ("2027-01-11", "booked")]


async def test_a_full_day_is_full(world: World) -> None:
    sarah, anna, ben = (
        await world.specialist(most_a_day=1),
        await world.client("Anna"),
        await world.client("Ben"),
    )
    await world.stop_clock(utc(NOW))
    await ben.books(sarah, utc("2027-01-08T15:00:00"))
    made = await series(world, sarah, anna, FRIDAY)

    await dispatched(world)

    assert await reasons(world, made) == ["day_full"]


async def test_within_a_batch_the_cap_of_the_day_holds(world: World) -> None:
    sarah, anna = await world.specialist(most_a_day=2), await world.client()
    await world.stop_clock(utc(NOW))
    made = [await series(world, sarah, anna, FRIDAY, f"{hour}:00") for hour in (15, 14, 11, 10)]

    await dispatched(world)

    assert await reasons(world, *made) == ["booked", "booked", "day_full", "day_full"]


async def test_of_two_that_want_one_time_the_earlier_series_wins(world: World) -> None:
    sarah, anna, ben = (
        await world.specialist(minutes=60),
        await world.client("Anna"),
        await world.client("Ben"),
    )
    await world.stop_clock(utc(NOW))
    first = await series(world, sarah, anna, FRIDAY, "10:30")
    second = await series(world, sarah, ben, FRIDAY, "10:00")
    third = await series(world, sarah, ben, FRIDAY, "09:30")
    same = await series(world, sarah, ben, FRIDAY, "10:30")
    later = await series(world, sarah, ben, FRIDAY, "11:00")
    await world.superuser.execute(
        "UPDATE app.recurring_bookings SET created_at = created_at - interval '1 day'"
        " WHERE id = $1",
        first,
    )

    await dispatched(world)

    # 09:30-10:30 overlaps the second, which was refused: it is free.
    found = await reasons(world, first, second, third, same, later)
    assert found == ["booked", "taken", "booked", "taken", "taken"]


async def test_buffers_keep_neighbours_apart_within_a_batch(world: World) -> None:
    sarah = await world.specialist(open=WHOLE_WEEK, buffer_minutes=30, buffer_before_minutes=30)
    anna = await world.client()
    await world.stop_clock(utc(NOW))
    made = [await series(world, sarah, anna, FRIDAY, at) for at in ("10:00", "11:00", "12:00")]

    await dispatched(world)

    assert await reasons(world, *made) == ["booked", "taken", "booked"]


async def test_sessions_on_both_sides_of_midnight_do_not_overlap(world: World) -> None:
    sarah = await world.specialist(open=WHOLE_WEEK, buffer_before_minutes=60)
    anna = await world.client()
    await world.stop_clock(utc(NOW))
    late = await series(world, sarah, anna, "2027-01-07", "23:30")
    early = await series(world, sarah, anna, "2027-01-08", "00:00")

    await dispatched(world)

    assert await reasons(world, late, early) == ["booked", "taken"]


async def test_the_last_credit_is_spent_once(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    bought = await package(world, sarah, anna, credits=2)
    made = [
        await series(world, sarah, anna, FRIDAY, f"{hour}:00", mode="package", purchase=bought)
        for hour in (10, 11, 12, 13)
    ]

    await dispatched(world)

    assert await reasons(world, *made) == ["booked", "booked", "no_credit", "no_credit"]
    assert await world.value("SELECT credits_left FROM app.package_purchases") == 0


async def test_a_credit_is_not_lost_to_a_time_that_is_taken(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    bought = await package(world, sarah, anna, credits=1)
    taken = await series(world, sarah, anna, "2027-01-09", mode="package", purchase=bought)
    made = await series(world, sarah, anna, FRIDAY, mode="package", purchase=bought)

    await dispatched(world)

    assert await reasons(world, taken, made) == ["closed", "booked"]


@pytest.mark.parametrize(
    "spoilt",
    [
        "status = 'refunded'",
        "valid_until = app.now()",
        "status = 'expired'",
    ],
)
async def test_a_package_that_is_not_valid_has_no_credit(world: World, spoilt: str) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    bought = await package(world, sarah, anna, credits=1)
    made = await series(world, sarah, anna, FRIDAY, mode="package", purchase=bought)
    await world.superuser.execute(f"UPDATE app.package_purchases SET {spoilt}")

    await dispatched(world)

    assert await reasons(world, made) == ["no_credit"]


async def test_a_hold_that_has_lapsed_is_in_nobody_s_way(world: World) -> None:
    sarah, anna, ben = (
        await world.specialist(),
        await world.client("Anna"),
        await world.client("Ben"),
    )
    await world.stop_clock(utc(NOW))
    assert (await ben.post("/holds", sarah.slot(TEN))).status == 201
    made = await series(world, sarah, anna, FRIDAY)

    await dispatched(world, utc(NOW) + timedelta(minutes=11))

    assert await reasons(world, made) == ["booked"]
    claims = await world.rows("SELECT status FROM app.slots ORDER BY created_at")
    assert [one["status"] for one in claims] == ["released", "booked"]


async def test_a_hold_that_lives_is_taken(world: World) -> None:
    sarah, anna, ben = (
        await world.specialist(),
        await world.client("Anna"),
        await world.client("Ben"),
    )
    await world.stop_clock(utc(NOW))
    assert (await ben.post("/holds", sarah.slot(TEN))).status == 201
    made = await series(world, sarah, anna, FRIDAY)

    await dispatched(world, utc(NOW) + timedelta(minutes=9))

    assert await reasons(world, made) == ["taken"]


async def test_an_unpaid_booking_whose_time_ran_out_makes_room(world: World) -> None:
    sarah, anna, ben = (
        await world.specialist(),
        await world.client("Anna"),
        await world.client("Ben"),
    )
    await world.stop_clock(utc(NOW))
    unpaid = await ben.books(sarah, TEN)
    made = await series(world, sarah, anna, FRIDAY)

    await dispatched(world, utc(NOW) + timedelta(minutes=31))

    assert await reasons(world, made) == ["booked"]
    assert (await ben.get(f"/bookings/{unpaid['id']}")).json["status"] == "expired"


async def test_an_unpaid_booking_whose_money_is_under_way_stands(world: World) -> None:
    sarah, anna, ben = (
        await world.specialist(),
        await world.client("Anna"),
        await world.client("Ben"),
    )
    await world.stop_clock(utc(NOW))
    unpaid = await ben.books(sarah, TEN)
    await world.superuser.execute(
        "INSERT INTO app.payment_operations (payment_id, kind, amount_minor)"
        " SELECT id, 'capture', amount_minor FROM app.payments"
    )
    made = await series(world, sarah, anna, FRIDAY)
    free = await series(world, sarah, anna, FRIDAY, "11:00")

    await dispatched(world, utc(NOW) + timedelta(minutes=31))

    assert await reasons(world, made, free) == ["taken", "booked"]
    assert (await ben.get(f"/bookings/{unpaid['id']}")).json["status"] == "pending_payment"


async def test_one_lapsed_hold_in_the_way_of_two(world: World) -> None:
    sarah = await world.specialist()
    anna, ben = await world.client("Anna"), await world.client("Ben")
    await world.stop_clock(utc(NOW))
    await world.superuser.execute(
        "UPDATE app.specialist_rates SET duration_minutes = 120 WHERE kind = 'followup'"
    )
    held = await ben.post("/holds", sarah.slot(TEN, kind="followup"))
    assert held.status == 201, held.json
    made = [await series(world, sarah, anna, FRIDAY, at) for at in ("10:00", "11:00")]

    await dispatched(world, utc(NOW) + timedelta(minutes=11))

    assert await reasons(world, *made) == ["booked", "booked"]


async def test_nothing_is_booked_for_a_closed_account_until_it_is_open_again(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    anna, ben = await world.client("Anna"), await world.client("Ben")
    await world.stop_clock(utc(NOW))
    of_anna = await series(world, sarah, anna, FRIDAY)
    of_ben = await series(world, omar, ben, FRIDAY)
    switch = "UPDATE app.users SET is_active = $1 WHERE id = ANY ($2)"
    await world.superuser.execute(switch, False, [anna.id, omar.id])

    await dispatched(world)
    assert await dates(world, of_anna) == []
    assert await dates(world, of_ben) == []

    await world.superuser.execute(switch, True, [anna.id, omar.id])
    await dispatched(world, "2027-01-04T03:00:00")
    assert await dates(world, of_anna) == [(FRIDAY, "booked")]
    assert await dates(world, of_ben) == [(FRIDAY, "booked")]
