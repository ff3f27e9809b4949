"""The directory: who is listed, found, filtered and sorted how."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.world import Person, Specialist, World


async def names(reader: Person, query: str = "") -> list[str]:
    return [card["full_name"] for card in await reader.sees(f"/specialists{query}")]


async def label(
    specialist: Specialist, specialties: list[str], languages: list[str], headline: str = ""
) -> None:
    reply = await specialist.patch(
        "/specialists/me",
        {"specialties": specialties, "languages": languages, "headline": headline},
    )
    assert reply.status == 200, reply.json


async def rate(world: World, specialist: Specialist, stars: str | None) -> None:
    await world.superuser.execute(
        "UPDATE app.specialists SET rating_average = $2::numeric, rating_count = 1 WHERE id = $1",
        specialist.id,
        None if stars is None else Decimal(stars),
    )


async def test_who_is_not_verified_or_takes_nobody_is_not_listed(world: World) -> None:
    await world.specialist("Open")
    await world.specialist("Closed", accepting=False)
    await world.specialist("Unknown", verified=False)
    for reader in (world.anonymous, await world.client(), await world.admin()):
        assert await names(reader) == ["Open"]


async def test_who_takes_nobody_still_has_a_page_but_no_times(world: World) -> None:
    closed = await world.specialist("Closed", accepting=False)
    page = await world.anonymous.get(f"/specialists/{closed.id}")
    assert page.json["is_accepting"] is False
    slots = await world.anonymous.get(f"/specialists/{closed.id}/slots")
    assert slots.json["items"] == []


async def test_found_by_specialty_language_and_words(world: World) -> None:
    sarah = await world.specialist("Dr. Sarah Ahmed")
    omar = await world.specialist("Dr. Omar Khan")
    await label(sarah, ["Cardiology", "Internal Medicine"], ["English", "Arabic"], "Heart doctor")
    await label(omar, ["Dermatology"], ["English"], "100% skin_care")

    async def found(query: str) -> list[str]:
        return sorted(name.split()[1] for name in await names(world.anonymous, query))

    assert await found("?specialty=cardiology") == ["Sarah"]
    assert await found("?specialty=CARDIOLOGY&language=arabic") == ["Sarah"]
    assert await found("?specialty=Cardio") == []
    assert await found("?language=English") == ["Omar", "Sarah"]
    assert await found("?language=English&specialty=Dermatology") == ["Omar"]
    assert await found("?q=sarah") == ["Sarah"]
    assert await found("?q=HEART") == ["Sarah"]
    assert await found("?q=derma") == ["Omar"]
    assert await found("?q=dr") == ["Omar", "Sarah"]
    assert await found("?q=dr%20cardio") == ["Sarah"]
    assert await found("?q=sarah%20derma") == []
    assert await found("?q=100%25%20skin_care") == ["Omar"]
    assert await found("?q=%25") == ["Omar"], "a wildcard is a character like any other"
    emptied = "?q=&specialty=&language=&min_price=&max_price=&currency=&available_on=&sort="
    assert await found(emptied) == ["Omar", "Sarah"]


async def test_filtered_by_price(world: World) -> None:
    # The card's price is the lowest one: the follow-up at three quarters.
    await world.specialist("Cheap", price=10_000)
    await world.specialist("Dear", price=40_000)
    await world.specialist("Yen", price=8_000, currency="JPY")

    async def found(query: str) -> list[str]:
        return sorted(await names(world.anonymous, query))

    assert await found("?min_price=7500") == ["Cheap", "Dear"]
    assert await found("?min_price=7501") == ["Dear"]
    assert await found("?max_price=7500") == ["Cheap", "Yen"]
    assert await found("?max_price=7499") == ["Yen"]
    assert await found("?min_price=6000&max_price=7500&currency=USD") == ["Cheap"]
    assert await found("?min_price=2&max_price=1") == []


async def five(world: World) -> dict[str, Specialist]:
    """Five with all there is to sort by; E is new and has nothing."""
    made = {}
    for name, price, stars, hours in (
        ("A", 400, "4.50", 3),
        ("B", 100, "5.00", 1),
        ("C", 300, "4.50", 2),
        ("D", 200, "1.25", 4),
        ("E", None, None, None),
    ):
        one = await world.specialist(name, price=price or 0)
        await rate(world, one, stars)
        await world.superuser.execute(
            "UPDATE app.specialists SET next_open_at = app.now() + $2,"
            " from_price_minor = $3 WHERE id = $1",
            one.id,
            None if hours is None else timedelta(hours=hours),
            price,
        )
        made[name] = one
    return made


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("-rating", ["B", "A", "C", "D", "E"]),
        ("rating", ["D", "C", "A", "B", "E"]),
        ("price", ["B", "D", "C", "A", "E"]),
        ("-price", ["A", "C", "D", "B", "E"]),
        ("next_open", ["B", "C", "A", "D", "E"]),
        ("name", ["A", "B", "C", "D", "E"]),
    ],
)
async def test_sorted_and_paged_without_loss_or_repetition(
    world: World, sort: str, wanted: list[str]
) -> None:
    await five(world)
    assert await names(world.anonymous, f"?sort={sort}") == wanted

    for limit in (1, 2, 4):
        seen: list[str] = []
        cursor = ""
        while True:
            reply = await world.anonymous.get(f"/specialists?sort={sort}&limit={limit}{cursor}")
            seen += [card["full_name"] for card in reply.json["items"]]
            if reply.json["next_cursor"] is None:
                break
            cursor = f"&cursor={reply.json['next_cursor']}"
        assert seen == wanted


async def test_best_rated_come_first_unless_said_otherwise(world: World) -> None:
    await five(world)
    assert await names(world.anonymous) == await names(world.anonymous, "?sort=-rating")


async def test_a_cursor_belongs_to_its_order_and_cannot_be_made_up(world: World) -> None:
    await five(world)
    cursor = (await world.anonymous.get("/specialists?sort=price&limit=1")).json["next_cursor"]
    for wrong in (f"sort=name&cursor={cursor}", f"sort=price&cursor={cursor[:-4]}AAAA", "cursor=a"):
        reply = await world.anonymous.get(f"/specialists?{wrong}")
        assert (reply.status, reply.code) == (400, "INVALID_CURSOR")


@pytest.mark.parametrize(
    "wrong",
    [
        "limit=0", "limit=1000000000", "sort=age", "min_price=-1", "max_price=9223372036854775808",
        "currency=usd", "available_on=tomorrow", "available_on=9999-12-31", "q=" + "x" * 81,
        "q=%00", "specialty=%00",
    ],
)  # fmt: skip
async def test_what_does_not_fit_is_refused(world: World, wrong: str) -> None:
    reply = await world.anonymous.get(f"/specialists?{wrong}")
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


async def test_available_on_means_a_free_time_on_the_specialists_own_date(world: World) -> None:
    monday = await world.specialist("Monday", open="mon 09:00-09:30", time_zone="Asia/Dubai")
    await world.specialist("Night", open="tue 00:00-00:30", time_zone="Pacific/Auckland")
    date = monday.at("mon 09:00").date()

    async def found(day: Any) -> list[str]:
        return await names(world.anonymous, f"?available_on={day}")

    # Auckland's Tuesday begins while it is still Monday in UTC.
    assert await found(date) == ["Monday"]
    assert await found(date + timedelta(days=1)) == ["Night"]
    assert await found(date + timedelta(days=2)) == []
    assert await found("2020-01-06") == []
    await (await world.client()).post("/holds", monday.slot("mon 09:00"))
    assert await found(date) == []


async def test_available_on_heeds_exceptions(world: World) -> None:
    sarah = await world.specialist("Sarah", open="mon 09:00-17:00")
    monday = sarah.at("mon 09:00").date()
    tuesday = monday + timedelta(days=1)
    await sarah.post("/specialists/me/availability-exceptions", {"date": str(monday)})
    await sarah.post(
        "/specialists/me/availability-exceptions",
        {"date": str(tuesday), "is_available": True, "starts_at": "10:00", "ends_at": "11:00"},
    )
    assert await names(world.anonymous, f"?available_on={monday}") == []
    assert await names(world.anonymous, f"?available_on={tuesday}") == ["Sarah"]


async def test_available_on_looks_at_so_many_calendars_and_goes_on_from_there(
    world: World,
) -> None:
    """201 specialists are taken on the day, the 202nd is free: the second page finds him."""
    model = await world.specialist("000", open="mon 09:00-09:30")
    date = model.at("mon 09:00")
    await world.superuser.execute(CROWD, model.id)
    await world.superuser.execute(TAKEN, date)
    await world.specialist("zzz", open="mon 09:00-09:30")

    first = await world.anonymous.get(f"/specialists?available_on={date.date()}&sort=name")
    assert first.json["items"] == []
    second = await world.anonymous.get(
        f"/specialists?available_on={date.date()}&sort=name&cursor={first.json['next_cursor']}"
    )
    assert [card["full_name"] for card in second.json["items"]] == ["zzz"]
    assert second.json["next_cursor"] is None


async def test_the_worker_refreshes_the_next_free_time(world: World) -> None:
    sarah = await world.specialist(open="mon 09:00-17:00")
    await world.work_off("availability.refresh_next_open")
    card = (await world.anonymous.get("/specialists")).json["items"][0]
    slots = (await world.anonymous.get(f"/specialists/{sarah.id}/slots")).json["items"]
    assert card["next_open_at"][:16] == slots[0]["starts_at"][:16]


async def test_a_card_names_the_person_it_is_about(world: World) -> None:
    sarah = await world.specialist()
    [card] = await world.anonymous.sees("/specialists")
    assert UUID(card["id"]) == sarah.id
    assert card["from_price"] == {"amount_minor": 15_000, "currency": "USD"}
    assert card["rating"] == {"average": None, "count": 0}
    await rate(world, sarah, "4.50")
    [card] = await world.anonymous.sees("/specialists")
    assert card["rating"] == {"average": 4.5, "count": 1}


CROWD = """
WITH people AS (
    INSERT INTO app.users (email, role) SELECT 'crowd.' || n || '@example.org', 'specialist'
    FROM generate_series(1, 200) n RETURNING id
), pages AS (
    INSERT INTO app.specialists (id, full_name, time_zone, is_verified, verified_at)
    SELECT id, 'crowd ' || id, 'UTC', true, now() FROM people RETURNING id
)
INSERT INTO app.availability_rules (specialist_id, weekday, starts_minute, ends_minute)
SELECT p.id, r.weekday, r.starts_minute, r.ends_minute
FROM pages p CROSS JOIN app.availability_rules r WHERE r.specialist_id = $1
"""
TAKEN = """
INSERT INTO app.slots
    (specialist_id, starts_at, ends_at, session_starts_at, session_ends_at, status)
SELECT c.specialist_id, s.at, s.at + interval '30 minutes', s.at, s.at + interval '30 minutes',
       'booked'
FROM app.calendars c CROSS JOIN (SELECT $1::timestamptz AS at) s
"""
