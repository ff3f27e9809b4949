"""Many want the last uses of a coupon: never one more gets it, and nobody stands in the way."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TestDatabase
from tests.races.arena import Arena, all_at_once, running_arena
from tests.world import Client, Reply, Specialist

pytestmark = pytest.mark.slow

ALL_DAY = "sun-sat 00:00-24:00"
USES = 10
LOCK = "    SELECT * INTO coupon FROM app.coupons c WHERE c.id = coupon.id FOR UPDATE;\n"
COUNT = "    UPDATE app.coupons c SET used_count = coupon.used_count + 1 WHERE c.id = coupon.id;\n"
CHECK = "    IF refusal IS NOT NULL THEN\n"


async def coupon_of_the_house(arena: Arena, code: str, **terms: Any) -> Any:
    ada = await arena.world.admin()
    body = {"code": code, "kind": "percent", "percent": 10, **terms}
    reply = await ada.post("/admin/coupons", body)
    assert reply.status == 201, reply.json
    return reply.json


async def coupon_of(sarah: Specialist, **terms: Any) -> Any:
    body = {"code": "TEN", "kind": "percent", "percent": 10, **terms}
    reply = await sarah.post("/specialists/me/coupons", body)
    assert reply.status == 201, reply.json
    return reply.json


def wishes(
    people: Sequence[Client], specialists: Sequence[Specialist], code: str, *, first: str
) -> list[Any]:
    """Everybody books a time of the own with that code, the specialists in turn."""
    return [
        one.post(
            "/bookings",
            sarah.booking(
                sarah.at(first) + timedelta(minutes=30 * (number // len(specialists))),
                coupon_code=code,
            ),
        )
        for number, one in enumerate(people)
        for sarah in [specialists[number % len(specialists)]]
    ]


def outcome(replies: Sequence[Reply]) -> Counter[tuple[int, str | None]]:
    # A coupon has a code, too, and that of a refusal is meant.
    return Counter((one.status, one.code if one.status >= 400 else None) for one in replies)


async def uses(arena: Arena, coupon: Any) -> dict[str, int]:
    """What the coupon counts, which usages it counts, and which of them stand."""
    (row,) = await arena.world.rows(
        "SELECT c.used_count, count(*) FILTER (WHERE u.is_counted) AS counted,"
        " count(*) FILTER (WHERE u.state = 'used') AS standing"
        " FROM app.coupons c LEFT JOIN app.coupon_usages u ON u.coupon_id = c.id"
        " WHERE c.id = $1 GROUP BY c.id",
        coupon["id"],
    )
    return row


@pytest.mark.parametrize("specialists", [1, 20])
async def test_ten_of_two_hundred_get_the_discount(arena: Arena, specialists: int) -> None:
    many = [await arena.world.specialist(open=ALL_DAY) for _ in range(specialists)]
    code = f"HOUSE-{specialists}"
    coupon = await coupon_of_the_house(arena, code, most_uses=USES)
    deadlocks = await arena.deadlocks()

    replies = await all_at_once(wishes(arena.crowd, many, code, first="mon 00:00"))

    assert outcome(replies) == {(201, None): USES, (409, "COUPON_USED_UP"): 200 - USES}
    assert await uses(arena, coupon) == dict.fromkeys(("used_count", "counted", "standing"), USES)
    assert await arena.deadlocks() == deadlocks
    # Who was refused left nothing behind.
    left = await arena.world.rows(
        "SELECT (SELECT count(*) FROM app.bookings WHERE specialist_id = ANY ($1)) AS bookings,"
        " (SELECT count(*) FROM app.slots WHERE specialist_id = ANY ($1)) AS slots,"
        " (SELECT count(*) FROM app.payments WHERE specialist_id = ANY ($1)) AS payments",
        [one.id for one in many],
    )
    assert left == [dict.fromkeys(("bookings", "slots", "payments"), USES)]


async def test_one_person_uses_it_once(arena: Arena) -> None:
    many = [await arena.world.specialist(open=ALL_DAY) for _ in range(4)]
    coupon = await coupon_of_the_house(arena, "ONCE", most_uses_per_client=1)
    anna = await arena.world.client()
    lines = [arena.over(number, anna) for number in range(20)]

    replies = await all_at_once(wishes(lines, many, "ONCE", first="mon 00:00"))

    assert outcome(replies) == {(201, None): 1, (409, "COUPON_USED_BY_YOU"): 19}
    assert (await uses(arena, coupon))["standing"] == 1


async def test_uses_that_come_back_while_others_want_them(arena: Arena) -> None:
    """Ten have it, all ten call off, and sixty want it: never more than ten have it."""
    sarah = await arena.world.specialist(open=ALL_DAY)
    coupon = await coupon_of(sarah, most_uses=USES)
    holders = arena.crowd[:USES]
    booked = await asyncio.gather(*wishes(holders, [sarah], "TEN", first="mon 00:00"))
    assert outcome(booked) == {(201, None): USES}
    deadlocks = await arena.deadlocks()

    calls = [
        one.post(f"/bookings/{reply.json['id']}/cancel")
        for one, reply in zip(holders, booked, strict=True)
    ]
    others = wishes(arena.crowd[20:80], [sarah], "TEN", first="tue 00:00")
    mixed = [act for number, act in enumerate(others) for act in (*calls[number : number + 1], act)]
    replies = await all_at_once(mixed)

    found = outcome(replies)
    won = found[201, None]
    assert found == {
        (200, None): USES,
        (201, None): won,
        (409, "COUPON_USED_UP"): len(others) - won,
    }
    row = await uses(arena, coupon)
    assert row["standing"] == won <= USES
    assert row["used_count"] == row["counted"] <= USES
    # What is left can be had, to the last one.
    rest = await asyncio.gather(
        *wishes(arena.crowd[100 : 100 + USES], [sarah], "TEN", first="wed 00:00")
    )
    assert outcome(rest)[201, None] == USES - won
    assert await uses(arena, coupon) == dict.fromkeys(row, USES)
    assert await arena.deadlocks() == deadlocks


async def test_the_sweep_against_bookings_with_the_same_coupon(arena: Arena) -> None:
    """Unpaid bookings of ten calendars lapse; sweeps and others with the coupon meet there."""
    many = [await arena.world.specialist(open=ALL_DAY) for _ in range(10)]
    coupon = await coupon_of_the_house(arena, "SWEPT", most_uses=40)
    booked = await asyncio.gather(*wishes(arena.crowd[:40], many, "SWEPT", first="mon 00:00"))
    assert outcome(booked) == {(201, None): 40}
    deadlocks = await arena.deadlocks()
    ids = [one.id for one in many]
    await arena.world.superuser.execute(
        "UPDATE app.bookings SET expires_at = app.now() WHERE specialist_id = ANY ($1)", ids
    )
    await arena.world.superuser.execute(
        "UPDATE app.slots SET held_until = app.now() WHERE specialist_id = ANY ($1)", ids
    )

    async def sweep(pause: float) -> None:
        await asyncio.sleep(pause)
        async with arena.world.database.connected("consulta_worker") as connection:
            await connection.execute("SELECT app.cleanup_expired_bookings()")

    # Half of them want the very times that have lapsed, and expire what is in their way.
    claims = [
        *wishes(arena.crowd[40:80], many, "SWEPT", first="mon 00:00"),
        *wishes(arena.crowd[80:120], many, "SWEPT", first="tue 00:00"),
    ]
    replies, *_ = await asyncio.gather(
        all_at_once(claims), *(sweep(pause / 50) for pause in range(8))
    )

    won = outcome(replies)[201, None]
    assert outcome(replies).keys() <= {(201, None), (409, "COUPON_USED_UP")}
    row = await uses(arena, coupon)
    assert row["standing"] == won <= 40
    assert row["used_count"] == row["counted"]
    assert await arena.deadlocks() == deadlocks
    expired = await arena.world.value(
        "SELECT count(*) FROM app.bookings WHERE specialist_id = ANY ($1) AND status = 'expired'",
        ids,
    )
    assert expired == 40


async def test_terms_that_change_while_it_is_used(arena: Arena) -> None:
    sarah = await arena.world.specialist(open=ALL_DAY)
    coupon = await coupon_of(sarah)
    deadlocks = await arena.deadlocks()
    desk = [Client(line.http, id=sarah.id, token=sarah.token) for line in arena.crowd[:10]]
    path = f"/specialists/me/coupons/{coupon['id']}"
    changes = [
        one.patch(path, {"is_active": bool(number % 2), "most_uses": 100 + number})
        for number, one in enumerate(desk)
    ]
    more = [
        one.post("/specialists/me/coupons", {"code": f"NO-{n}", "kind": "percent", "percent": 1})
        for n, one in enumerate(desk)
    ]
    others = wishes(arena.crowd[20:80], [sarah], "TEN", first="mon 00:00")
    replies = await all_at_once([*changes, *others[:30], *more, *others[30:]])
    assert outcome(replies).keys() <= {(200, None), (201, None), (404, "COUPON_NOT_FOUND")}
    row = await uses(arena, coupon)
    assert row["used_count"] == row["counted"] == row["standing"]
    assert await arena.deadlocks() == deadlocks


@pytest.mark.parametrize("flaw", ["no lock", "no check"])
async def test_a_careless_coupon_is_used_too_often(
    database: TestDatabase, tmp_path: Path, flaw: str
) -> None:
    """The control: the same races on a sabotaged database must go wrong."""
    async with running_arena(database, people=60, logs=tmp_path) as arena:
        body: str = await arena.world.value("SELECT pg_get_functiondef('app.spend'::regproc)")
        assert body.count(LOCK) == body.count(COUNT) == body.count(CHECK) == 1
        if flaw == "no lock":
            # And time enough between the look at the coupon and the count.
            body = body.replace(LOCK, LOCK.replace(" FOR UPDATE", ""))
            body = body.replace(COUNT, "    PERFORM pg_sleep(0.05);\n" + COUNT)
        else:
            body = body.replace(CHECK, "    IF false THEN\n")
        await arena.world.superuser.execute(body)
        many = [await arena.world.specialist(open=ALL_DAY) for _ in range(30)]
        await coupon_of_the_house(arena, "FEW", most_uses=USES)
        replies = await all_at_once(wishes(arena.crowd, many, "FEW", first="mon 00:00"))
        assert outcome(replies)[201, None] > USES
        await coupon_of_the_house(arena, "ONCE", most_uses_per_client=1)
        anna = await arena.world.client()
        lines = [arena.over(number, anna) for number in range(20)]
        replies = await all_at_once(wishes(lines, many, "ONCE", first="tue 00:00"))
        assert outcome(replies)[201, None] > 1
