"""The fake's table of moves against a table written by hand from Stripe's documentation, and the
same machine driven through the SDK from every status.
"""

from typing import Any

import pytest
import stripe

from tests.fakes.stripe import MOVES, Action, Refused, Status
from tests.fakes.stripe.shop import SDK_WARNING, Shop, open_shop

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

# By hand, from docs.stripe.com/payments/paymentintents/lifecycle. "-" is refused.
STATUSES = [
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "canceled",
    "succeeded",
]
DOCUMENTED = """
attach_method     confirmation confirmation confirmation -         -        - -
change_amount     method       confirmation confirmation -         -        - -
approve_hold      -            capture      capture      -         -        - -
approve_take      -            succeeded    succeeded    -         -        - -
decline           -            method       method       -         -        - -
challenge         -            action       action       -         -        - -
start_processing  -            processing   processing   -         -        - -
pass_hold         -            -            capture      -         -        - -
pass_take         -            -            succeeded    -         -        - -
fail_challenge    -            -            method       -         -        - -
settle            -            -            -            succeeded -        - -
fail_processing   -            -            -            method    -        - -
capture           -            -            -            -         succeeded - -
cancel            canceled     canceled     canceled     -         canceled - -
expire            -            -            -            -         canceled - -
"""
NAMES = {
    "method": "requires_payment_method",
    "confirmation": "requires_confirmation",
    "action": "requires_action",
    "capture": "requires_capture",
    "processing": "processing",
    "canceled": "canceled",
    "succeeded": "succeeded",
    "-": None,
}
TABLE = {
    (status, action): NAMES[cell]
    for action, *cells in (line.split() for line in DOCUMENTED.strip().splitlines())
    for status, cell in zip(STATUSES, cells, strict=True)
}


@pytest.fixture
async def shop() -> Any:
    async with open_shop() as shop:
        yield shop


def test_the_documented_table_speaks_about_every_status_and_action() -> None:
    assert set(TABLE) == {(status.value, action.value) for status in Status for action in Action}


@pytest.mark.parametrize(("status", "action"), sorted(TABLE))
def test_every_move_is_the_documented_one(status: str, action: str) -> None:
    after = MOVES.get((Status(status), Action(action)))
    assert (after.value if after else None) == TABLE[status, action]


def test_nothing_leaves_an_end() -> None:
    assert not {status for status, _ in MOVES} & {Status.CANCELED, Status.SUCCEEDED}


async def in_status(shop: Shop, status: str) -> str:
    """The id of an intent that a client brought into this status."""
    if status == "processing":
        intent = await shop.paid("pm_usBankAccount")
    elif status == "succeeded":
        intent = await shop.paid()
    elif status == "requires_confirmation":
        intent = await shop.intent(payment_method="pm_card_visa")
    else:
        methods = {
            "requires_action": "pm_card_authenticationRequired",
            "requires_capture": "pm_card_visa",
        }
        intent = await shop.intent(methods.get(status))
    if status == "canceled":
        intent = await shop.v1.payment_intents.cancel_async(intent.id)
    assert intent.status == status
    return str(intent.id)


# By hand again: what a client's request makes of an intent in each status, in the order of
# STATUSES; "-" is 400 with payment_intent_unexpected_state.
REQUESTS = {
    "update_amount": "method confirmation confirmation - - - -",
    "update_label": "method confirmation action processing capture canceled succeeded",
    "confirm_with_card": "capture capture capture - - - -",
    "confirm": "- capture action - - - -",
    "capture": "- - - - succeeded - -",
    "cancel": "canceled canceled canceled - canceled - -",
    "pass_challenge": "- - capture - - - -",
    "fail_challenge": "- - method - - - -",
    "settle": "- - - succeeded - - -",
    "expire": "- - - - canceled - -",
}


async def ask(shop: Shop, intent_id: str, request: str) -> None:
    intents, control = shop.v1.payment_intents, shop.control
    if request == "update_amount":
        await intents.update_async(intent_id, {"amount": 900})
    elif request == "update_label":
        await intents.update_async(intent_id, {"description": "b-17"})
    elif request == "confirm_with_card":
        await intents.confirm_async(intent_id, {"payment_method": "pm_card_visa"})
    elif request in {"confirm", "capture", "cancel"}:
        await getattr(intents, f"{request}_async")(intent_id)
    elif request in {"pass_challenge", "fail_challenge"}:
        control.complete_action(intent_id, succeed=request == "pass_challenge")
    elif request == "settle":
        control.settle_processing(intent_id)
    else:
        control.expire_authorization(intent_id)


@pytest.mark.parametrize("request_name", sorted(REQUESTS))
@pytest.mark.parametrize("status", STATUSES)
async def test_a_request_does_what_is_documented(
    shop: Shop, status: str, request_name: str
) -> None:
    expected = NAMES[REQUESTS[request_name].split()[STATUSES.index(status)]]
    intent_id = await in_status(shop, status)
    before = shop.control.get(intent_id)
    if expected is not None:
        await ask(shop, intent_id, request_name)
        assert (await shop.read(intent_id)).status == expected
        return
    with pytest.raises((stripe.InvalidRequestError, Refused)) as refused:
        await ask(shop, intent_id, request_name)
    error: Any = refused.value
    code = error.code if isinstance(error, stripe.StripeError) else error.error["code"]
    assert code == "payment_intent_unexpected_state"
    assert shop.control.get(intent_id) == before
