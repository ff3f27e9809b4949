"""Giving back what is not used: money and credits go together."""

from datetime import datetime

from consulta.providers.payments.port import ChargeState
from tests.features.packages.shop import Purchase, bought
from tests.world import World

DOLLARS = {"currency": "USD"}


async def test_unused_it_goes_back_whole(world: World) -> None:
    purchase = await bought(world, price={"amount_minor": 200, **DOLLARS}, session_count=3)
    assert await purchase.quote() == {
        "credits": 3,
        "price_per_session": {"amount_minor": 67, **DOLLARS},
        "amount": {"amount_minor": 200, **DOLLARS},
    }

    reply = await purchase.refund()

    assert (reply.status, reply.json["status"]) == (200, "refunded")
    assert reply.json["payment"]["refunded"]["amount_minor"] == 200
    assert await purchase.status() == ("refunded", "refunded", 0)
    assert await purchase.ledger() == [("granted", 3), ("refunded", -3)]
    assert (await purchase.charge()).refunded_minor == 200
    assert (await purchase.quote())["amount"]["amount_minor"] == 0
    assert (await purchase.refund()).code == "NOTHING_TO_REFUND"


async def test_what_was_used_is_kept(world: World) -> None:
    purchase = await bought(world)
    booking = await purchase.books("mon 10:00")
    await purchase.sarah.post(f"/bookings/{booking['id']}/confirm")
    await world.stop_clock(datetime.fromisoformat(booking["ends_at"]))
    await purchase.sarah.post(f"/bookings/{booking['id']}/complete")
    assert (await purchase.quote())["amount"]["amount_minor"] == 6_000

    reply = await purchase.refund()

    assert (reply.status, reply.json["status"]) == (200, "refunded")
    assert await purchase.status() == ("refunded", "partially_refunded", 0)
    assert (await purchase.charge()).refunded_minor == 6_000


async def test_a_session_keeps_its_credit_which_can_be_refunded_later(world: World) -> None:
    purchase = await bought(world, price={"amount_minor": 200, **DOLLARS}, session_count=3)
    booking = await purchase.books("mon 10:00")
    reply = await purchase.refund()
    assert (reply.status, reply.json["status"]) == (200, "active")
    assert await purchase.status() == ("active", "partially_refunded", 0)
    assert (await purchase.charge()).refunded_minor == 134

    await purchase.anna.post(f"/bookings/{booking['id']}/cancel")
    assert (await purchase.quote())["amount"]["amount_minor"] == 66
    assert (await purchase.refund()).json["status"] == "refunded"

    assert await purchase.status() == ("refunded", "refunded", 0)
    assert (await purchase.charge()).refunded_minor == 200
    assert [kind for kind, _ in await purchase.ledger()] == [
        "granted",
        "reserved",
        "refunded",
        "returned",
        "refunded",
    ]


async def test_the_credit_that_came_back_after_a_refund_can_be_used(world: World) -> None:
    purchase = await bought(world)
    booking = await purchase.books("mon 10:00")
    await purchase.refund()
    await purchase.anna.post(f"/bookings/{booking['id']}/cancel")
    await purchase.books("tue 10:00")
    assert (await purchase.status())[2] == 0


async def test_specialist_and_admin_refund_and_the_client_looks(world: World) -> None:
    purchase = await bought(world)
    path = f"/package-purchases/{purchase.id}/refund"
    ben, omar, ada = (
        await world.client("Ben"),
        await world.specialist("Dr. Omar"),
        await world.admin(),
    )
    assert (await purchase.anna.post(path)).code == "FORBIDDEN"
    assert (await ben.post(path)).code == "FORBIDDEN"
    assert (await omar.post(path)).code == "PACKAGE_PURCHASE_NOT_FOUND"
    for who, status in ((purchase.anna, 200), (ada, 200), (ben, 404), (omar, 404)):
        assert (await who.get(f"{path}-quote")).status == status
    assert (await ada.post(path)).json["status"] == "refunded"


async def test_a_specialist_who_bought_does_not_refund_it_himself(world: World) -> None:
    omar = await world.specialist("Dr. Omar")
    purchase = await bought(world, anna=omar)
    reply = await omar.post(f"/package-purchases/{purchase.id}/refund")
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    assert (await purchase.status())[2] == 4


async def test_the_same_key_refunds_once(world: World) -> None:
    purchase = await bought(world)
    first = await purchase.refund(key="one")
    again = await purchase.refund(key="one")
    assert first.content == again.content
    assert (await purchase.charge()).refunded_minor == 8_000
    assert (await purchase.refund(key=None)).code == "IDEMPOTENCY_KEY_REQUIRED"


async def test_what_cost_nothing_ends_without_money(world: World) -> None:
    purchase = await bought(
        world, method=None, price={"amount_minor": 0, **DOLLARS}, discount_percentage=100
    )
    assert (await purchase.quote())["amount"]["amount_minor"] == 0
    reply = await purchase.refund()
    assert (reply.json["status"], reply.json["payment"]) == ("refunded", None)


async def test_unpaid_there_is_nothing_to_refund(world: World) -> None:
    purchase = await bought(world, method=None)
    assert (await purchase.quote())["credits"] == 0
    assert (await purchase.refund()).code == "NOTHING_TO_REFUND"


async def test_returned_at_the_providers_desk_no_credit_is_left(world: World) -> None:
    purchase = await bought(world)
    booking = await purchase.books("mon 10:00")
    await at_the_desk(purchase, 8_000)
    assert await purchase.status() == ("active", "refunded", 0)
    assert (await purchase.refund()).code == "NOTHING_TO_REFUND"
    await purchase.anna.post(f"/bookings/{booking['id']}/cancel")
    # The money of that credit is gone already: it neither goes twice, nor buys another session.
    assert (await purchase.quote())["amount"]["amount_minor"] == 0
    assert (await purchase.refund()).code == "NOTHING_TO_REFUND"
    assert (await purchase.book("tue 10:00")).code == "NO_CREDITS_LEFT"
    assert (await purchase.ledger())[-2:] == [("returned", 1), ("refunded", -1)]
    assert (await purchase.charge()).refunded_minor == 8_000


async def test_what_was_returned_in_part_there_lowers_the_rest(world: World) -> None:
    purchase = await bought(world)
    await at_the_desk(purchase, 5_000)
    assert await purchase.status() == ("active", "partially_refunded", 4)
    assert (await purchase.quote())["amount"]["amount_minor"] == 3_000
    await purchase.refund()
    assert await purchase.status() == ("refunded", "refunded", 0)


async def test_the_provider_is_away_and_the_worker_returns_the_money(world: World) -> None:
    purchase = await bought(world)
    async with world.sandbox_away():
        reply = await purchase.refund()
        assert (reply.status, reply.json["status"]) == (200, "refunded")
        assert reply.json["payment"]["status"] == "paid"
        assert (await purchase.quote())["amount"]["amount_minor"] == 0
    await world.travel(minutes=1)
    await world.work_off()
    assert await purchase.status() == ("refunded", "refunded", 0)
    charge = await purchase.charge()
    assert (charge.state, charge.refunded_minor) == (ChargeState.PAID, 8_000)


async def at_the_desk(purchase: Purchase, amount_minor: int) -> None:
    """Somebody returns money at the provider's own desk, and a letter tells of it."""
    charge = await purchase.charge()
    amount = type(charge.amount)(amount_minor, "USD")
    _, told = await purchase.world.sandbox.refund(
        charge.reference, amount, idempotency_key=f"desk {amount_minor}"
    )
    body, headers = purchase.world.sandbox.letter_about(told)
    reply = await purchase.world.http.post("/api/webhooks/sandbox", content=body, headers=headers)
    assert reply.status_code == 200
    await purchase.world.work_off("webhooks.letters")
