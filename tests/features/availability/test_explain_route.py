"""Why is this time not offered? The answer over HTTP, in the words of the contract."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from consulta.features.availability.schemas import SlotReason
from tests.world import Person, Specialist, World


async def explained(
    person: Person, sarah: Specialist, when: str | datetime, query: str = ""
) -> dict[str, object]:
    at = sarah.at(when).isoformat().replace("+", "%2B")
    reply = await person.get(f"/specialists/{sarah.id}/slots/explain?at={at}{query}")
    assert reply.status == 200, reply.json
    answer: dict[str, object] = reply.json
    return answer


async def reasons(world: World, sarah: Specialist, when: str | datetime) -> list[str]:
    answer = await explained(world.anonymous, sarah, when)
    found = answer["reasons"]
    assert isinstance(found, list)
    assert answer["offered"] == (not found)
    assert all(one["detail"].endswith(".") for one in found)
    return [one["code"] for one in found]


async def test_an_offered_time_has_nothing_against_it(world: World) -> None:
    sarah = await world.specialist(open="mon 09:00-11:00", time_zone="Asia/Dubai", minutes=60)
    monday = sarah.at("mon 09:30")
    answer = await explained(world.anonymous, sarah, monday, "&time_zone=America/New_York")
    assert answer == {
        "at": monday.strftime("%Y-%m-%dT05:30:00Z"),
        "local_at": monday.strftime("%Y-%m-%dT00:30:00-05:00"),
        "time_zone": "America/New_York",
        "offered": True,
        "reasons": [],
        "session": {
            "starts_at": monday.strftime("%Y-%m-%dT00:30:00-05:00"),
            "ends_at": monday.strftime("%Y-%m-%dT01:30:00-05:00"),
        },
        "nearest": {
            "before": monday.strftime("%Y-%m-%dT00:00:00-05:00"),
            "after": monday.strftime("%Y-%m-%dT01:00:00-05:00"),
        },
    }
    own = await explained(world.anonymous, sarah, monday)
    assert (own["time_zone"], own["local_at"]) == ("Asia/Dubai", monday.isoformat())


async def test_each_reason_is_told(world: World) -> None:
    sarah = await world.specialist(
        open="mon-fri 09:00-12:00", horizon_days=20, notice_minutes=120, most_a_day=2
    )
    monday = sarah.at("mon 09:00")
    assert await reasons(world, sarah, "mon 10:00") == []
    assert await reasons(world, sarah, "mon 10:10") == ["off_grid"]
    assert await reasons(world, sarah, "mon 11:45") == ["off_grid", "does_not_fit"]
    assert await reasons(world, sarah, "mon 12:00") == ["outside_hours"]
    assert await reasons(world, sarah, monday + timedelta(days=28)) == ["beyond_horizon"]
    assert "in_the_past" in await reasons(world, sarah, monday - timedelta(days=14))
    now = await world.value("SELECT app.now()")
    assert "too_soon" in await reasons(world, sarah, now + timedelta(minutes=119))

    whole = {"date": str(sarah.at("tue 09:00").date())}
    part = {"date": str(sarah.at("wed 09:00").date()), "starts_at": "09:10", "ends_at": "09:20"}
    for body in (whole, part):
        assert (await sarah.post("/specialists/me/availability-exceptions", body)).status == 201
    assert await reasons(world, sarah, "tue 09:00") == ["day_blocked"]
    assert await reasons(world, sarah, "wed 09:00") == ["time_blocked"]
    assert await reasons(world, sarah, "wed 09:30") == []

    anna = await world.client()
    await anna.books(sarah, "thu 09:00")
    assert await reasons(world, sarah, "thu 09:00") == ["taken"]
    await anna.books(sarah, "thu 11:00")
    assert await reasons(world, sarah, "thu 10:00") == ["day_full"]

    await sarah.patch("/specialists/me", {"is_accepting": False})
    assert await reasons(world, sarah, "mon 10:00") == ["not_accepting"]


async def test_nobody_is_told_when_a_past_session_was(world: World) -> None:
    sarah, anna = await world.specialist(most_a_day=1), await world.client()
    await anna.books(sarah, "mon 10:00")
    monday = sarah.at("mon 10:00")
    assert await reasons(world, sarah, monday) == ["taken", "day_full"]
    await world.stop_clock(monday + timedelta(hours=1))
    assert await reasons(world, sarah, monday) == ["in_the_past"]


async def test_a_skipped_hour_is_named(world: World) -> None:
    await world.stop_clock(datetime.fromisoformat("2027-03-10T12:00:00+00:00"))
    sarah = await world.specialist(open="sun 01:00-02:30", time_zone="America/New_York")
    # On that Sunday the clock jumps from two to three: half past two never comes.
    three = datetime.fromisoformat("2027-03-14T03:00:00-04:00")
    assert await reasons(world, sarah, three) == ["clock_change"]
    answer = await explained(world.anonymous, sarah, three)
    nearest = answer["nearest"]
    assert isinstance(nearest, dict)
    assert nearest["before"] == "2027-03-14T01:30:00-05:00"


async def test_what_lies_outside_of_everything_is_nearest_to_its_edge(world: World) -> None:
    sarah = await world.specialist(open="sun-sat 12:00-12:30", horizon_days=20)
    until = sarah.today + timedelta(days=40)
    items = await world.anonymous.sees(f"/specialists/{sarah.id}/slots?to={until}")
    far = await explained(world.anonymous, sarah, sarah.at("mon 12:00") + timedelta(days=400))
    past = await explained(world.anonymous, sarah, sarah.at("mon 12:00") - timedelta(days=400))
    starts = [item["starts_at"].replace("+00:00", "Z") for item in items]
    assert far["nearest"] == {"before": starts[-1], "after": None}
    assert past["nearest"] == {"before": None, "after": starts[0]}


async def test_a_calendar_without_hours_has_nothing_near(world: World) -> None:
    sarah = await world.specialist(open="")
    answer = await explained(world.anonymous, sarah, "mon 12:00")
    assert answer["nearest"] == {"before": None, "after": None}
    session = answer["session"]
    assert isinstance(session, dict)
    assert session["ends_at"].partition("T")[2].startswith("12:30")


async def test_the_rate_sets_the_length(world: World) -> None:
    sarah = await world.specialist(open="mon 09:00-10:00")
    await world.superuser.execute(
        "UPDATE app.specialist_rates SET duration_minutes = 90 WHERE id = $1",
        sarah.rates["followup"],
    )
    assert await reasons(world, sarah, "mon 09:00") == []
    longer = await explained(
        world.anonymous, sarah, "mon 09:00", f"&rate_id={sarah.rates['followup']}"
    )
    found = longer["reasons"]
    assert isinstance(found, list)
    assert [one["code"] for one in found] == ["does_not_fit"]


async def test_the_own_booking_may_be_left_out_and_a_strangers_not(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    booking = await anna.books(sarah, "mon 10:00")
    for reader, is_offered in ((anna, True), (sarah, True), (ben, False), (world.anonymous, False)):
        query = f"&exclude_booking={booking['id']}"
        assert (await explained(reader, sarah, "mon 10:00", query))["offered"] is is_offered


async def test_a_refused_booking_and_the_explanation_agree(world: World) -> None:
    sarah, anna = await world.specialist(most_a_day=2), await world.client()
    await anna.books(sarah, "mon 10:00")
    await anna.books(sarah, "tue 10:00")
    await anna.books(sarah, "tue 11:00")
    for when, code in (
        ("mon 10:00", "SLOT_TAKEN"),
        ("mon 10:15", "SLOT_TAKEN"),
        ("tue 12:00", "DAY_FULL"),
        ("tue 12:05", "DAY_FULL"),
        ("mon 12:05", "SLOT_NOT_OFFERED"),
        ("sun 12:00", "SLOT_NOT_OFFERED"),
    ):
        reply = await anna.post("/bookings", sarah.booking(when))
        assert (reply.status, reply.code) == (409, code), when
        found = await reasons(world, sarah, when)
        assert ("taken" in found) == (code == "SLOT_TAKEN"), when
        assert found != []


async def test_who_or_what_is_not_there_is_not_found(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    hidden = await world.specialist("Dr. Hidden", verified=False)
    at = "at=2026-12-01T09:00:00Z"
    for foreign in (omar.rates["standard"], uuid4()):
        reply = await world.anonymous.get(
            f"/specialists/{sarah.id}/slots/explain?{at}&rate_id={foreign}"
        )
        assert (reply.status, reply.code) == (404, "RATE_NOT_FOUND")
    for stranger in (uuid4(), hidden.id):
        reply = await world.anonymous.get(f"/specialists/{stranger}/slots/explain?{at}")
        assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")


@pytest.mark.parametrize(
    "wrong",
    [
        "", "at=", "at=2026-12-01", "at=2026-12-01T09:00:00", "at=1700000000", "at=tomorrow",
        "at=9999-12-31T00:00:00Z", "at=%00", "at=2026-12-01T09:00:00Z&rate_id=1",
        "at=2026-12-01T09:00:00Z&time_zone=Mars/Olympus",
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused(world: World, wrong: str) -> None:
    sarah = await world.specialist()
    reply = await world.anonymous.get(f"/specialists/{sarah.id}/slots/explain?{wrong}")
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


def test_the_contract_has_the_closed_list_of_reasons(world: World) -> None:
    listed = world.app.openapi()["components"]["schemas"]["SlotReason"]["enum"]
    assert listed == list(SlotReason)
