"""Ending a series: one date, those from a date on, or all; and the money that goes back."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.features.recurring.standing import (
    FIRST,
    FOURTH,
    MONDAY,
    SECOND,
    THIRD,
    WEEK,
    audited,
    created,
    day,
    purchase,
    staged,
)
from tests.world import World


async def test_one_date_that_was_booked_is_cancelled_and_the_series_goes_on(world: World) -> None:
    stage = await staged(world)
    reply = await stage.end("one", SECOND)
    assert (reply.status, reply.json["status"], reply.json["is_complete"]) == (200, "active", True)
    (ended,) = reply.json["bookings"]
    assert (ended["booking_id"], ended["outcome"]) == (stage.bookings[SECOND], "cancelled")
    assert (ended["booking_status"], ended["refund"]["amount_minor"]) == ("cancelled", 0)
    assert await stage.statuses() == {FIRST: "pending_payment", SECOND: "cancelled"}
    again = await stage.end("one", SECOND)
    assert [each["outcome"] for each in again.json["bookings"]] == ["already_cancelled"]
    # Somebody else can have the time.
    ben = await world.client("Ben")
    await ben.books(stage.sarah, datetime(2027, 3, 8, 10, tzinfo=UTC))


async def test_one_date_ahead_is_left_out_and_never_booked(world: World) -> None:
    stage = await staged(world)
    for _ in range(2):
        reply = await stage.end("one", THIRD)
        assert (reply.status, reply.json["bookings"]) == (200, [])
        assert reply.json["next_booking_date"] == FOURTH
    reply = await stage.end("one", "2027-04-05")
    assert [each["local_date"] for each in reply.json["upcoming"]][:3] == [
        *(FOURTH, "2027-03-29", "2027-04-12")
    ]
    assert await audited(world, stage.one) == ["created", "changed", "changed"]
    await stage.dispatched_at(MONDAY + timedelta(days=37))
    found = await stage.statuses()
    assert (found[THIRD], found["2027-04-05"]) == ("left_out", "left_out")
    assert found["2027-04-12"] == "pending_payment"


async def test_the_last_date_left_out_ends_the_series(world: World) -> None:
    stage = await staged(world, wish={"end_date": THIRD})
    reply = await stage.end("one", THIRD)
    assert (reply.json["status"], reply.json["next_booking_date"]) == ("ended", None)
    assert (await audited(world, stage.one))[-1] in {"changed", "ended"}


@pytest.mark.parametrize(
    ("scope", "date", "answer"),
    [
        ("one", None, (422, "SERIES_DATE_REQUIRED")),
        ("following", None, (422, "SERIES_DATE_REQUIRED")),
        ("one", "2027-03-16", (404, "SERIES_DATE_NOT_FOUND")),
        ("one", "2027-02-22", (404, "SERIES_DATE_NOT_FOUND")),
        ("half", THIRD, (422, "INVALID_REQUEST")),
    ],
)
async def test_what_is_no_date_of_the_series_is_said(
    world: World, scope: str, date: str | None, answer: tuple[int, str]
) -> None:
    stage = await staged(world)
    reply = await stage.end(scope, date)
    assert (reply.status, reply.code) == answer
    assert (await stage.seen())["revision"] == 0


async def test_one_session_that_has_begun_is_not_called_off(world: World) -> None:
    stage = await staged(world)
    await world.stop_clock(MONDAY + timedelta(hours=4))
    reply = await stage.end("one", FIRST)
    assert (reply.status, reply.code) == (409, "BOOKING_IN_PAST")


async def test_those_from_a_date_on_fall_away(world: World) -> None:
    stage = await staged(world)
    reply = await stage.end("following", SECOND)
    assert (reply.status, reply.json["status"], reply.json["end_date"]) == (
        *(200, "ended"),
        "2027-03-07",
    )
    assert [each["booking_id"] for each in reply.json["bookings"]] == [stage.bookings[SECOND]]
    assert await stage.statuses() == {FIRST: "pending_payment", SECOND: "cancelled"}
    again = await stage.end("following", SECOND)
    assert (again.json["bookings"], again.json["revision"]) == ([], 1)
    assert await audited(world, stage.one) == ["created", "ended"]


async def test_an_end_ahead_leaves_the_dates_before_it(world: World) -> None:
    stage = await staged(world)
    reply = await stage.end("following", FOURTH)
    assert (reply.json["status"], reply.json["end_date"]) == ("active", "2027-03-21")
    assert [each["local_date"] for each in reply.json["upcoming"]] == [THIRD]
    assert reply.json["bookings"] == []
    # A later end does not lengthen it again.
    assert (await stage.end("following", "2027-05-05")).json["end_date"] == "2027-03-21"
    # From its first date on, nothing is left.
    reply = await stage.end("following", "2027-02-15")
    assert (reply.json["status"], len(reply.json["bookings"])) == ("ended", 2)


@pytest.mark.parametrize("paused", [False, True])
async def test_all_of_it_ends_now(world: World, paused: bool) -> None:
    stage = await staged(world)
    if paused:
        await stage.anna.post(f"{stage.path}/pause")
    reply = await stage.end("all")
    assert (reply.status, reply.json["status"], reply.json["upcoming"]) == (200, "ended", [])
    assert len(reply.json["bookings"]) == 2
    assert set((await stage.statuses()).values()) == {"cancelled"}
    again = await stage.anna.delete(stage.path)
    assert (again.status, again.json["bookings"], again.json["is_complete"]) == (200, [], True)
    await stage.dispatched_at(MONDAY + timedelta(days=14))
    assert len(await stage.statuses()) == 2


@pytest.mark.parametrize(
    ("who", "refunds"), [("client", [10_000, 20_000]), ("specialist", [20_000, 20_000])]
)
async def test_a_client_is_refunded_by_the_policy_and_by_a_specialist_in_full(
    world: World, who: str, refunds: list[int]
) -> None:
    stage = await staged(world, auto_confirm=True)
    await stage.pays(FIRST)
    await stage.pays(SECOND)
    assert set((await stage.statuses()).values()) == {"confirmed"}
    reply = await stage.end("all", by=stage.anna if who == "client" else stage.sarah)
    assert [each["refund"]["amount_minor"] for each in reply.json["bookings"]] == refunds
    assert [each["cancellation_policy_applied"] for each in reply.json["bookings"]] == [
        "standard" if who == "client" else "full_refund"
    ] * 2
    for date, refund in zip((FIRST, SECOND), refunds, strict=True):
        booking = (await stage.anna.get(f"/bookings/{stage.bookings[date]}")).json
        assert booking["payment"]["refunded"]["amount_minor"] == refund


async def test_credits_come_back(world: World) -> None:
    await world.stop_clock(MONDAY)
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    bought = await purchase(world, sarah, anna)
    one = await created(
        anna, sarah, start_date=SECOND, payment_mode="package", package_purchase_id=bought
    )
    left = "SELECT credits_left FROM app.package_purchases WHERE id = $1"
    assert await world.value(left, bought) == 9
    reply = await anna.delete(f"/recurring-bookings/{one['id']}")
    (ended,) = reply.json["bookings"]
    assert (ended["credit_returned"], ended["outcome"]) == (True, "cancelled")
    assert await world.value(left, bought) == 10


async def test_what_could_not_be_called_off_is_said_and_tried_again(world: World) -> None:
    stage = await staged(world)
    await world.superuser.execute(_STUCK, stage.bookings[FIRST])
    await world.superuser.execute(_IS_STUCK)
    reply = await stage.end("all")
    assert (reply.status, reply.json["status"], reply.json["is_complete"]) == (200, "ended", False)
    assert [(each["outcome"], each["code"]) for each in reply.json["bookings"]] == [
        ("not_cancelled", "DATABASE_BUSY"),
        ("cancelled", None),
    ]
    assert reply.json["bookings"][0]["booking_status"] == "pending_payment"
    await world.superuser.execute("DROP TRIGGER is_stuck ON app.bookings")
    reply = await stage.end("all")
    assert [each["outcome"] for each in reply.json["bookings"]] == ["cancelled"]
    assert reply.json["is_complete"] is True


async def test_a_refusal_about_the_one_date_is_the_answer(world: World) -> None:
    stage = await staged(world)
    await world.superuser.execute(_STUCK, stage.bookings[SECOND])
    await world.superuser.execute(_IS_STUCK)
    reply = await stage.end("one", SECOND)
    assert (reply.status, reply.code) == (503, "DATABASE_BUSY")


async def test_a_moved_booking_counts_by_the_date_it_was_made_for(world: World) -> None:
    stage = await staged(world)
    moved = await stage.anna.post(
        f"/bookings/{stage.bookings[SECOND]}/reschedule", {"starts_at": "2027-03-05T12:00:00Z"}
    )
    assert moved.status == 200, moved.json
    reply = await stage.end("following", SECOND)
    assert [each["booking_id"] for each in reply.json["bookings"]] == [stage.bookings[SECOND]]


async def test_ending_far_ahead_costs_nothing(world: World) -> None:
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    one = await created(anna, sarah, start_date=day(sarah, 20))
    reply = await sarah.delete(f"/recurring-bookings/{one['id']}")
    assert (reply.json["status"], reply.json["bookings"]) == ("ended", [])


_STUCK = "UPDATE app.bookings SET note = 'stuck' WHERE id = $1"
_IS_STUCK = """
CREATE FUNCTION testing.is_stuck() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = '55P03', MESSAGE = 'somebody has it';
END
$$;
CREATE TRIGGER is_stuck BEFORE UPDATE OF status ON app.bookings FOR EACH ROW
    WHEN (OLD.note = 'stuck') EXECUTE FUNCTION testing.is_stuck();
"""
