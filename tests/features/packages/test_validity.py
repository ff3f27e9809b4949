"""Credits end with their purchase, but for those that a session still has."""

from datetime import datetime, timedelta

from tests.features.packages.shop import bought
from tests.world import World


async def test_what_is_left_at_the_end_is_written_off(world: World) -> None:
    purchase = await bought(world, valid_for_days=10)
    await world.travel(days=9, hours=23)
    await world.work_off("packages.expire")
    assert await purchase.status() == ("active", "paid", 4)

    await world.travel(hours=2)
    reply = await world.cron("expire-packages")

    assert reply.status == 200
    assert await purchase.status() == ("expired", "paid", 0)
    assert await purchase.ledger() == [("granted", 4), ("expired", -4)]
    await world.cron("expire-packages")
    assert len(await purchase.ledger()) == 2
    assert (await purchase.refund()).code == "NOTHING_TO_REFUND"


async def test_a_session_keeps_its_credit_and_the_purchase_waits_for_it(world: World) -> None:
    purchase = await bought(world, valid_for_days=1)
    booking = await purchase.books("mon 10:00")
    await purchase.sarah.post(f"/bookings/{booking['id']}/confirm")
    await world.travel(days=1, minutes=1)
    await world.work_off("packages.expire")
    assert await purchase.status() == ("active", "paid", 0)
    assert await purchase.ledger() == [("granted", 4), ("reserved", -1), ("expired", -3)]

    await purchase.sarah.post(f"/bookings/{booking['id']}/cancel")

    seen = await purchase.seen()
    assert (seen["status"], seen["credits_left"]) == ("active", 1)
    # What comes back through no fault of the client can still be used.
    now = await world.value("SELECT app.now()")
    assert datetime.fromisoformat(seen["valid_until"]) - now > timedelta(days=29, hours=23)
    await purchase.books("tue 10:00")


async def test_booking_and_cancelling_does_not_make_credits_last_longer(world: World) -> None:
    purchase = await bought(world, valid_for_days=10)
    until = (await purchase.seen())["valid_until"]
    booking = await purchase.books("mon 10:00")

    await purchase.anna.post(f"/bookings/{booking['id']}/cancel")

    seen = await purchase.seen()
    assert (seen["credits_left"], seen["valid_until"]) == (4, until)


async def test_money_that_is_being_written_down_is_waited_for(world: World) -> None:
    purchase = await bought(world, method=None, page={"provider": "manual"})
    seen = await purchase.seen()
    expires_at = datetime.fromisoformat(seen["expires_at"])
    await world.stop_clock(expires_at - timedelta(seconds=5))
    # What the specialist said is decided, and the process is gone before it is recorded.
    await world.superuser.execute(
        "INSERT INTO app.payment_operations (payment_id, kind, amount_minor, state, attempts,"
        " first_sent_at, fence, lease_until, next_attempt_at) VALUES ($1, 'capture', 8000,"
        " 'leased', 1, app.now(), 1, app.now() + interval '30 s', app.now() + interval '30 s')",
        seen["payment"]["id"],
    )
    await world.stop_clock(expires_at + timedelta(seconds=5))
    await world.work_off("packages.expire")
    assert await purchase.status() == ("pending_payment", "pending", 0)

    await world.stop_clock(expires_at + timedelta(minutes=1))
    await world.work_off("payments.operations")
    await world.work_off("packages.expire")

    assert await purchase.status() == ("active", "paid", 4)


async def test_after_its_last_session_the_purchase_is_over(world: World) -> None:
    purchase = await bought(world, valid_for_days=1)
    booking = await purchase.books("mon 10:00")
    await purchase.sarah.post(f"/bookings/{booking['id']}/confirm")
    ends_at = datetime.fromisoformat(booking["ends_at"])
    await world.stop_clock(ends_at)
    await world.work_off("packages.expire")
    assert (await purchase.status())[0] == "active"

    await purchase.sarah.post(f"/bookings/{booking['id']}/complete")
    await world.stop_clock(ends_at + timedelta(minutes=1))
    await world.work_off("packages.expire")

    assert await purchase.status() == ("expired", "paid", 0)
    assert (await purchase.ledger())[-2:] == [("expired", -3), ("used", 0)]


async def test_valid_for_ever_it_never_ends(world: World) -> None:
    purchase = await bought(world)
    await world.travel(days=800)
    await world.work_off("packages.expire")
    assert await purchase.status() == ("active", "paid", 4)


async def test_many_are_written_off_batch_by_batch(world: World) -> None:
    purchase = await bought(world, valid_for_days=1)
    await world.superuser.execute(
        "WITH more AS (INSERT INTO app.package_purchases (package_id, specialist_id, client_id,"
        " rate_id, name, session_count, price_minor, currency, valid_for_days, status,"
        " activated_at, valid_until) SELECT package_id, specialist_id, client_id, rate_id, name,"
        " session_count, price_minor, currency, valid_for_days, status, activated_at, valid_until"
        " FROM app.package_purchases, generate_series(1, 250) RETURNING *)"
        " INSERT INTO app.package_credits (purchase_id, specialist_id, client_id, kind, credits)"
        " SELECT id, specialist_id, client_id, 'granted', session_count FROM more"
    )
    await world.travel(days=2)
    await world.work_off("packages.expire")
    await world.work_off("packages.expire")
    left = await world.rows("SELECT DISTINCT status, credits_left FROM app.package_purchases")
    assert left == [{"status": "expired", "credits_left": 0}]
    assert (await purchase.status())[0] == "expired"
