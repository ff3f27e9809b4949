"""Dates that differ: who may say so, who sees that, and who sees why."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.world import Specialist, World

PATH = "/specialists/me/availability-exceptions"
PUBLIC = {"id", "date", "is_available", "starts_at", "ends_at"}


async def starts_on(world: World, sarah: Specialist, day: date) -> list[str]:
    reply = await world.anonymous.get(f"/specialists/{sarah.id}/slots?from={day}&to={day}")
    return [slot["starts_at"][11:16] for slot in reply.json["items"]]


def monday(sarah: Specialist) -> date:
    return sarah.at("mon 12:00").date()


async def test_a_whole_day_is_blocked(world: World) -> None:
    sarah = await world.specialist(open="mon 09:00-10:00")
    assert await starts_on(world, sarah, monday(sarah)) == ["09:00", "09:30"]

    body = {"date": str(monday(sarah)), "reason": "vacation", "note": "by the sea"}
    reply = await sarah.post(PATH, body)

    assert reply.status == 201, reply.json
    own = body | {
        "id": reply.json["id"], "is_available": False, "starts_at": None, "ends_at": None,
        "range_id": None,
    }  # fmt: skip
    assert reply.json == own | {"items": [own], "affected_bookings": [], "affected_count": 0}
    assert await starts_on(world, sarah, monday(sarah)) == []


async def test_some_hours_are_blocked(world: World) -> None:
    sarah = await world.specialist(open="mon 09:00-11:00")
    await sarah.post(
        PATH,
        {"date": str(monday(sarah)), "starts_at": "09:30", "ends_at": "10:30", "reason": "other"},
    )
    assert await starts_on(world, sarah, monday(sarah)) == ["09:00", "10:30"]


async def test_other_hours_stand_in_for_the_week(world: World) -> None:
    sarah = await world.specialist(open="mon 09:00-11:00")
    for starts, ends in (("13:00", "13:30"), ("23:30", "24:00")):
        reply = await sarah.post(
            PATH,
            {"date": str(monday(sarah)), "is_available": True, "starts_at": starts,
             "ends_at": ends},
        )  # fmt: skip
        assert (reply.json["starts_at"], reply.json["ends_at"]) == (starts, ends)
    assert await starts_on(world, sarah, monday(sarah)) == ["13:00", "23:30"]


async def test_a_removed_exception_leaves_the_week_as_it_was(world: World) -> None:
    sarah = await world.specialist(open="mon 09:00-10:00")
    made = await sarah.post(PATH, {"date": str(monday(sarah))})

    reply = await sarah.delete(f"{PATH}/{made.json['id']}")

    assert (reply.status, reply.content) == (204, b"")
    assert await starts_on(world, sarah, monday(sarah)) == ["09:00", "09:30"]
    assert await world.rows("SELECT 1 FROM app.availability_exception_reasons") == []
    again = await sarah.delete(f"{PATH}/{made.json['id']}")
    assert (again.status, again.code) == (404, "AVAILABILITY_EXCEPTION_NOT_FOUND")


async def test_everybody_sees_that_a_date_differs_and_only_its_owner_why(world: World) -> None:
    sarah, other = await world.specialist(), await world.specialist("Dr. Omar")
    body = {"date": str(monday(sarah)), "reason": "sick_leave", "note": "an operation"}
    await sarah.post(PATH, body)

    readers = (world.anonymous, await world.client(), other, sarah, await world.admin())
    for reader in readers:
        reply = await reader.get(f"/specialists/{sarah.id}/availability-exceptions")
        assert [set(one) for one in reply.json["items"]] == [PUBLIC]
        assert b"sick" not in reply.content
        assert b"operation" not in reply.content
    [own] = await sarah.sees(PATH)
    assert set(own) == PUBLIC | {"reason", "note", "range_id"}
    assert (own["reason"], own["note"]) == ("sick_leave", "an operation")
    assert await other.sees(PATH) == []


async def test_the_log_does_not_say_why_either(world: World) -> None:
    sarah = await world.specialist()
    body = {"date": str(monday(sarah)), "reason": "sick_leave", "note": "an operation"}
    made = await sarah.post(PATH, body)
    await sarah.delete(f"{PATH}/{made.json['id']}")
    entries = await world.rows(
        "SELECT action, coalesce(old_values, new_values) #>> '{}' AS said FROM app.audit_logs"
        " WHERE subject_type = 'availability_exception' ORDER BY id"
    )
    assert [entry["action"] for entry in entries] == [
        "availability_exception_added",
        "availability_exception_removed",
    ]
    assert not any("sick" in entry["said"] or "operation" in entry["said"] for entry in entries)


async def test_nobody_removes_another_ones_exception(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    made = await sarah.post(PATH, {"date": str(monday(sarah))})
    for foreign in (made.json["id"], uuid4()):
        reply = await omar.delete(f"{PATH}/{foreign}")
        assert (reply.status, reply.code) == (404, "AVAILABILITY_EXCEPTION_NOT_FOUND")
    assert len(await sarah.sees(PATH)) == 1
    assert (await (await world.client()).delete(f"{PATH}/{made.json['id']}")).status == 403
    assert (await world.anonymous.post(PATH, {"date": "2026-12-24"})).status == 401


async def test_listed_by_date_within_bounds_and_in_pages(world: World) -> None:
    sarah = await world.specialist()
    days = [monday(sarah) + timedelta(days=n) for n in range(5)]
    for day in reversed(days):
        await sarah.post(PATH, {"date": str(day)})
    path = f"/specialists/{sarah.id}/availability-exceptions"

    async def found(query: str) -> list[str]:
        return [one["date"] for one in await world.anonymous.sees(f"{path}?{query}")]

    assert await found("") == [str(day) for day in days]
    assert await found(f"from={days[1]}&to={days[3]}") == [str(day) for day in days[1:4]]
    first = await world.anonymous.get(f"{path}?limit=3")
    rest = await found(f"limit=3&cursor={first.json['next_cursor']}")
    assert [one["date"] for one in first.json["items"]] + rest == [str(day) for day in days]
    assert (await world.anonymous.get(f"{path}?cursor=AAAA")).code == "INVALID_CURSOR"
    absent = await world.anonymous.get(f"/specialists/{uuid4()}/availability-exceptions")
    assert (absent.status, absent.code) == (404, "SPECIALIST_NOT_FOUND")


@pytest.mark.parametrize(
    "wrong",
    [
        {"is_available": True},
        {"starts_at": "09:00"},
        {"ends_at": "09:00"},
        {"starts_at": "10:00", "ends_at": "09:00"},
        {"starts_at": "10:00", "ends_at": "10:00"},
        {"starts_at": "24:00", "ends_at": "24:00"},
        {"reason": "hangover"},
        {"note": "x" * 501},
        {"note": "\x00"},
        {"date": "9999-12-31"},
        {"date": "2026-02-30"},
        {"date": None},
        {"specialist_id": "0190b2c6-0000-7000-8000-000000000000"},
    ],
)
async def test_what_does_not_fit_is_refused(world: World, wrong: dict[str, Any]) -> None:
    sarah = await world.specialist()
    reply = await sarah.post(PATH, {"date": str(monday(sarah))} | wrong)
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    assert await sarah.sees(PATH) == []


async def test_emptied_and_absent_fields_are_the_same(world: World) -> None:
    sarah = await world.specialist()
    reply = await sarah.post(
        PATH, {"date": str(monday(sarah)), "starts_at": "", "ends_at": None, "note": " "}
    )
    assert reply.status == 201
    assert (reply.json["starts_at"], reply.json["note"]) == (None, None)


async def test_exceptions_ahead_are_bounded(world: World) -> None:
    sarah = await world.specialist()
    await world.superuser.execute(
        "INSERT INTO app.specialist_availability_exceptions"
        " (specialist_id, exception_date, is_available)"
        " SELECT $1, (app.now() + interval '3 days')::date, false FROM generate_series(1, 1000)",
        sarah.id,
    )
    reply = await sarah.post(PATH, {"date": str(monday(sarah))})
    assert (reply.status, reply.code) == (409, "TOO_MANY_EXCEPTIONS")


async def test_the_same_key_adds_one(world: World) -> None:
    sarah = await world.specialist()
    body = {"date": str(monday(sarah))}
    first = await sarah.post(PATH, body, key="a-day-off")
    again = await sarah.post(PATH, body, key="a-day-off")
    assert again.content == first.content
    assert len(await sarah.sees(PATH)) == 1
