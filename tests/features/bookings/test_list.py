"""Lists of bookings: each sees the own, filtered, page by page."""

import base64
from typing import Any

import pytest

from tests.features.bookings.stages import authorised, booked
from tests.world import Person, World


async def ids(who: Person, query: str = "") -> list[str]:
    return [one["id"] for one in await who.sees(f"/bookings{query}")]


async def test_each_sees_the_own_and_nobody_anothers(world: World) -> None:
    stage = await booked(world)
    omar, ben, ada = (
        await world.specialist("Dr. Omar"),
        await world.client("Ben"),
        await world.admin(),
    )
    other = await ben.books(omar, "mon 10:00")
    assert await ids(stage.anna) == await ids(stage.sarah) == [stage.id]
    assert await ids(ben) == await ids(omar) == [other["id"]]
    assert await ids(ada) == [other["id"], stage.id]
    assert (await world.anonymous.get("/bookings")).status == 401


async def test_a_specialist_tells_the_own_practice_from_the_own_visits(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    visit = await sarah.books(omar, "mon 10:00")
    session = await omar.books(sarah, "tue 10:00")
    assert await ids(sarah) == [session["id"], visit["id"]]
    assert await ids(sarah, "?role=client") == [visit["id"]]
    assert await ids(sarah, "?role=specialist") == [session["id"]]


async def test_filters_by_status_and_time(world: World) -> None:
    unpaid = await booked(world, when="mon 10:00")
    paid = await authorised(world, when="tue 10:00", sarah=unpaid.sarah)
    sarah = unpaid.sarah
    assert await ids(sarah, "?status=pending_payment") == [unpaid.id]
    assert await ids(sarah, "?status=pending_payment&status=awaiting_confirmation") == [
        paid.id,
        unpaid.id,
    ]
    assert await ids(sarah, "?status=expired") == []
    days = sorted([(unpaid.starts_at, unpaid.id), (paid.starts_at, paid.id)])
    late = days[1][0].isoformat().replace("+", "%2B")
    # From is included, to is not.
    assert await ids(sarah, f"?from={late}") == [days[1][1]]
    assert await ids(sarah, f"?to={late}") == [days[0][1]]


@pytest.mark.parametrize(
    "query",
    [
        "status=paid",
        "role=admin",
        "from=yesterday",
        "limit=0",
        "limit=101",
        "from=2026-01-01T10:00",
    ],
)
async def test_a_filter_fits_the_contract(world: World, query: str) -> None:
    anna = await world.client()
    reply = await anna.get(f"/bookings?{query}")
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


async def test_pages_hold_everything_once_the_newest_first(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    made = [(await anna.books(sarah, f"mon {hour:02}:00"))["id"] for hour in range(9, 16)]
    seen, cursor, pages = [], "", 0
    while True:
        reply = await anna.get(f"/bookings?limit=3{cursor}")
        page: Any = reply.json
        seen += [one["id"] for one in page["items"]]
        pages += 1
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
        if pages == 1:  # What comes in between does not disturb the pages behind.
            await anna.books(sarah, "tue 10:00")
    assert seen == made[::-1]
    assert pages == 3


async def test_a_cursor_is_ours_or_refused(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    for hour in (10, 11):
        await anna.books(sarah, f"mon {hour}:00")
    cursor = (await anna.get("/bookings?limit=1")).json["next_cursor"]
    assert (await anna.get(f"/bookings?limit=1&cursor={cursor}")).status == 200
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    raw[-3] ^= 1
    tampered = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    for bad in (tampered, cursor[:-4], "AAAA", "x" * 599):
        reply = await anna.get(f"/bookings?cursor={bad}")
        assert (reply.status, reply.code) == (400, "INVALID_CURSOR")
    for unreadable in ("x" * 601, "a%00b", "a b"):
        assert (await anna.get(f"/bookings?cursor={unreadable}")).status in {400, 422}


async def test_another_persons_cursor_opens_no_door(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    for hour in (10, 11):
        await anna.books(sarah, f"mon {hour}:00")
    cursor = (await anna.get("/bookings?limit=1")).json["next_cursor"]
    reply = await ben.get(f"/bookings?cursor={cursor}")
    assert (reply.status, reply.json["items"]) == (200, [])
