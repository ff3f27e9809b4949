"""Exceptions over several dates: made together, and removed one by one or together."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.features.availability.test_exceptions import PATH, monday, starts_on
from tests.world import Specialist, World

REASONS = ("vacation", "sick_leave", "personal", "training", "conference", "other")


def over(first: date, days: int, **more: Any) -> dict[str, Any]:
    return {"date": str(first), "end_date": str(first + timedelta(days=days - 1)), **more}


async def dates(sarah: Specialist) -> list[str]:
    return [one["date"] for one in await sarah.sees(f"{PATH}?limit=100")]


@pytest.mark.parametrize("reason", REASONS)
async def test_every_date_is_a_row_with_one_range(world: World, reason: str) -> None:
    sarah = await world.specialist(open="sun-sat 09:00-10:00")
    first = monday(sarah)

    reply = await sarah.post(PATH, over(first, 5, reason=reason, note="away"))

    assert reply.status == 201, reply.json
    listed = await sarah.sees(PATH)
    assert reply.json["items"] == listed
    assert [one["date"] for one in listed] == [str(first + timedelta(days=n)) for n in range(5)]
    assert {(one["reason"], one["note"]) for one in listed} == {(reason, "away")}
    assert {one["range_id"] for one in listed} == {reply.json["range_id"]} != {None}
    alone = {"items", "affected_bookings", "affected_count"}
    assert {name: reply.json[name] for name in reply.json.keys() - alone} == listed[0]
    assert (reply.json["affected_bookings"], reply.json["affected_count"]) == ([], 0)
    for n, expected in ((-1, 2), (0, 0), (4, 0), (5, 2)):
        assert len(await starts_on(world, sarah, first + timedelta(days=n))) == expected


async def test_part_day_blocks_and_custom_hours_may_last_too(world: World) -> None:
    sarah = await world.specialist(open="sun-sat 09:00-11:00")
    first = monday(sarah)
    await sarah.post(PATH, over(first, 2, starts_at="09:00", ends_at="10:00"))
    later = first + timedelta(days=2)
    await sarah.post(PATH, over(later, 2, is_available=True, starts_at="14:00", ends_at="15:00"))
    for n, expected in enumerate((["10:00", "10:30"],) * 2 + (["14:00", "14:30"],) * 2):
        assert await starts_on(world, sarah, first + timedelta(days=n)) == expected


async def test_one_date_or_all_of_them_are_removed(world: World) -> None:
    sarah = await world.specialist()
    first = monday(sarah)
    made = (await sarah.post(PATH, over(first, 4))).json
    other = (await sarah.post(PATH, over(first, 2))).json

    assert (await sarah.delete(f"{PATH}/{made['items'][1]['id']}")).status == 204
    left = [one["id"] for one in await sarah.sees(PATH) if one["range_id"] == made["range_id"]]
    assert left == [made["items"][n]["id"] for n in (0, 2, 3)]

    # Whichever of its dates is named.
    reply = await sarah.delete(f"{PATH}/{made['items'][3]['id']}?whole_range=true")
    assert (reply.status, reply.content) == (204, b"")
    assert [one["id"] for one in await sarah.sees(PATH)] == [one["id"] for one in other["items"]]
    reply = await sarah.delete(f"{PATH}/{made['items'][0]['id']}?whole_range=true")
    assert (reply.status, reply.code) == (404, "AVAILABILITY_EXCEPTION_NOT_FOUND")


async def test_a_single_date_has_no_range(world: World) -> None:
    sarah = await world.specialist()
    for body in ({"date": str(monday(sarah))}, over(monday(sarah), 1)):
        made = (await sarah.post(PATH, body)).json
        assert (made["range_id"], len(made["items"])) == (None, 1)
    assert (await sarah.delete(f"{PATH}/{made['id']}?whole_range=true")).status == 204
    assert len(await sarah.sees(PATH)) == 1


async def test_a_range_leaves_one_entry_each_way(world: World) -> None:
    sarah = await world.specialist()
    first = monday(sarah)
    made = (await sarah.post(PATH, over(first, 3, reason="sick_leave"))).json
    await sarah.delete(f"{PATH}/{made['id']}?whole_range=true")
    entries = await world.rows(
        "SELECT action, coalesce(old_values, new_values) ->> 'date' AS first,"
        " coalesce(old_values, new_values) ->> 'end_date' AS last FROM app.audit_logs"
        " WHERE subject_type = 'availability_exception' ORDER BY action"
    )
    assert [tuple(row.values()) for row in entries] == [
        (f"availability_exception_{what}", str(first), str(first + timedelta(days=2)))
        for what in ("added", "removed")
    ]


async def test_a_range_has_an_order_and_a_bound(world: World) -> None:
    sarah = await world.specialist()
    first = monday(sarah)
    for days in (0, -3, 367):
        reply = await sarah.post(PATH, over(first, days))
        assert (reply.status, reply.code) == (422, "INVALID_REQUEST")
    assert (await sarah.post(PATH, over(first, 366))).status == 201
    assert len(await dates(sarah)) == 100  # The first page.
    for _ in range(2):
        reply = await sarah.post(PATH, over(first, 366))
    # A thousand ahead: not a part of what was asked for, but nothing.
    assert (reply.status, reply.code) == (409, "TOO_MANY_EXCEPTIONS")
    count = "SELECT count(*) FROM app.specialist_availability_exceptions"
    assert await world.value(count) == 732


async def test_nobody_else_sees_which_dates_were_made_together(world: World) -> None:
    sarah = await world.specialist()
    made = (await sarah.post(PATH, over(monday(sarah), 3))).json
    reply = await world.anonymous.get(f"/specialists/{sarah.id}/availability-exceptions")
    assert len(reply.json["items"]) == 3
    assert made["range_id"].encode() not in reply.content
    omar = await world.specialist("Dr. Omar")
    refused = await omar.delete(f"{PATH}/{made['id']}?whole_range=true")
    assert (refused.status, refused.code) == (404, "AVAILABILITY_EXCEPTION_NOT_FOUND")
    assert len(await sarah.sees(PATH)) == 3
