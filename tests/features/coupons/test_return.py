"""What becomes of a use: it comes back with a booking that came to nothing, and once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.features.bookings.stages import Stage
from tests.features.coupons.coupon_desk import asks, counted, offers
from tests.world import Specialist, World

VISA = {"payment_method": "pm_sandbox_visa"}
ONCE: dict[str, Any] = {"most_uses": 1, "most_uses_per_client": 1}


async def booked(world: World, sarah: Specialist, **more: Any) -> Stage:
    anna = await world.client()
    booking = await anna.books(sarah, "mon 10:00", coupon_code="TEN", **more)
    return Stage(world, sarah, anna, booking["id"], sarah.at("mon 10:00"))


async def is_used(stage: Stage, coupon: Any) -> bool:
    """Whether the only use is taken, as everybody would find it."""
    says, stands = await counted(stage.world, coupon)
    assert says == stands
    ben = await stage.world.client("Ben")
    tried = await asks(ben, stage.sarah, "TEN")
    assert (tried.code == "COUPON_USED_UP") == (stands == 1)
    return stands == 1


async def can_be_used_again(stage: Stage, coupon: Any) -> None:
    """By the same person, and then not once more."""
    again = await stage.anna.books(stage.sarah, "tue 10:00", coupon_code="TEN")
    assert again["discount"]["amount_minor"] == 2_000
    body = stage.sarah.booking("wed 10:00", coupon_code="TEN")
    assert (await stage.anna.post("/bookings", body)).code == "COUPON_USED_UP"
    assert await counted(stage.world, coupon) == (1, 1)


async def test_an_unpaid_booking_gives_it_back(world: World) -> None:
    sarah = await world.specialist()
    coupon = await offers(sarah, **ONCE)
    stage = await booked(world, sarah)
    assert await is_used(stage, coupon)
    await world.travel(minutes=31)
    await world.work_off("bookings.expire")
    assert (await stage.seen())["status"] == "expired"
    assert not await is_used(stage, coupon)
    await can_be_used_again(stage, coupon)


async def test_the_database_functions_sweep_gives_it_back(world: World) -> None:
    sarah = await world.specialist()
    coupon = await offers(sarah, **ONCE)
    stage = await booked(world, sarah)
    await world.travel(minutes=31)
    async with world.database.connected("consulta_worker") as connection:
        assert await connection.fetchval("SELECT app.cleanup_expired_bookings()") == 1
        assert await connection.fetchval("SELECT app.cleanup_expired_bookings()") == 0
    assert not await is_used(stage, coupon)
    await can_be_used_again(stage, coupon)


async def test_an_unconfirmed_booking_gives_it_back(world: World) -> None:
    sarah = await world.specialist(confirmation_hours=2)
    coupon = await offers(sarah, percent=100, **ONCE)
    stage = await booked(world, sarah)
    await world.travel(hours=2, minutes=1)
    await world.work_off("bookings.expire")
    assert (await stage.seen())["status"] == "expired"
    assert not await is_used(stage, coupon)


async def test_whoever_takes_a_lapsed_time_gives_the_other_ones_use_back(world: World) -> None:
    sarah, ben = await world.specialist(), await world.client("Ben")
    coupon = await offers(sarah, **ONCE)
    stage = await booked(world, sarah)
    await world.travel(minutes=31)
    await ben.books(sarah, stage.starts_at)
    assert not await is_used(stage, coupon)


@pytest.mark.parametrize("who", ["specialist declines", "specialist cancels", "admin", "client"])
async def test_who_ends_it_before_it_is_confirmed_gives_it_back(world: World, who: str) -> None:
    sarah = await world.specialist()
    coupon = await offers(sarah, **ONCE)
    stage = await booked(world, sarah, **VISA)
    verb = "decline" if who == "specialist declines" else "cancel"
    person = {"client": stage.anna, "admin": await world.admin()}.get(who, sarah)
    assert (await person.post(f"/bookings/{stage.id}/{verb}")).status == 200
    assert not await is_used(stage, coupon)
    await can_be_used_again(stage, coupon)


async def test_an_unpaid_booking_called_off_gives_it_back(world: World) -> None:
    sarah = await world.specialist()
    coupon = await offers(sarah, **ONCE)
    stage = await booked(world, sarah)
    assert (await stage.cancel()).status == 200
    assert not await is_used(stage, coupon)


@pytest.mark.parametrize(
    ("who", "kept"), [("client", True), ("specialist", False), ("admin", False)]
)
@pytest.mark.parametrize("percent", [10, 100])
async def test_a_confirmed_session_called_off(
    world: World, who: str, kept: bool, percent: int
) -> None:
    sarah = await world.specialist()
    coupon = await offers(sarah, **ONCE, percent=percent)
    stage = await booked(world, sarah, **VISA)
    assert (await stage.confirm()).json["status"] == "confirmed"
    person = {"client": stage.anna, "admin": await world.admin()}.get(who, sarah)
    assert (await person.post(f"/bookings/{stage.id}/cancel")).status == 200
    assert await is_used(stage, coupon) == kept


async def test_a_session_that_confirmed_itself_was_confirmed(world: World) -> None:
    sarah = await world.specialist(auto_confirm=True)
    coupon = await offers(sarah, **ONCE, percent=100)
    stage = await booked(world, sarah)
    assert (await stage.cancel()).json["status"] == "cancelled"
    assert await is_used(stage, coupon)


@pytest.mark.parametrize("verb", ["complete", "no-show"])
async def test_a_session_that_was_held_used_it(world: World, verb: str) -> None:
    sarah = await world.specialist(auto_confirm=True)
    coupon = await offers(sarah, **ONCE, percent=100)
    stage = await booked(world, sarah)
    await world.stop_clock(stage.starts_at + timedelta(hours=1))
    assert (await sarah.post(f"/bookings/{stage.id}/{verb}")).status == 200
    assert await counted(world, coupon) == (1, 1)


async def test_what_came_back_counts_once_however_often_it_is_looked_at(world: World) -> None:
    """Two uses, two limits: one comes back, one more is possible, and not two."""
    sarah = await world.specialist()
    coupon = await offers(sarah, most_uses=2)
    first, second = await booked(world, sarah), await world.client("Ben")
    await second.books(sarah, "mon 11:00", coupon_code="TEN")
    assert (await first.cancel()).status == 200
    for _ in range(3):
        assert (await asks(second, sarah, "TEN")).status == 200
        taken = await second.post("/bookings", sarah.booking("mon 11:00", coupon_code="TEN"))
        assert taken.code == "SLOT_TAKEN"
    assert await counted(world, coupon) == (1, 1)
    await second.books(sarah, "mon 12:00", coupon_code="TEN")
    refused = await second.post("/bookings", sarah.booking("mon 13:00", coupon_code="TEN"))
    assert refused.code == "COUPON_USED_UP"
    own = (await sarah.get(f"/specialists/me/coupons/{coupon['id']}")).json
    assert own["used_count"] == 2
    rows = await world.rows("SELECT state, is_counted FROM app.coupon_usages ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [
        ("returned", False),
        ("used", True),
        ("used", True),
    ]


async def test_a_return_carries_its_time(world: World) -> None:
    sarah = await world.specialist()
    await offers(sarah)
    stage = await booked(world, sarah)
    now: datetime = await world.value("SELECT app.now() + interval '5 minutes'")
    await world.stop_clock(now)
    assert (await stage.cancel()).status == 200
    assert await world.value("SELECT returned_at FROM app.coupon_usages") == now
