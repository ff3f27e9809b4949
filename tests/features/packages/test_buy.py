"""Buying a package: the money is taken at once, and the credits are there when it was."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from consulta.providers.payments.port import ChargeState
from tests.features.packages.shop import VISA, bought, offered
from tests.world import World


async def test_bought_with_a_card_it_is_paid_and_active(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    package = await offered(sarah, valid_for_days=90)

    reply = await anna.post(f"/packages/{package['id']}/purchases", {"payment_method": VISA})

    assert reply.status == 201
    made = reply.json
    assert (made["status"], made["credits_left"], made["session_count"]) == ("active", 4, 4)
    assert made["price"] == {"amount_minor": 8_000, "currency": "USD"}
    assert (made["package_id"], made["rate_id"], made["name"]) == (
        package["id"],
        package["rate_id"],
        "Four sessions",
    )
    assert (made["specialist_id"], made["client_id"]) == (str(sarah.id), str(anna.id))
    assert made["expires_at"] is None
    valid = datetime.fromisoformat(made["valid_until"])
    assert valid - datetime.fromisoformat(made["activated_at"]) == timedelta(days=90)
    payment = made["payment"]
    assert (payment["provider"], payment["status"]) == ("sandbox", "paid")
    assert payment["captured"]["amount_minor"] == 8_000
    assert payment["publishable_key"] == "pk_sandbox"


async def test_without_a_method_it_waits_for_one(world: World) -> None:
    purchase = await bought(world, method=None)
    seen = await purchase.seen()
    assert await purchase.status() == ("pending_payment", "pending", 0)
    assert seen["payment"]["next_action"]["client_secret"]
    assert seen["credits"] == []
    expires = datetime.fromisoformat(seen["expires_at"])
    assert expires - datetime.fromisoformat(seen["created_at"]) == timedelta(minutes=30)

    payment = seen["payment"]["id"]
    reply = await purchase.anna.post(
        f"/sandbox/payments/{payment}/method", {"payment_method": VISA}
    )

    assert reply.json["status"] == "paid"
    assert await purchase.status() == ("active", "paid", 4)
    assert await purchase.ledger() == [("granted", 4)]
    assert (await purchase.seen())["valid_until"] is None


async def test_declined_and_then_paid_on_the_same_charge(world: World) -> None:
    purchase = await bought(world, method="pm_sandbox_declined")
    seen = await purchase.seen()
    assert (seen["status"], seen["payment"]["last_error"]) == ("pending_payment", "card_declined")

    reply = await purchase.pay(VISA)

    assert (reply.status, reply.json["status"], reply.json["credits_left"]) == (201, "active", 4)
    assert await purchase.operations() == [("authorize", "dead"), ("authorize", "done")]
    assert (await purchase.pay(VISA)).code == "PACKAGE_NOT_UNPAID"


async def test_the_same_key_buys_once(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    package = await offered(sarah)
    path, body = f"/packages/{package['id']}/purchases", {"payment_method": VISA}

    first = await anna.post(path, body, key="one")
    again = await anna.post(path, body, key="one")

    assert (first.content, again.headers["Idempotent-Replayed"]) == (again.content, "true")
    assert len(await anna.sees("/package-purchases")) == 1
    assert (await anna.post(path, body, key=None)).code == "IDEMPOTENCY_KEY_REQUIRED"
    assert (await anna.post(path, key="two")).status == 201


async def test_the_provider_is_away_and_the_worker_finishes(world: World) -> None:
    async with world.sandbox_away():
        purchase = await bought(world)
        assert await purchase.status() == ("pending_payment", "pending", 0)
        assert await purchase.operations() == [("authorize", "in_doubt")]
    await world.travel(minutes=1)
    await world.work_off()
    assert await purchase.status() == ("active", "paid", 4)
    assert (await purchase.charge()).captured_minor == 8_000


async def test_what_costs_nothing_is_active_at_once(world: World) -> None:
    purchase = await bought(
        world,
        method=None,
        price={"amount_minor": 0, "currency": "USD"},
        discount_percentage=100,
        valid_for_days=7,
    )
    seen = await purchase.seen()
    assert (seen["status"], seen["credits_left"], seen["payment"]) == ("active", 4, None)
    assert seen["valid_until"] is not None
    assert await purchase.ledger() == [("granted", 4)]


async def test_paid_by_hand_no_credit_is_there_before_the_money(world: World) -> None:
    purchase = await bought(world, page={"provider": "manual"})
    assert await purchase.status() == ("pending_payment", "pending", 0)
    assert await purchase.operations() == []
    assert (await purchase.book("mon 10:00")).code == "PACKAGE_NOT_VALID"
    assert (await purchase.pay(VISA)).code == "PAYMENT_NOT_PENDING"

    await world.travel(days=13)
    await world.cron("expire-packages")
    assert (await purchase.status())[0] == "pending_payment"
    await world.travel(days=1, minutes=1)
    await world.cron("expire-packages")
    await world.work_off()
    assert await purchase.status() == ("cancelled", "cancelled", 0)


async def test_half_an_hour_unpaid_and_the_purchase_is_over(world: World) -> None:
    purchase = await bought(world, method=None)
    await world.travel(minutes=29)
    await world.work_off("packages.expire")
    assert (await purchase.status())[0] == "pending_payment"

    await world.travel(minutes=2)
    reply = await world.cron("expire-packages")
    await world.work_off()

    assert reply.status == 200
    assert await purchase.status() == ("cancelled", "cancelled", 0)
    assert (await purchase.charge()).state is ChargeState.CANCELLED
    assert await purchase.operations() == [("authorize", "done"), ("cancel", "done")]
    assert (await purchase.pay(VISA)).code == "PACKAGE_NOT_UNPAID"


@pytest.mark.parametrize("returned_there_minor", [0, 3_000, 8_000])
async def test_money_that_comes_too_late_goes_back(world: World, returned_there_minor: int) -> None:
    purchase = await bought(world, method=None)
    charge = await purchase.charge()
    await world.travel(minutes=31)
    await world.work_off("packages.expire")
    # Before the void reaches the provider, the payer pays there.
    await world.sandbox.present_method(charge.reference, VISA)
    if returned_there_minor:
        part = type(charge.amount)(returned_there_minor, "USD")
        await world.sandbox.refund(charge.reference, part, idempotency_key="at the desk")

    for _ in range(3):
        await world.work_off()
        await world.travel(minutes=1)

    assert await purchase.status() == ("cancelled", "refunded", 0)
    assert (await purchase.charge()).refunded_minor == 8_000
    assert await purchase.ledger() == []


async def test_given_up_at_the_providers_desk_the_purchase_is_over(world: World) -> None:
    purchase = await bought(world, method=None)
    charge = await purchase.charge()
    await world.sandbox.cancel(charge.reference, idempotency_key="desk")
    reply = await purchase.anna.post(
        f"/sandbox/payments/{(await purchase.seen())['payment']['id']}/method",
        {"payment_method": VISA},
    )
    assert reply.status in {200, 402, 409}
    body, headers = world.sandbox.letter_about(await purchase.charge())
    await world.http.post("/api/webhooks/sandbox", content=body, headers=headers)
    await world.work_off("webhooks.letters")
    assert (await purchase.status())[:2] == ("cancelled", "cancelled")


async def test_only_the_client_pays(world: World) -> None:
    purchase = await bought(world, method=None)
    path, body = f"/package-purchases/{purchase.id}/payments", {"payment_method": VISA}
    ben, ada = await world.client("Ben"), await world.admin()
    assert (await purchase.sarah.post(path, body)).code == "FORBIDDEN"
    assert (await ben.post(path, body)).code == "PACKAGE_PURCHASE_NOT_FOUND"
    assert (await ada.post(path, body)).status == 403
    seen = await purchase.sarah.get(f"/package-purchases/{purchase.id}")
    assert seen.json["payment"]["next_action"] is None


async def test_what_cannot_be_bought(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    package = await offered(sarah)
    path = f"/packages/{package['id']}"
    assert (await sarah.post(f"{path}/purchases")).code == "CANNOT_BUY_FROM_YOURSELF"
    unknown = await anna.post(f"/packages/{uuid4()}/purchases")
    assert (unknown.status, unknown.code) == (404, "PACKAGE_NOT_FOUND")
    await sarah.patch("/specialists/me", {"is_accepting": False})
    assert (await anna.post(f"{path}/purchases")).code == "NOT_ACCEPTING"
    await sarah.patch("/specialists/me", {"is_accepting": True})
    await sarah.patch(f"/specialists/me/rates/{package['rate_id']}", {"is_active": False})
    assert (await anna.post(f"{path}/purchases")).code == "RATE_NOT_FOUND"
    await sarah.patch(f"/specialists/me{path}", {"is_active": False})
    assert (await anna.post(f"{path}/purchases")).code == "PACKAGE_NOT_FOUND"
    # A page that is not public yet looks like none.
    await sarah.patch(f"/specialists/me/rates/{package['rate_id']}", {"is_active": True})
    await sarah.patch(f"/specialists/me{path}", {"is_active": True})
    await world.superuser.execute(
        "UPDATE app.specialists SET is_verified = false, verified_at = NULL"
    )
    assert (await anna.post(f"{path}/purchases")).code == "PACKAGE_NOT_FOUND"
    assert (await sarah.post(f"{path}/purchases")).code == "CANNOT_BUY_FROM_YOURSELF"
    assert (await world.anonymous.post(f"{path}/purchases")).status == 401
    assert await world.value("SELECT count(*) FROM app.package_purchases") == 0


@pytest.mark.parametrize("more", [{"amount_minor": 1}, {"price": 0}, {"client_id": str(uuid4())}])
async def test_the_price_is_not_the_buyers_to_say(world: World, more: dict[str, object]) -> None:
    sarah, anna = await world.specialist(), await world.client()
    package = await offered(sarah)
    reply = await anna.post(f"/packages/{package['id']}/purchases", more)
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


async def test_every_step_is_audited_and_told(world: World) -> None:
    purchase = await bought(world, valid_for_days=1)
    await world.travel(days=2)
    await world.work_off("packages.expire")
    rows = await world.rows("SELECT action FROM app.audit_logs WHERE subject_id = $1", purchase.id)
    assert {row["action"] for row in rows} == {
        "package.purchased",
        "package.active",
        "package.credits_granted",
        "package.credits_expired",
        "package.expired",
    }
    topics = await world.rows(
        "SELECT topic, payload ->> 'purchase_id' AS id FROM app.outbox WHERE topic LIKE 'package.%'"
    )
    assert {(row["topic"], row["id"]) for row in topics} == {
        ("package.purchased", purchase.id),
        ("package.activated", purchase.id),
        ("package.expired", purchase.id),
    }
