"""Holds, captures, declines and 3-D Secure through the real SDK, as real Stripe has them."""

from typing import Any

import pytest
import stripe

from tests.fakes.stripe.shop import SDK_WARNING, Shop, open_shop, refusal

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

DAY = 24 * 3600


@pytest.fixture
async def shop() -> Any:
    async with open_shop() as shop:
        yield shop


async def test_an_intent_takes_every_parameter_that_stripe_takes(shop: Shop) -> None:
    customer = await shop.v1.customers.create_async({"email": "client@example.org"})
    intent = await shop.v1.payment_intents.create_async(
        {
            "amount": 5000,
            "currency": "EUR",
            "customer": customer.id,
            "automatic_payment_methods": {"enabled": True},
            "description": "p-1",
            "setup_future_usage": "off_session",
            "receipt_email": "client@example.org",
            "application_fee_amount": 100,
            "transfer_data": {"destination": "acct_x"},
            "on_behalf_of": "acct_x",
            "metadata": {"payment_id": "7"},
        }
    )
    assert (intent.status, intent.currency, intent.amount) == (
        "requires_payment_method",
        "eur",
        5000,
    )
    assert intent.metadata["payment_id"] == "7"
    assert intent.transfer_data.destination == "acct_x"
    assert intent.client_secret.startswith(f"{intent.id}_secret_")
    assert intent.capture_method == "automatic_async"


async def test_a_hold_is_capturable_and_its_charge_an_id_until_expanded(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa")
    assert (intent.status, intent.amount_capturable, intent.amount_received) == (
        "requires_capture",
        1000,
        0,
    )
    assert intent.latest_charge.startswith("ch_")
    expanded = await shop.v1.payment_intents.retrieve_async(
        intent.id, {"expand": ["latest_charge"]}
    )
    charge = expanded.latest_charge
    assert (charge.captured, charge.amount_captured, charge.paid) == (False, 0, True)
    assert charge.payment_method_details.card.last4 == "4242"
    assert charge.payment_method_details.card.capture_before == charge.created + 7 * DAY


async def test_a_visa_hold_without_the_payer_lives_shorter(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa", off_session=True, expand=["latest_charge"])
    charge = intent.latest_charge
    card = charge.payment_method_details.card
    assert card.capture_before - charge.created == 4 * DAY + 18 * 3600
    other = await shop.intent("pm_card_mastercard", off_session=True, expand=["latest_charge"])
    card = other.latest_charge.payment_method_details.card
    assert (card.brand, card.last4) == ("mastercard", "4444")
    assert card.capture_before - other.latest_charge.created == 7 * DAY


async def test_a_partial_capture_releases_the_rest_without_a_refund(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa")
    taken = await shop.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 600})
    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 600, 0)
    charge = await shop.v1.charges.retrieve_async(taken.latest_charge)
    assert (charge.amount, charge.amount_captured, charge.amount_refunded) == (1000, 600, 0)
    assert (charge.captured, charge.refunded) == (True, False)
    assert (await shop.v1.refunds.list_async({"payment_intent": intent.id})).data == []


async def test_a_second_capture_is_refused(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa")
    await shop.v1.payment_intents.capture_async(intent.id)
    error = await refusal(
        shop.v1.payment_intents.capture_async(intent.id), stripe.InvalidRequestError
    )
    assert (error.http_status, error.code) == (400, "payment_intent_unexpected_state")
    assert error.error.payment_intent.status == "succeeded"
    assert shop.control.state()["captured_minor"] == 1000


async def test_more_than_the_hold_cannot_be_captured(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa")
    error = await refusal(
        shop.v1.payment_intents.capture_async(intent.id, {"amount_to_capture": 1001}),
        stripe.InvalidRequestError,
    )
    assert (error.code, error.param) == ("amount_too_large", "amount_to_capture")
    assert (await shop.read(intent.id)).status == "requires_capture"


async def test_after_a_cancel_nothing_can_be_captured(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa")
    gone = await shop.v1.payment_intents.cancel_async(
        intent.id, {"cancellation_reason": "requested_by_customer"}
    )
    assert (gone.status, gone.cancellation_reason, gone.amount_capturable) == (
        "canceled",
        "requested_by_customer",
        0,
    )
    await refusal(shop.v1.payment_intents.capture_async(intent.id), stripe.InvalidRequestError)
    charge = await shop.v1.charges.retrieve_async(gone.latest_charge)
    assert (charge.captured, charge.amount_refunded, charge.refunded) == (False, 0, False)
    assert shop.control.state()["captured_minor"] == 0


async def test_what_succeeded_cannot_be_cancelled(shop: Shop) -> None:
    intent = await shop.paid()
    error = await refusal(
        shop.v1.payment_intents.cancel_async(intent.id), stripe.InvalidRequestError
    )
    assert error.code == "payment_intent_unexpected_state"
    assert "may be canceled: requires_payment_method" in error.user_message


async def test_an_unknown_cancellation_reason_is_refused(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa")
    call = shop.v1.payment_intents.cancel_async(intent.id, {"cancellation_reason": "expired"})
    error = await refusal(call, stripe.InvalidRequestError)
    assert error.param == "cancellation_reason"


@pytest.mark.parametrize(
    ("method", "code", "decline_code", "last4"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline", "0002"),
        (
            "pm_card_chargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
            "9995",
        ),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card", "0069"),
        ("pm_card_chargeDeclinedFraudulent", "card_declined", "fraudulent", "0019"),
    ],
)
async def test_a_decline_leaves_the_same_intent_open(
    shop: Shop, method: str, code: str, decline_code: str, last4: str
) -> None:
    intent = await shop.intent()
    error = await refusal(
        shop.v1.payment_intents.confirm_async(intent.id, {"payment_method": method}),
        stripe.CardError,
    )
    assert (error.http_status, error.code, error.error.type) == (402, code, "card_error")
    assert error.error.decline_code == decline_code
    assert error.error.payment_intent.id == intent.id
    assert error.error.payment_method.card.last4 == last4
    after = await shop.read(intent.id)
    assert (after.status, after.payment_method) == ("requires_payment_method", None)
    assert after.last_payment_error.decline_code == decline_code
    again = await shop.v1.payment_intents.confirm_async(
        intent.id, {"payment_method": "pm_card_visa"}
    )
    assert (again.status, again.last_payment_error) == ("requires_capture", None)
    charges = await shop.v1.charges.list_async({"payment_intent": intent.id})
    assert [charge.status for charge in charges.data] == ["succeeded", "failed"]
    assert charges.data[1].failure_code == code


async def test_a_decline_at_creation_still_makes_the_intent(shop: Shop) -> None:
    error = await refusal(shop.intent("pm_card_chargeDeclined"), stripe.CardError)
    made = await shop.read(error.error.payment_intent.id)
    assert made.status == "requires_payment_method"
    assert shop.event_types() == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
    ]


async def test_a_challenge_waits_for_the_payer(shop: Shop) -> None:
    intent = await shop.intent("pm_card_authenticationRequired")
    assert (intent.status, intent.next_action.type) == ("requires_action", "use_stripe_sdk")
    assert intent.latest_charge is None
    shop.control.complete_action(intent.id)
    done = await shop.read(intent.id)
    assert (done.status, done.amount_capturable, done.next_action) == (
        "requires_capture",
        1000,
        None,
    )


async def test_a_failed_challenge_returns_the_intent(shop: Shop) -> None:
    intent = await shop.intent("pm_card_authenticationRequired")
    shop.control.complete_action(intent.id, succeed=False)
    after = await shop.read(intent.id)
    assert after.status == "requires_payment_method"
    assert after.last_payment_error.code == "payment_intent_authentication_failure"
    done = await shop.v1.payment_intents.confirm_async(
        intent.id, {"payment_method": "pm_card_visa"}
    )
    assert done.status == "requires_capture"


async def test_nobody_can_be_challenged_who_is_not_there(shop: Shop) -> None:
    error = await refusal(
        shop.intent("pm_card_authenticationRequired", off_session=True), stripe.CardError
    )
    assert (error.code, error.error.decline_code) == (
        "authentication_required",
        "authentication_required",
    )
    assert error.error.payment_intent.status == "requires_payment_method"


async def test_a_slow_payment_is_processing_until_the_bank_decides(shop: Shop) -> None:
    good, bad = await shop.paid("pm_usBankAccount"), await shop.paid("pm_usBankAccount")
    assert good.status == "processing"
    shop.control.settle_processing(good.id)
    shop.control.settle_processing(bad.id, succeed=False)
    good, bad = await shop.read(good.id), await shop.read(bad.id)
    assert (good.status, good.amount_received) == ("succeeded", 1000)
    assert (bad.status, bad.last_payment_error.code) == (
        "requires_payment_method",
        "insufficient_funds",
    )


async def test_a_hold_lapses_at_capture_before(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa")
    assert await shop.control.advance(7 * DAY - 60) == []
    assert (await shop.read(intent.id)).status == "requires_capture"
    assert await shop.control.advance(61) == [intent.id]
    after = await shop.read(intent.id)
    assert (after.status, after.cancellation_reason, after.amount_capturable) == (
        "canceled",
        "expired",
        0,
    )
    assert shop.event_types()[-2:] == ["charge.expired", "payment_intent.canceled"]
    await refusal(shop.v1.payment_intents.capture_async(intent.id), stripe.InvalidRequestError)


async def test_an_update_keeps_integers_integers(shop: Shop) -> None:
    intent = await shop.intent()
    after = await shop.v1.payment_intents.update_async(
        intent.id, {"amount": 900, "metadata": {"a": "1", "b": "2"}}
    )
    assert after.amount == 900
    after = await shop.v1.payment_intents.update_async(intent.id, {"metadata": {"a": ""}})
    assert after.metadata.to_dict() == {"b": "2"}


async def test_confirming_needs_a_method(shop: Shop) -> None:
    intent = await shop.intent()
    error = await refusal(
        shop.v1.payment_intents.confirm_async(intent.id), stripe.InvalidRequestError
    )
    assert error.code == "payment_intent_unexpected_state"
