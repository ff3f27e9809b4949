"""Many want the last credit at once, and a refund wants it, too: exactly one gets it. With a
control: the same on a sabotaged database goes wrong.
"""

import asyncio
from collections import Counter
from datetime import timedelta

from tests.features.packages.shop import Purchase, bought
from tests.world import World

ALL_DAY = {"open": "sun-sat 00:00-24:00"}
CROWD = 50
LOCK = "    FOR UPDATE;\n"
ENOUGH = "bought.credits_left < 1"


async def last_credit(world: World) -> Purchase:
    return await bought(world, session_count=1, page=ALL_DAY)


async def rush(purchase: Purchase) -> Counter[tuple[int, str | None]]:
    """The credit is asked for fifty different times at once."""
    first = purchase.sarah.at("mon 00:00")
    wishes = [purchase.book(first + timedelta(minutes=30 * number)) for number in range(CROWD)]
    replies = await asyncio.gather(*wishes)
    return Counter((reply.status, reply.code) for reply in replies)


async def test_the_last_credit_fifty_times_at_once_and_exactly_one_gets_it(world: World) -> None:
    for _ in range(3):
        purchase = await last_credit(world)
        outcome = await rush(purchase)
        assert outcome == {(201, None): 1, (409, "NO_CREDITS_LEFT"): CROWD - 1}
        assert await purchase.ledger() == [("granted", 1), ("reserved", -1)]


async def test_without_lock_and_check_the_last_credit_is_spent_often(world: World) -> None:
    """The control: nobody looks whether a credit is left, and nothing stops at zero."""
    body: str = await world.value("SELECT pg_get_functiondef('app.lock_credit'::regproc)")
    assert body.count(LOCK) == body.count(ENOUGH) == 1
    spend: str = await world.value("SELECT pg_get_functiondef('app.spend'::regproc)")
    calendar = (
        "    PERFORM 1 FROM app.calendars c WHERE c.specialist_id = p_specialist FOR UPDATE;\n"
    )
    assert spend.count(calendar) == 1
    # The look at the credits happens unlocked, and long enough before anything is spent.
    await world.superuser.execute(body.replace(LOCK, "    ;\n    PERFORM pg_sleep(0.1);\n"))
    await world.superuser.execute(spend.replace(calendar, ""))
    await world.superuser.execute(
        "ALTER TABLE app.package_purchases DROP CONSTRAINT ck_package_purchases_credits"
    )
    purchase = await last_credit(world)
    outcome = await rush(purchase)
    assert outcome[201, None] > 1
    assert (await purchase.seen())["credits_left"] < 0


async def test_a_refund_and_a_booking_want_the_last_credit(world: World) -> None:
    winners = set()
    for number in range(8):
        purchase = await last_credit(world)
        booking = purchase.book("mon 10:00")
        acts = [purchase.refund(), booking] if number % 2 else [booking, purchase.refund()]
        replies = await asyncio.gather(*acts)
        refunded, booked = replies if number % 2 else replies[::-1]
        seen = await purchase.seen()
        if booked.status == 201:
            assert (refunded.status, refunded.code) == (409, "NOTHING_TO_REFUND")
            assert (seen["status"], seen["payment"]["status"]) == ("active", "paid")
            assert await purchase.ledger() == [("granted", 1), ("reserved", -1)]
        else:
            assert (refunded.status, booked.code) == (200, "PACKAGE_NOT_VALID")
            assert (seen["status"], seen["payment"]["status"]) == ("refunded", "refunded")
            assert await purchase.ledger() == [("granted", 1), ("refunded", -1)]
        assert seen["credits_left"] == 0
        winners.add(booked.status)
    assert winners <= {201, 409}


async def test_many_refunds_return_the_money_once(world: World) -> None:
    purchase = await bought(world)
    replies = await asyncio.gather(*(purchase.refund() for _ in range(10)))
    outcome = Counter((reply.status, reply.code) for reply in replies)
    assert outcome == {(200, None): 1, (409, "NOTHING_TO_REFUND"): 9}
    assert (await purchase.charge()).refunded_minor == 8_000


async def test_a_purchase_that_lapses_while_it_is_paid_is_one_or_the_other(world: World) -> None:
    """Cancelled with its money back, or active: never both."""
    for _ in range(4):
        purchase = await bought(world, method=None)
        await world.travel(minutes=31)
        await asyncio.gather(
            world.cron("expire-packages"), purchase.pay("pm_sandbox_visa"), return_exceptions=True
        )
        for _ in range(3):
            await world.work_off()
            await world.travel(minutes=2)
            await world.cron("expire-packages")
        status, paid, left = await purchase.status()
        assert (status, paid, left) in {
            ("active", "paid", 4),
            ("cancelled", "cancelled", 0),
            ("cancelled", "refunded", 0),
        }
