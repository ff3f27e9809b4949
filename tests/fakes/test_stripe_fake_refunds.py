"""Refunds and disputes through the real SDK: never more than was captured."""

import asyncio
from typing import Any

import pytest
import stripe

from tests.fakes.stripe.shop import SDK_WARNING, Shop, open_shop, refusal

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)


@pytest.fixture
async def shop() -> Any:
    async with open_shop() as shop:
        yield shop


async def test_a_refund_in_parts_ends_at_what_was_captured(shop: Shop) -> None:
    intent = await shop.paid()
    first = await shop.v1.refunds.create_async(
        {"payment_intent": intent.id, "amount": 400, "reason": "requested_by_customer"}
    )
    assert (first.status, first.amount, first.reason) == (
        "succeeded",
        400,
        "requested_by_customer",
    )
    charge = await shop.v1.charges.retrieve_async(intent.latest_charge)
    assert (charge.amount_refunded, charge.refunded) == (400, False)
    too_much = await refusal(
        shop.v1.refunds.create_async({"payment_intent": intent.id, "amount": 601}),
        stripe.InvalidRequestError,
    )
    assert (too_much.http_status, too_much.param) == (400, "amount")
    rest = await shop.v1.refunds.create_async({"charge": charge.id})
    assert rest.amount == 600
    error = await refusal(
        shop.v1.refunds.create_async({"payment_intent": intent.id}), stripe.InvalidRequestError
    )
    assert error.code == "charge_already_refunded"
    charge = await shop.v1.charges.retrieve_async(charge.id, {"expand": ["refunds"]})
    assert (charge.amount_refunded, charge.refunded) == (1000, True)
    assert [refund.id for refund in charge.refunds.data] == [rest.id, first.id]


async def test_only_the_captured_part_can_be_refunded(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa")
    await shop.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 600})
    await refusal(
        shop.v1.refunds.create_async({"payment_intent": intent.id, "amount": 601}),
        stripe.InvalidRequestError,
    )
    refund = await shop.v1.refunds.create_async({"payment_intent": intent.id})
    assert refund.amount == 600


async def test_many_refunds_at_once_never_return_more_than_was_taken(shop: Shop) -> None:
    intent = await shop.paid()

    async def refund() -> int:
        try:
            made = await shop.v1.refunds.create_async({"payment_intent": intent.id, "amount": 150})
        except stripe.InvalidRequestError:
            return 0
        return int(made.amount)

    assert sum(await asyncio.gather(*(refund() for _ in range(20)))) == 900
    assert shop.control.state()["refunded_minor"] == 900


async def test_a_hold_is_not_refunded_but_cancelled(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa")
    await refusal(
        shop.v1.refunds.create_async({"payment_intent": intent.id}), stripe.InvalidRequestError
    )
    await refusal(
        shop.v1.refunds.create_async({"charge": intent.latest_charge}),
        stripe.InvalidRequestError,
    )


async def test_a_refund_that_fails_later_gives_the_amount_back(shop: Shop) -> None:
    intent = await shop.paid("pm_card_refundFail")
    refund = await shop.v1.refunds.create_async({"payment_intent": intent.id})
    assert refund.status == "succeeded"
    shop.control.settle_refund(refund.id, succeed=False)
    refund = await shop.v1.refunds.retrieve_async(refund.id)
    charge = await shop.v1.charges.retrieve_async(intent.latest_charge)
    assert (refund.status, charge.amount_refunded, charge.refunded) == ("failed", 0, False)
    assert {"refund.failed", "refund.updated", "charge.refund.updated"} <= set(shop.event_types())


async def test_a_pending_refund_is_settled_by_the_bank(shop: Shop) -> None:
    intent = await shop.paid("pm_card_pendingRefund")
    refund = await shop.v1.refunds.create_async({"payment_intent": intent.id})
    assert refund.status == "pending"
    shop.control.settle_refund(refund.id)
    assert (await shop.v1.refunds.retrieve_async(refund.id)).status == "succeeded"
    assert shop.control.state()["refunded_minor"] == 1000


async def test_a_refund_from_the_dashboard_carries_no_request(shop: Shop) -> None:
    intent = await shop.paid()
    shop.control.refund_from_dashboard(intent.id, amount=100)
    event = shop.control.objects("event")[-1]
    assert event["type"] == "charge.refunded"
    assert event["request"] == {"id": None, "idempotency_key": None}
    assert event["data"]["object"]["amount_refunded"] == 100


async def test_the_dispute_card_is_disputed_once_it_is_captured(shop: Shop) -> None:
    intent = await shop.intent("pm_card_createDispute")
    assert (await shop.v1.disputes.list_async({"payment_intent": intent.id})).data == []
    await shop.v1.payment_intents.capture_async(intent.id)
    (dispute,) = (await shop.v1.disputes.list_async({"payment_intent": intent.id})).data
    assert (dispute.status, dispute.amount) == ("needs_response", 1000)
    charge = await shop.v1.charges.retrieve_async(intent.latest_charge)
    assert charge.disputed
    error = await refusal(
        shop.v1.refunds.create_async({"payment_intent": intent.id}), stripe.InvalidRequestError
    )
    assert error.code == "charge_disputed"


@pytest.mark.parametrize(("won", "status"), [(True, "won"), (False, "lost")])
async def test_a_dispute_is_answered_and_decided(shop: Shop, won: bool, status: str) -> None:
    intent = await shop.paid()
    dispute = shop.control.open_dispute(intent.id, amount=700, reason="product_not_received")
    updated = await shop.v1.disputes.update_async(
        dispute["id"], {"evidence": {"uncategorized_text": "It took place."}}
    )
    assert updated.status == "under_review"
    shop.control.close_dispute(dispute["id"], won=won)
    assert (await shop.v1.disputes.retrieve_async(dispute["id"])).status == status
    types = [kind for kind in shop.event_types() if kind.startswith("charge.dispute.")]
    assert types == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.dispute.closed",
    ] + (["charge.dispute.funds_reinstated"] if won else [])
    again = shop.v1.disputes.close_async(dispute["id"])
    await refusal(again, stripe.InvalidRequestError)
