"""What a new, changed or resumed series has at once: the dates whose time has come."""

from datetime import UTC, datetime

from tests.features.recurring.standing import WEEK, created, day, seen
from tests.world import World

MONDAY_NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)

_BROKEN = """
CREATE FUNCTION testing.is_broken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'out of order';
END
$$;
CREATE TRIGGER is_broken BEFORE INSERT ON app.recurring_booking_occurrences
    FOR EACH ROW EXECUTE FUNCTION testing.is_broken();
"""


async def test_a_date_within_the_week_is_booked_with_the_series(world: World) -> None:
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    one = await created(anna, sarah, note="My back.")
    (occurrence,) = one["occurrences"]
    assert (occurrence["local_date"], occurrence["outcome"]) == (str(day(sarah, 2)), "booked")
    assert (occurrence["booking_status"], occurrence["reason"]) == ("pending_payment", None)
    assert one["next_booking_date"] == one["upcoming"][0]["local_date"] == str(day(sarah, 9))
    assert one["last_generated_date"] == str(day(sarah, 2))
    booking = (await anna.get(f"/bookings/{occurrence['booking_id']}")).json
    assert booking["starts_at"] == f"{day(sarah, 2)}T10:00:00Z"
    assert (booking["note"], booking["client_id"]) == ("My back.", str(anna.id))


async def test_a_series_that_starts_today_has_its_next_date_at_once(world: World) -> None:
    await world.stop_clock(MONDAY_NOON)
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    passed = await created(anna, sarah, start_date=sarah.today, local_time="10:00")
    assert [each["local_date"] for each in passed["occurrences"]] == ["2027-03-08"]
    ahead = await created(anna, sarah, start_date=sarah.today, local_time="14:00")
    assert [each["local_date"] for each in ahead["occurrences"]] == ["2027-03-08", "2027-03-01"]


async def test_a_taken_date_is_skipped_and_says_so(world: World) -> None:
    await world.stop_clock(MONDAY_NOON)
    sarah = await world.specialist(open=WEEK)
    anna, ben = await world.client(), await world.client("Ben")
    await ben.books(sarah, datetime(2027, 3, 3, 10, tzinfo=UTC))
    one = await created(anna, sarah, start_date="2027-03-03")
    (occurrence,) = one["occurrences"]
    assert (occurrence["outcome"], occurrence["reason"]) == ("skipped", "taken")
    assert (occurrence["booking_id"], occurrence["booking_status"]) == (None, None)


async def test_the_series_stands_where_the_dispatch_fails_and_is_caught_up(world: World) -> None:
    sarah = await world.specialist(open=WEEK)
    anna = await world.client()
    await world.superuser.execute(_BROKEN)
    one = await created(anna, sarah)
    assert (one["occurrences"], one["next_booking_date"]) == ([], str(day(sarah, 2)))
    await world.superuser.execute("DROP TRIGGER is_broken ON app.recurring_booking_occurrences")
    await world.work_off("recurring.dispatch")
    assert len((await seen(anna, one))["occurrences"]) == 1
