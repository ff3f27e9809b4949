"""A payment as its parties see it, and as nobody else does."""

from uuid import uuid4

from tests.features.bookings.stages import authorised, booked, confirmed
from tests.world import World


async def test_both_parties_see_the_money_and_the_payer_alone_the_secret(world: World) -> None:
    stage = await booked(world)
    path = f"/payments/{(await stage.seen())['payment']['id']}"
    hers = (await stage.anna.get(path)).json
    theirs = (await stage.sarah.get(path)).json
    assert hers["next_action"]["client_secret"]
    assert theirs == {**hers, "next_action": None}
    assert (await (await world.admin()).get(path)).json == theirs
    assert set(hers) == {
        "id",
        "booking_id",
        "package_purchase_id",
        "provider",
        "status",
        "amount",
        "authorized",
        "captured",
        "refunded",
        "is_disputed",
        "dispute",
        "disputes",
        "capture_before",
        "last_error",
        "next_action",
        "created_at",
    }


async def test_sums_in_minor_units(world: World) -> None:
    stage = await confirmed(world, price=1_500, currency="JPY")
    payment = await stage.payment()
    yen = {"amount_minor": 1_500, "currency": "JPY"}
    assert payment["amount"] == payment["authorized"] == payment["captured"] == yen
    assert payment["refunded"] == {"amount_minor": 0, "currency": "JPY"}
    assert payment["booking_id"] == stage.id


async def test_an_authorisation_says_when_it_lapses(world: World) -> None:
    stage = await authorised(world)
    payment = await stage.payment()
    assert payment["capture_before"]
    assert payment["status"] == "authorized"


async def test_others_payments_look_absent(world: World) -> None:
    stage = await booked(world)
    path = f"/payments/{(await stage.seen())['payment']['id']}"
    for other in (await world.client("Ben"), await world.specialist("Dr. Omar")):
        theirs, absent = await other.get(path), await other.get(f"/payments/{uuid4()}")
        assert (theirs.status, theirs.code) == (404, "PAYMENT_NOT_FOUND")
        for name in theirs.json:
            assert name == "request_id" or theirs.json[name] == absent.json[name]
    assert (await world.anonymous.get(path)).status == 401
    assert (await stage.anna.get("/payments/none")).status == 422


async def test_the_sandbox_refuses_what_it_does_not_know(world: World) -> None:
    stage = await booked(world)
    path = f"/sandbox/payments/{(await stage.seen())['payment']['id']}"
    reply = await stage.anna.post(f"{path}/method", {"payment_method": "pm_card_visa"})
    assert (reply.status, reply.code) == (402, "PAYMENT_REFUSED")
    reply = await stage.anna.post(f"{path}/method", {"payment_method": "a", "amount": 1})
    assert reply.status == 422
    by_hand = await booked(world, provider="manual")
    path = f"/sandbox/payments/{(await by_hand.seen())['payment']['id']}"
    reply = await by_hand.anna.post(f"{path}/method", {"payment_method": "pm_sandbox_visa"})
    assert (reply.status, reply.code) == (409, "PAYMENT_NOT_PENDING")
