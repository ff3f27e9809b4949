"""Payment methods through the real SDK: made, saved for a customer, spent, refused."""

from typing import Any

import pytest
import stripe

from tests.fakes.stripe.shop import NO_REDIRECTS, SDK_WARNING, Shop, open_shop, refusal

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)


@pytest.fixture
async def shop() -> Any:
    async with open_shop() as shop:
        yield shop


async def test_a_card_that_was_set_up_needs_no_payer_later(shop: Shop) -> None:
    customer = await shop.v1.customers.create_async({})
    setup = await shop.v1.setup_intents.create_async(
        {
            "customer": customer.id,
            "payment_method": "pm_card_authenticationRequiredOnSetup",
            "confirm": True,
            "automatic_payment_methods": NO_REDIRECTS,
        }
    )
    assert setup.status == "requires_action"
    shop.control.complete_action(setup.id)
    setup = await shop.v1.setup_intents.retrieve_async(setup.id)
    assert setup.status == "succeeded"
    intent = await shop.intent(setup.payment_method, customer=customer.id, off_session=True)
    assert intent.status == "requires_capture"


async def test_a_method_that_nobody_saved_serves_once(shop: Shop) -> None:
    method = await shop.v1.payment_methods.create_async(
        {"type": "card", "card": {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040}}
    )
    assert method.card.last4 == "4242"
    assert (await shop.intent(method.id)).status == "requires_capture"
    error = await refusal(shop.intent(method.id), stripe.InvalidRequestError)
    assert "may not be used again" in error.user_message


async def test_a_saved_method_serves_its_customer_only(shop: Shop) -> None:
    customer = await shop.v1.customers.create_async({})
    method = await shop.v1.payment_methods.attach_async("pm_card_visa", {"customer": customer.id})
    for _ in range(2):
        assert (await shop.paid(method.id, customer=customer.id)).status == "succeeded"
    await refusal(shop.paid(method.id), stripe.InvalidRequestError)
    stranger = await shop.v1.customers.create_async({})
    await refusal(shop.paid(method.id, customer=stranger.id), stripe.InvalidRequestError)
    listed = await shop.v1.customers.payment_methods.list_async(customer.id)
    assert [item.id for item in listed.data] == [method.id]
    await shop.v1.payment_methods.detach_async(method.id)
    await refusal(shop.paid(method.id, customer=customer.id), stripe.InvalidRequestError)


async def test_a_card_that_always_declines_cannot_be_saved(shop: Shop) -> None:
    customer = await shop.v1.customers.create_async({})
    error = await refusal(
        shop.v1.payment_methods.attach_async("pm_card_chargeDeclined", {"customer": customer.id}),
        stripe.CardError,
    )
    assert error.code == "card_declined"
