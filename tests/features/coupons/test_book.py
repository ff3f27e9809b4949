"""Booking with a coupon: what it takes off, what is charged, and what the booking keeps."""

from typing import Any

import pytest

from tests.features.bookings.stages import Stage
from tests.features.coupons.coupon_desk import asks, counted, fixed, offers
from tests.world import World

VISA = {"payment_method": "pm_sandbox_visa"}


@pytest.mark.parametrize(
    ("price", "currency", "terms", "discount"),
    [
        (20_000, "USD", {"percent": 10}, 2_000),
        (20_000, "USD", {"percent": 100}, 20_000),
        (1_050, "JPY", {"percent": 1}, 11),
        (1_049, "JPY", {"percent": 1}, 10),
        (50, "JPY", {"percent": 1}, 1),
        (12_345, "KWD", {"percent": 30}, 3_704),
        (12_343, "KWD", {"percent": 50}, 6_172),
        (9_999, "USD", {"percent": 33}, 3_300),
        (10_000_000_000, "JPY", {"percent": 99}, 9_900_000_000),
        (20_000, "USD", fixed(500), 500),
        (20_000, "USD", fixed(20_000), 20_000),
        (20_000, "USD", fixed(10_000_000_000), 20_000),
        (700, "JPY", fixed(701, "JPY"), 700),
    ],
)
async def test_price_discount_and_total(
    world: World, price: int, currency: str, terms: dict[str, Any], discount: int
) -> None:
    sarah = await world.specialist(price=price, currency=currency)
    anna = await world.client()
    coupon = await offers(sarah, **terms)
    tried = (await asks(anna, sarah, "TEN")).json

    booking = await anna.books(sarah, "mon 10:00", coupon_code="TEN")

    shown = {name: booking[name] for name in ("price", "discount", "total")}
    assert shown == {
        "price": {"amount_minor": price, "currency": currency},
        "discount": {"amount_minor": discount, "currency": currency},
        "total": {"amount_minor": price - discount, "currency": currency},
    }
    assert shown == {name: tried[name] for name in shown}
    (usage,) = await world.rows("SELECT * FROM app.coupon_usages")
    assert (usage["discount_minor"], usage["currency"]) == (discount, currency)
    assert str(usage["coupon_id"]) == coupon["id"]
    assert await counted(world, coupon) == (1, 1)


async def test_the_provider_is_asked_for_the_total_once(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await offers(sarah, percent=25)
    booking = await anna.books(sarah, "mon 10:00", coupon_code="TEN", **VISA)
    stage = Stage(world, sarah, anna, booking["id"], sarah.at("mon 10:00"))
    assert booking["payment"]["amount"] == booking["total"] == _usd(15_000)
    charge = await stage.charge()
    assert (charge.amount.amount_minor, charge.amount.currency) == (15_000, "USD")

    confirmed = (await stage.confirm()).json

    assert confirmed["payment"]["captured"] == _usd(15_000)
    assert (await stage.charge()).captured_minor == 15_000
    # And it is the total that comes back.
    assert (await stage.cancel()).status == 200
    assert (await stage.payment())["refunded"] == _usd(15_000)


@pytest.mark.parametrize(
    ("auto_confirm", "status"), [(False, "awaiting_confirmation"), (True, "confirmed")]
)
@pytest.mark.parametrize("terms", [{"percent": 100}, fixed(99_999)])
async def test_what_costs_nothing_is_not_paid(
    world: World, auto_confirm: bool, status: str, terms: dict[str, Any]
) -> None:
    sarah = await world.specialist(auto_confirm=auto_confirm)
    anna = await world.client()
    await offers(sarah, **terms)
    booking = await anna.books(sarah, "mon 10:00", coupon_code="TEN", **VISA)
    assert (booking["status"], booking["payment"]) == (status, None)
    assert booking["total"] == _usd(0)
    assert await world.value("SELECT count(*) FROM app.payments") == 0
    assert await world.value("SELECT status FROM app.slots") == "booked"
    if not auto_confirm:
        confirmed = await sarah.post(f"/bookings/{booking['id']}/confirm")
        assert (confirmed.status, confirmed.json["status"]) == (200, "confirmed")


async def test_a_use_is_not_wasted_on_nothing(world: World) -> None:
    free = await world.specialist("Dr. Free", price=0)
    cheap = await world.specialist("Dr. Cheap", price=49, currency="JPY")
    anna = await world.client()
    for sarah, percent in ((free, 100), (cheap, 1)):
        await offers(sarah, percent=percent)
        reply = await anna.post("/bookings", sarah.booking("mon 10:00", coupon_code="TEN"))
        assert (reply.status, reply.code) == (409, "COUPON_NOT_APPLICABLE")


async def test_exactly_the_minimum_is_enough(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await offers(sarah, minimum=_usd(20_000))
    booking = await anna.books(sarah, "mon 10:00", coupon_code="TEN")
    assert booking["discount"] == _usd(2_000)
    cheaper = sarah.booking("mon 11:00", kind="followup", coupon_code="TEN")
    assert (await anna.post("/bookings", cheaper)).code == "COUPON_MINIMUM_NOT_REACHED"


async def test_so_often_in_all(world: World) -> None:
    sarah = await world.specialist()
    anna, ben, carl = [await world.client(name) for name in ("Anna", "Ben", "Carl")]
    coupon = await offers(sarah, most_uses=2)
    await anna.books(sarah, "mon 10:00", coupon_code="TEN")
    await ben.books(sarah, "mon 11:00", coupon_code="TEN")
    body = sarah.booking("mon 12:00", coupon_code="TEN")
    for reply in (await carl.post("/bookings", body), await asks(carl, sarah, "TEN")):
        assert (reply.status, reply.code) == (409, "COUPON_USED_UP")
    assert await counted(world, coupon) == (2, 2)
    # The session itself is not gone.
    assert (await carl.post("/bookings", body | {"coupon_code": None})).status == 201


async def test_so_often_for_each_person(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    await offers(sarah, most_uses_per_client=1)
    await anna.books(sarah, "mon 10:00", coupon_code="TEN")
    body = sarah.booking("mon 11:00", coupon_code="TEN")
    for reply in (await anna.post("/bookings", body), await asks(anna, sarah, "TEN")):
        assert (reply.status, reply.code) == (409, "COUPON_USED_BY_YOU")
    # Whom the specialist books for is who uses it.
    for_her = await sarah.post("/bookings", body | {"client_id": str(anna.id)})
    assert for_her.code == "COUPON_USED_BY_YOU"
    for_him = await sarah.post("/bookings", body | {"client_id": str(ben.id)})
    assert for_him.status == 201, for_him.json


async def test_one_discount_only(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    coupon = await offers(sarah)
    body = sarah.booking("mon 10:00", coupon_code="TEN", package_purchase_id=str(sarah.id))
    reply = await anna.post("/bookings", body)
    assert (reply.status, reply.code) == (422, "ONE_DISCOUNT_ONLY")
    assert await counted(world, coupon) == (0, 0)


async def test_a_booking_keeps_what_it_was_given(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    coupon = await offers(sarah, most_uses=5)
    booking = await anna.books(sarah, "mon 10:00", coupon_code="TEN", **VISA)
    path = f"/specialists/me/coupons/{coupon['id']}"
    terms = {"is_active": False, "most_uses": 1, "minimum": None, "description": "Over"}
    assert (await sarah.patch(path, terms)).status == 200
    await world.superuser.execute("UPDATE app.coupons SET percent = 90, code = 'OTHER'")
    seen = (await anna.get(f"/bookings/{booking['id']}")).json
    assert {seen[name]["amount_minor"] for name in ("discount", "total")} == {2_000, 18_000}
    kept = await world.rows("SELECT coupon_id, coupon_code FROM app.bookings")
    assert [(str(one["coupon_id"]), one["coupon_code"]) for one in kept] == [(coupon["id"], "TEN")]
    confirmed = (await sarah.post(f"/bookings/{booking['id']}/confirm")).json
    assert confirmed["payment"]["captured"] == _usd(18_000)


async def test_the_own_coupon_comes_before_one_of_the_house(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    anna, ada = await world.client(), await world.admin()
    house = {"code": "TEN", "kind": "percent", "percent": 50}
    assert (await ada.post("/admin/coupons", house)).status == 201
    own = await offers(sarah)
    booked = [
        (await anna.books(one, "mon 10:00", coupon_code="TEN"))["discount"]["amount_minor"]
        for one in (sarah, omar)
    ]
    assert booked == [2_000, 10_000]
    await sarah.patch(f"/specialists/me/coupons/{own['id']}", {"is_active": False})
    later = await anna.books(sarah, "mon 11:00", coupon_code="TEN")
    assert later["discount"] == _usd(10_000)


async def test_a_refused_time_takes_no_use(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    coupon = await offers(sarah, most_uses=1)
    await ben.books(sarah, "mon 10:00")
    taken = await anna.post("/bookings", sarah.booking("mon 10:00", coupon_code="TEN"))
    assert (taken.status, taken.code) == (409, "SLOT_TAKEN")
    assert await counted(world, coupon) == (0, 0)
    assert (await anna.books(sarah, "mon 11:00", coupon_code="TEN"))["discount"] == _usd(2_000)


async def test_the_same_key_takes_one_use(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    coupon = await offers(sarah, most_uses_per_client=1)
    body = sarah.booking("mon 10:00", coupon_code="TEN", **VISA)
    first = await anna.post("/bookings", body, key="once")
    again = await anna.post("/bookings", body, key="once")
    assert (first.status, again.status) == (201, 201)
    assert first.content == again.content
    assert await counted(world, coupon) == (1, 1)


def _usd(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "USD"}
