"""Booking with a credit: reserved, then used or given back; and who may not."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.features.packages.shop import Purchase, bought
from tests.world import World


async def balance(purchase: Purchase) -> list[tuple[str, int]]:
    """The ledger without its first row, having looked that it adds up."""
    seen = await purchase.seen()
    assert seen["credits_left"] == sum(one["credits"] for one in seen["credits"])
    ledger = await purchase.ledger()
    assert ledger[0] == ("granted", seen["session_count"])
    return ledger[1:]


async def confirmed(purchase: Purchase, when: str) -> Any:
    booking = await purchase.books(when)
    reply = await purchase.sarah.post(f"/bookings/{booking['id']}/confirm")
    assert (reply.status, reply.json["status"]) == (200, "confirmed"), reply.json
    return reply.json


async def test_a_credit_pays_the_whole_price(world: World) -> None:
    purchase = await bought(world)
    booking = await purchase.books("mon 10:00")
    assert booking["status"] == "awaiting_confirmation"
    assert booking["payment"] is None
    assert booking["price"]["amount_minor"] == booking["discount"]["amount_minor"] == 20_000
    assert booking["total"]["amount_minor"] == 0
    assert await balance(purchase) == [("reserved", -1)]
    (_, reserved) = (await purchase.seen())["credits"]
    assert reserved["booking_id"] == booking["id"]


@pytest.mark.parametrize("verb", ["complete", "no-show"])
async def test_a_session_that_was_held_or_missed_has_used_it(world: World, verb: str) -> None:
    purchase = await bought(world)
    booking = await confirmed(purchase, "mon 10:00")
    await world.stop_clock(datetime.fromisoformat(booking["ends_at"]))
    reply = await purchase.sarah.post(f"/bookings/{booking['id']}/{verb}")
    assert reply.status == 200
    assert await balance(purchase) == [("reserved", -1), ("used", 0)]


async def test_declined_or_cancelled_by_the_specialist_it_comes_back(world: World) -> None:
    purchase = await bought(world)
    booking = await purchase.books("mon 10:00")
    await purchase.sarah.post(f"/bookings/{booking['id']}/decline")
    assert await balance(purchase) == [("reserved", -1), ("returned", 1)]

    booking = await confirmed(purchase, "mon 10:00")
    # Too late for the client, never for the specialist.
    await world.stop_clock(datetime.fromisoformat(booking["starts_at"]).replace(minute=0, hour=9))
    await purchase.sarah.post(f"/bookings/{booking['id']}/cancel")
    assert await balance(purchase) == [("reserved", -1), ("returned", 1)] * 2


async def test_cancelled_by_the_client_in_good_time_it_comes_back(world: World) -> None:
    purchase = await bought(world)
    booking = await confirmed(purchase, "mon 10:00")
    reply = await purchase.anna.post(f"/bookings/{booking['id']}/cancel")
    assert reply.json["status"] == "cancelled"
    assert await balance(purchase) == [("reserved", -1), ("returned", 1)]


async def test_cancelled_by_the_client_too_late_it_is_used(world: World) -> None:
    purchase = await bought(world)
    booking = await confirmed(purchase, "mon 10:00")
    await world.stop_clock(datetime.fromisoformat(booking["starts_at"]).replace(hour=7))
    await purchase.anna.post(f"/bookings/{booking['id']}/cancel")
    assert await balance(purchase) == [("reserved", -1), ("used", 0)]


async def test_cancelled_before_it_was_confirmed_it_comes_back_at_any_time(world: World) -> None:
    purchase = await bought(world)
    booking = await purchase.books("mon 10:00")
    await world.stop_clock(datetime.fromisoformat(booking["created_at"]))
    await purchase.anna.post(f"/bookings/{booking['id']}/cancel")
    assert await balance(purchase) == [("reserved", -1), ("returned", 1)]


async def test_unconfirmed_the_booking_expires_and_the_credit_comes_back(world: World) -> None:
    purchase = await bought(world, page={"confirmation_hours": 2}, valid_for_days=30)
    await purchase.books("mon 10:00")
    await world.travel(hours=3)
    await world.work_off("bookings.expire")
    assert await balance(purchase) == [("reserved", -1), ("returned", 1)]


async def test_a_purchase_that_is_valid_for_ever_stays_so_when_a_credit_comes_back(
    world: World,
) -> None:
    purchase = await bought(world)
    booking = await purchase.books("mon 10:00")
    await purchase.anna.post(f"/bookings/{booking['id']}/cancel")
    assert (await purchase.seen())["valid_until"] is None


async def test_the_last_credit_and_no_more(world: World) -> None:
    purchase = await bought(world, session_count=1)
    booking = await purchase.books("mon 10:00")
    reply = await purchase.book("tue 10:00")
    assert (reply.status, reply.code) == (409, "NO_CREDITS_LEFT")
    await purchase.anna.post(f"/bookings/{booking['id']}/cancel")
    await purchase.books("tue 10:00")
    assert await balance(purchase) == [("reserved", -1), ("returned", 1), ("reserved", -1)]


async def test_a_refused_booking_costs_no_credit(world: World) -> None:
    purchase = await bought(world)
    ben = await world.client("Ben")
    await ben.books(purchase.sarah, "mon 10:00")
    assert (await purchase.book("mon 10:00")).code == "SLOT_TAKEN"
    assert (await purchase.book("sun 10:00")).code == "SLOT_NOT_OFFERED"
    assert await balance(purchase) == []


async def test_a_credit_buys_its_own_rate_at_its_own_specialist(world: World) -> None:
    purchase = await bought(world)
    omar = await world.specialist("Dr. Omar")
    reply = await purchase.book("mon 10:00", kind="followup")
    assert (reply.status, reply.code) == (409, "CREDIT_FOR_ANOTHER_RATE")
    elsewhere = await purchase.anna.post(
        "/bookings", omar.booking("mon 10:00", package_purchase_id=purchase.id)
    )
    assert (elsewhere.status, elsewhere.code) == (404, "PACKAGE_PURCHASE_NOT_FOUND")


async def test_nobody_elses_credit_pays(world: World) -> None:
    purchase = await bought(world)
    ben = await world.client("Ben")
    for wish in (
        purchase.booking("mon 10:00"),
        purchase.sarah.booking("mon 10:00", package_purchase_id=str(uuid4())),
    ):
        reply = await ben.post("/bookings", wish)
        assert (reply.status, reply.code) == (404, "PACKAGE_PURCHASE_NOT_FOUND")
    assert await balance(purchase) == []


async def test_the_specialist_books_for_the_client_with_the_clients_credit(world: World) -> None:
    purchase = await bought(world)
    wish = purchase.booking("mon 10:00", client_id=str(purchase.anna.id))
    reply = await purchase.sarah.post("/bookings", wish)
    assert (reply.status, reply.json["status"]) == (201, "confirmed")
    assert await balance(purchase) == [("reserved", -1)]


async def test_what_is_unpaid_or_over_pays_nothing(world: World) -> None:
    unpaid = await bought(world, method=None)
    lapsed = await bought(world, sarah=unpaid.sarah, valid_for_days=1)
    refunded = await bought(world, sarah=unpaid.sarah)
    assert (await refunded.refund()).status == 200
    # Over by its date, before the job has written it off.
    await world.travel(days=1, minutes=1)
    for purchase in (unpaid, lapsed, refunded):
        reply = await purchase.book("wed 10:00")
        assert (reply.status, reply.code) == (409, "PACKAGE_NOT_VALID")


async def test_a_credit_and_a_coupon_do_not_go_together(world: World) -> None:
    purchase = await bought(world)
    reply = await purchase.book("mon 10:00", coupon_code="SPRING")
    assert reply.code == "ONE_DISCOUNT_ONLY"
    assert await balance(purchase) == []


async def test_cash_never_pays_for_what_the_database_would_refuse(world: World) -> None:
    """The check below zero is the last word, and means NO_CREDITS_LEFT."""
    purchase = await bought(world, session_count=1)
    body: str = await world.value("SELECT pg_get_functiondef('app.lock_credit'::regproc)")
    careless = body.replace("ELSIF bought.credits_left < 1 THEN", "ELSIF false THEN")
    assert careless != body
    await world.superuser.execute(careless)
    await purchase.books("mon 10:00")
    reply = await purchase.book("tue 10:00")
    assert (reply.status, reply.code) == (409, "NO_CREDITS_LEFT")
    assert await balance(purchase) == [("reserved", -1)]
