"""Asking for a series: where it may lie, who may ask for whom, and how it is paid."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.features.recurring.standing import (
    WEEK,
    asks,
    audited,
    created,
    day,
    many_series,
    previewed,
    purchase,
    wish,
)
from tests.world import World

MONDAY_NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


async def test_a_series_begins_at_ten_by_the_specialists_clock(world: World) -> None:
    sarah = await world.specialist(open=WEEK, time_zone="Asia/Dubai")
    anna = await world.client()
    one = await created(anna, sarah, start_date=day(sarah, 20))
    assert (one["local_time"], one["time_zone"]) == ("10:00", "Asia/Dubai")
    assert (one["status"], one["revision"], one["accepted_at"]) == ("active", 0, None)
    assert one["next_booking_date"] == one["start_date"] == day(sarah, 20).isoformat()
    assert one["occurrences"] == []
    assert [date["local_date"] for date in one["upcoming"]] == [
        day(sarah, 20 + 7 * week).isoformat() for week in range(10)
    ]
    assert one["upcoming"][0]["starts_at"] == f"{day(sarah, 20)}T06:00:00Z"
    assert await audited(world, one) == ["created"]
    assert await world.value("SELECT count(*) FROM app.outbox WHERE topic = 'series.created'") == 1


@pytest.mark.parametrize(
    ("clock", "first"), [("12:00", "2027-03-08"), ("12:30", "2027-03-01"), ("11:30", "2027-03-08")]
)
async def test_a_time_that_has_passed_today_takes_the_next_date(
    world: World, clock: str, first: str
) -> None:
    await world.stop_clock(MONDAY_NOON)
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    found = await previewed(anna, sarah, start_date=sarah.today, local_time=clock)
    assert found["series"]["next_booking_date"] == first
    assert found["items"][0]["local_date"] == first


async def test_today_is_the_specialists(world: World) -> None:
    await world.stop_clock(datetime(2027, 3, 1, 23, tzinfo=UTC))
    sarah = await world.specialist(open=WEEK, time_zone="Pacific/Auckland")
    anna = await world.client()
    reply = await asks(anna, sarah, start_date="2027-03-01", dry_run=True)
    assert (reply.status, reply.code) == (422, "START_DATE_OUT_OF_RANGE")
    await created(anna, sarah, start_date="2027-03-02", local_time="13:00")


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (-1, None, "START_DATE_OUT_OF_RANGE"),
        (367, None, "START_DATE_OUT_OF_RANGE"),
        (366, None, None),
        (5, 4, "END_DATE_OUT_OF_RANGE"),
        (5, 5, None),
        (5, 5 + 1830, None),
        (5, 5 + 1831, "END_DATE_OUT_OF_RANGE"),
    ],
)
async def test_where_a_series_may_lie(
    world: World, start: int, end: int | None, code: str | None
) -> None:
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    more: dict[str, Any] = {"start_date": day(sarah, start)}
    if end is not None:
        more["end_date"] = day(sarah, end)
    reply = await asks(anna, sarah, **more)
    assert (reply.status, reply.code) == ((201, None) if code is None else (422, code))


async def test_a_series_whose_only_date_has_passed_is_none(world: World) -> None:
    await world.stop_clock(MONDAY_NOON)
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    reply = await asks(anna, sarah, start_date=sarah.today, end_date=sarah.today)
    assert (reply.status, reply.code) == (422, "SERIES_WITHOUT_DATES")


@pytest.mark.parametrize("who", ["client", "specialist", "admin"])
@pytest.mark.parametrize("auto_confirm", [False, True])
async def test_what_the_specialist_asks_for_or_always_takes_is_accepted(
    world: World, who: str, auto_confirm: bool
) -> None:
    sarah = await world.specialist(open=WEEK, auto_confirm=auto_confirm)
    anna = await world.client()
    person = {"client": anna, "specialist": sarah, "admin": await world.admin()}[who]
    more = {} if who == "client" else {"client_id": anna.id}
    one = await created(person, sarah, start_date=day(sarah, 20), **more)
    assert one["client_id"] == str(anna.id)
    assert one["created_by"] == str(person.id)
    assert (one["accepted_at"] is not None) == (auto_confirm or who == "specialist")


async def test_nobody_asks_in_the_name_of_somebody_else(world: World) -> None:
    sarah, omar = await world.specialist(open=WEEK), await world.specialist("Omar", open=WEEK)
    anna, ben = await world.client(), await world.client("Ben")
    refusals = [
        await asks(anna, sarah, client_id=ben.id),
        await asks(omar, sarah, client_id=ben.id),
        await asks(sarah, sarah),
        await asks(sarah, sarah, client_id=uuid4()),
        await asks(world.anonymous, sarah),
    ]
    assert [(reply.status, reply.code) for reply in refusals] == [
        (403, "FORBIDDEN"),
        (403, "FORBIDDEN"),
        (422, "CANNOT_BOOK_YOURSELF"),
        (404, "CLIENT_NOT_FOUND"),
        (401, "UNAUTHORIZED"),
    ]
    assert await world.value("SELECT count(*) FROM app.recurring_bookings") == 0
    # A specialist may be somebody else's client.
    await created(omar, sarah)


async def test_what_cannot_be_booked_cannot_be_booked_again_and_again(world: World) -> None:
    anna = await world.client()
    hidden = await world.specialist("Hidden", open=WEEK, verified=False)
    resting = await world.specialist("Resting", open=WEEK, accepting=False)
    sarah = await world.specialist(open=WEEK)
    refusals = [
        await asks(anna, hidden),
        await asks(anna, resting),
        await asks(anna, sarah, rate_id=resting.rates["standard"]),
    ]
    assert [(reply.status, reply.code) for reply in refusals] == [
        (404, "SPECIALIST_NOT_FOUND"),
        (409, "NOT_ACCEPTING"),
        (404, "RATE_NOT_FOUND"),
    ]


async def test_a_package_pays_where_it_can(world: World) -> None:
    sarah, omar = await world.specialist(open=WEEK), await world.specialist("Omar", open=WEEK)
    anna, ben = await world.client(), await world.client("Ben")
    bought = await purchase(world, sarah, anna)
    refused: dict[str, list[Any]] = {
        "PACKAGE_PURCHASE_NOT_FOUND": [
            await purchase(world, sarah, ben),
            await purchase(world, omar, anna),
            uuid4(),
        ],
        "PACKAGE_NOT_VALID": [
            await purchase(world, sarah, anna, status="pending_payment"),
            await purchase(world, sarah, anna, days=-1),
        ],
        "CREDIT_FOR_ANOTHER_RATE": [await purchase(world, sarah, anna, kind="followup")],
        "NO_CREDITS_LEFT": [await purchase(world, sarah, anna, credits=0)],
    }
    for code, purchases in refused.items():
        for each in purchases:
            for dry_run in (True, False):
                reply = await asks(
                    anna, sarah, payment_mode="package", package_purchase_id=each, dry_run=dry_run
                )
                assert reply.code == code
    one = await created(anna, sarah, payment_mode="package", package_purchase_id=bought)
    # The specialist agreed by selling the package.
    assert one["accepted_at"] is not None


async def test_the_payment_mode_says_what_it_needs(world: World) -> None:
    sarah = await world.specialist(open=WEEK)
    nora = await world.specialist("Nora", open=WEEK, provider="manual")
    anna = await world.client()
    bought = await purchase(world, sarah, anna)
    refusals = [
        await asks(anna, nora, payment_mode="saved_card"),
        await asks(anna, sarah, payment_mode="package"),
        await asks(anna, sarah, payment_mode="per_session", package_purchase_id=bought),
        await asks(anna, sarah, payment_mode="manual"),
        await asks(anna, sarah, payment_mode="cheque"),
    ]
    assert [(reply.status, reply.code) for reply in refusals] == [
        (422, "SAVED_CARD_NOT_AVAILABLE"),
        (422, "PACKAGE_PURCHASE_MISPLACED"),
        (422, "PACKAGE_PURCHASE_MISPLACED"),
        (422, "MANUAL_PAYMENT_NOT_OFFERED"),
        (422, "INVALID_REQUEST"),
    ]
    await created(anna, nora, payment_mode="manual")
    await created(sarah, sarah, payment_mode="manual", client_id=anna.id)


async def test_a_pair_has_twenty_series_at_most(world: World) -> None:
    sarah, omar = await world.specialist(open=WEEK), await world.specialist("Omar", open=WEEK)
    anna = await world.client()
    await many_series(world, sarah, anna, 19)
    await many_series(world, sarah, anna, 5, status="ended")
    first = await created(anna, sarah, start_date=day(sarah, 20))
    reply = await asks(anna, sarah)
    assert (reply.status, reply.code) == (409, "TOO_MANY_SERIES")
    await created(anna, omar, start_date=day(sarah, 20))
    # A paused one may be resumed, and counts; an ended one does not.
    await anna.post(f"/recurring-bookings/{first['id']}/pause")
    assert (await asks(anna, sarah)).code == "TOO_MANY_SERIES"
    await anna.delete(f"/recurring-bookings/{first['id']}")
    await created(anna, sarah, start_date=day(sarah, 20))


async def _four_ask_at_once(world: World) -> list[int]:
    """The answers to a client who has 99 series and asks four specialists for the hundredth."""
    anna = await world.client()
    for number in range(5):
        crowd = await world.specialist(f"Dr. Crowd {number}", open=WEEK)
        await many_series(world, crowd, anna, 20 if number else 19)
    sought = [await world.specialist(f"Dr. {number}", open=WEEK) for number in range(4)]
    replies = await asyncio.gather(*(asks(anna, each, start_date=day(each, 20)) for each in sought))
    return sorted(reply.status for reply in replies)


async def test_a_client_has_a_hundred_series_at_most_whoever_is_asked_first(world: World) -> None:
    assert await _four_ask_at_once(world) == [201, 409, 409, 409]


async def test_without_its_lock_the_hundredth_series_is_had_twice(world: World) -> None:
    await world.superuser.execute(
        "CREATE FUNCTION app.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE sql"
        " AS $$ SELECT pg_sleep(1) $$"
    )
    await world.superuser.execute(
        "GRANT EXECUTE ON FUNCTION app.pg_advisory_xact_lock(bigint) TO consulta_definer"
    )
    assert (await _four_ask_at_once(world)).count(201) > 1


async def test_one_key_makes_one_series(world: World) -> None:
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    body = wish(sarah)
    # A dry run does not use the key up.
    assert (
        await anna.post("/recurring-bookings", {**body, "dry_run": True}, key="k")
    ).status == 200
    first = await anna.post("/recurring-bookings", body, key="k")
    again = await anna.post("/recurring-bookings", body, key="k")
    assert (first.status, again.status) == (201, 201)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await anna.post("/recurring-bookings", {**body, "note": "Hello"}, key="k")
    assert other.code == "IDEMPOTENCY_KEY_REUSED"
    assert (await anna.post("/recurring-bookings", body, key=None)).code == (
        "IDEMPOTENCY_KEY_REQUIRED"
    )
    assert await world.value("SELECT count(*) FROM app.recurring_bookings") == 1


async def test_a_dry_run_writes_nothing(world: World) -> None:
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    found = await previewed(anna, sarah, note="Please")
    assert (found["series"]["note"], found["series"]["is_accepted"]) == ("Please", False)
    for table in ("recurring_bookings", "recurring_booking_occurrences", "bookings", "audit_logs"):
        assert await world.value(f"SELECT count(*) FROM app.{table}") == 0
