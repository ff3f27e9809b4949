"""Changing a series: what stands stands, and the dates to come follow the new terms."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.features.recurring.standing import MONDAY, WEEK, Stage, audited, purchase, staged
from tests.world import World


@pytest.fixture
async def stage(world: World) -> Stage:
    """It begins on Wednesday, and that date is booked."""
    return await staged(world, start="2027-03-03")


async def test_bookings_stand_and_later_dates_follow(stage: Stage) -> None:
    reply = await stage.change(local_time="11:30", rate_id=str(stage.sarah.rates["followup"]))
    assert (reply.status, reply.json["revision"]) == (200, 1)
    (standing,) = reply.json["unchanged_bookings"]
    assert (standing["local_date"], standing["status"]) == ("2027-03-03", "pending_payment")
    assert standing["starts_at"] == "2027-03-03T10:00:00Z"
    found = await stage.dispatched_at(MONDAY + timedelta(days=7))
    later, earlier = found["occurrences"]
    assert (earlier["starts_at"], later["starts_at"]) == (
        "2027-03-03T10:00:00Z",
        "2027-03-10T11:30:00Z",
    )
    booking = (await stage.anna.get(f"/bookings/{later['booking_id']}")).json
    assert booking["rate_id"] == str(stage.sarah.rates["followup"])
    assert (booking["kind"], booking["total"]["amount_minor"]) == ("followup", 15_000)
    assert await audited(stage.world, stage.one) == ["created", "changed"]


async def test_a_revision_guards_against_a_change_meanwhile(stage: Stage) -> None:
    assert (await stage.change(note="First", revision=0)).json["revision"] == 1
    refusal = await stage.change(note="Second", revision=0)
    assert (refusal.status, refusal.code) == (409, "SERIES_CHANGED")
    assert (await stage.change(note="Second", revision=1)).json["note"] == "Second"
    # Emptied is absent, and a change that changes nothing is none.
    assert (await stage.change(note="")).json["note"] is None
    assert (await stage.change(note=None, local_time="10:00", frequency="weekly")).json[
        "revision"
    ] == 3
    assert await audited(stage.world, stage.one) == ["created", "changed", "changed", "changed"]


@pytest.mark.parametrize(
    ("frequency", "dates"),
    [
        ("biweekly", ["2027-03-10", "2027-03-24", "2027-04-07"]),
        ("monthly", ["2027-03-10", "2027-04-10", "2027-05-10"]),
    ],
)
async def test_with_another_frequency_the_next_date_stays(
    stage: Stage, frequency: str, dates: list[str]
) -> None:
    reply = await stage.change(frequency=frequency)
    assert [each["local_date"] for each in reply.json["upcoming"]][:3] == dates


async def test_an_end_comes_and_goes(stage: Stage) -> None:
    reply = await stage.change(end_date="2027-03-17")
    assert [each["local_date"] for each in reply.json["upcoming"]] == ["2027-03-10", "2027-03-17"]
    reply = await stage.change(end_date=None)
    assert (reply.json["end_date"], len(reply.json["upcoming"])) == (None, 10)
    for end in ("2027-03-02", "2027-02-01", "2033-03-02"):
        refusal = await stage.change(end_date=end)
        assert (refusal.status, refusal.code) == (422, "END_DATE_OUT_OF_RANGE")
    reply = await stage.change(end_date="2027-03-09")
    assert (reply.json["status"], reply.json["next_booking_date"]) == ("ended", None)
    assert len(reply.json["unchanged_bookings"]) == 1
    refusal = await stage.change(end_date="2027-04-09")
    assert (refusal.status, refusal.code) == (409, "SERIES_ENDED")
    assert sorted((await audited(stage.world, stage.one))[-2:]) == ["changed", "ended"]


async def test_a_past_end_is_none(stage: Stage) -> None:
    await stage.world.stop_clock(MONDAY + timedelta(days=10))
    refusal = await stage.change(end_date="2027-03-10")
    assert refusal.code == "END_DATE_OUT_OF_RANGE"


async def test_another_deal_asks_for_the_specialists_yes_again(stage: Stage) -> None:
    assert (await stage.accept()).json["accepted_at"] is not None
    for same_deal in ({"local_time": "12:00"}, {"frequency": "biweekly"}, {"note": "Hi"}):
        assert (await stage.change(**same_deal)).json["accepted_at"] is not None
    followup, standard = (str(stage.sarah.rates[kind]) for kind in ("followup", "standard"))
    assert (await stage.change(rate_id=followup)).json["accepted_at"] is None
    # What the specialist changes is agreed by that.
    reply = await stage.change(stage.sarah, rate_id=standard)
    assert reply.json["accepted_at"] is not None
    bought = await purchase(stage.world, stage.sarah, stage.anna)
    reply = await stage.change(payment_mode="package", package_purchase_id=bought)
    assert (reply.json["package_purchase_id"], reply.json["accepted_at"] is not None) == (
        bought,
        True,
    )
    reply = await stage.change(payment_mode="per_session")
    assert (reply.json["package_purchase_id"], reply.json["accepted_at"]) == (None, None)


async def test_what_could_not_be_asked_for_cannot_be_changed_to(stage: Stage) -> None:
    omar = await stage.world.specialist("Omar", open=WEEK)
    bought = await purchase(stage.world, stage.sarah, stage.anna)
    refused: list[tuple[dict[str, str], str]] = [
        ({"rate_id": str(omar.rates["standard"])}, "RATE_NOT_FOUND"),
        ({"payment_mode": "saved_card"}, "SAVED_METHOD_MISPLACED"),
        ({"payment_mode": "manual"}, "MANUAL_PAYMENT_NOT_OFFERED"),
        ({"payment_mode": "package"}, "PACKAGE_PURCHASE_MISPLACED"),
        ({"package_purchase_id": bought}, "PACKAGE_PURCHASE_MISPLACED"),
        ({"client_id": str(omar.id)}, "INVALID_REQUEST"),
    ]
    for body, code in refused:
        for dry_run in (False, True):
            assert (await stage.change(**body, dry_run=dry_run)).code == code
    assert (await stage.seen())["revision"] == 0
    assert (await stage.change(stage.sarah, payment_mode="manual")).status == 200


async def test_a_change_is_tried_at_once_where_the_rate_was_missing(stage: Stage) -> None:
    await stage.world.superuser.execute(
        "UPDATE app.specialist_rates SET is_active = false WHERE kind = 'standard'"
    )
    found = await stage.dispatched_at(MONDAY + timedelta(days=7))
    assert (found["last_error"], len(found["occurrences"])) == ("No rates found", 1)
    reply = await stage.change(rate_id=str(stage.sarah.rates["followup"]))
    assert reply.json["last_error"] is None
    assert [each["local_date"] for each in reply.json["occurrences"]] == [
        *("2027-03-10", "2027-03-03")
    ]


async def _changed_in_the_midst_of_a_dispatch(stage: Stage) -> tuple[Any, list[Any]]:
    """The series as it stands after a change to `monthly` that came while the dispatcher was
    at work on it, and the revisions and times of its occurrences.
    """
    await stage.world.superuser.execute(_SLOW)
    await stage.world.stop_clock(MONDAY + timedelta(days=7))
    dispatch = asyncio.create_task(stage.world.work_off("recurring.dispatch"))
    async with asyncio.timeout(20):
        while not await stage.world.value(_IS_AT_IT):
            await asyncio.sleep(0.01)
    reply = await stage.change(frequency="monthly", local_time="11:30")
    await dispatch
    assert (reply.status, reply.json["revision"]) == (200, 1)
    rows = await stage.world.rows(
        "SELECT o.series_revision, o.local_date::text, o.starts_at::time::text AS at,"
        " b.starts_at = o.starts_at AS agree FROM app.recurring_booking_occurrences o"
        " JOIN app.bookings b ON b.id = o.booking_id ORDER BY o.local_date"
    )
    return await stage.seen(), [tuple(row.values()) for row in rows]


async def test_an_occurrence_belongs_to_the_old_or_the_new_version_wholly(stage: Stage) -> None:
    series, occurrences = await _changed_in_the_midst_of_a_dispatch(stage)
    assert occurrences == [
        (0, "2027-03-03", "10:00:00", True),
        (0, "2027-03-10", "10:00:00", True),
    ]
    # The next date stayed, and the new rhythm counts from it.
    assert [each["starts_at"] for each in series["upcoming"]][:2] == [
        "2027-03-17T11:30:00Z",
        "2027-04-17T11:30:00Z",
    ]


async def test_without_its_lock_a_change_would_count_from_a_date_that_is_gone(
    stage: Stage,
) -> None:
    await stage.world.superuser.execute(_HEEDLESS)
    series, _ = await _changed_in_the_midst_of_a_dispatch(stage)
    assert series["upcoming"][0]["starts_at"] == "2027-04-10T11:30:00Z"


_SLOW = """
CREATE FUNCTION testing.takes_its_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(0.7);
    RETURN NEW;
END
$$;
CREATE TRIGGER takes_its_time BEFORE INSERT ON app.recurring_booking_occurrences
    FOR EACH ROW EXECUTE FUNCTION testing.takes_its_time();
"""
_IS_AT_IT = """
SELECT EXISTS (SELECT 1 FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event = 'PgSleep')
"""
_HEEDLESS = """
CREATE OR REPLACE FUNCTION app.series_of_caller(p_series uuid, p_locked boolean)
RETURNS app.recurring_bookings
LANGUAGE sql SECURITY DEFINER SET search_path = app, pg_catalog, pg_temp AS $$
    SELECT * FROM app.recurring_bookings r WHERE r.id = p_series
$$
"""
