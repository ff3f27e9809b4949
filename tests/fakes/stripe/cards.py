"""Stripe's magic payment methods: what the bank behind each of them says.

Source: docs.stripe.com/testing.
"""

from dataclasses import dataclass

VISA_MERCHANT_INITIATED_SECONDS = (4 * 24 + 18) * 3600
HOLD_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Card:
    number: str
    brand: str = "visa"
    kind: str = "card"
    code: str | None = None
    """The error code of the decline; nothing where the bank approves."""
    decline_code: str | None = None
    message: str = "Your card was declined."
    challenge: str = "never"  # "never" | "always" | "until_saved"
    disputes: bool = False
    refund: str = "succeeded"  # "succeeded" | "pending" | "fails_later"
    attachable: bool = True
    slow: bool = False
    """Decided days later, as a bank debit is."""

    @property
    def last4(self) -> str:
        return self.number[-4:]


def _declined(
    number: str, decline_code: str, *, code: str = "card_declined", message: str | None = None
) -> Card:
    return Card(
        number,
        code=code,
        decline_code=decline_code,
        message=message or "Your card was declined.",
        attachable=False,
    )


CARDS: dict[str, Card] = {
    "pm_card_visa": Card("4242424242424242"),
    "pm_card_mastercard": Card("5555555555554444", brand="mastercard"),
    "pm_card_amex": Card("378282246310005", brand="amex"),
    "pm_card_chargeDeclined": _declined("4000000000000002", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": _declined(
        "4000000000009995",
        "insufficient_funds",
        message="Your card has insufficient funds.",
    ),
    "pm_card_chargeDeclinedLostCard": _declined("4000000000009987", "lost_card"),
    "pm_card_chargeDeclinedStolenCard": _declined("4000000000009979", "stolen_card"),
    "pm_card_chargeDeclinedFraudulent": _declined("4100000000000019", "fraudulent"),
    "pm_card_chargeDeclinedExpiredCard": _declined(
        "4000000000000069",
        "expired_card",
        code="expired_card",
        message="Your card has expired.",
    ),
    "pm_card_chargeDeclinedIncorrectCvc": _declined(
        "4000000000000127",
        "incorrect_cvc",
        code="incorrect_cvc",
        message="Your card's security code is incorrect.",
    ),
    "pm_card_chargeDeclinedProcessingError": _declined(
        "4000000000000119",
        "processing_error",
        code="processing_error",
        message="An error occurred while processing your card. Try again in a little bit.",
    ),
    "pm_card_chargeCustomerFail": Card(
        "4000000000000341", code="card_declined", decline_code="generic_decline"
    ),
    "pm_card_authenticationRequired": Card("4000002760003184", challenge="always"),
    "pm_card_threeDSecure2Required": Card("4000000000003220", challenge="always"),
    "pm_card_authenticationRequiredOnSetup": Card("4000002500003155", challenge="until_saved"),
    "pm_card_createDispute": Card("4000000000000259", disputes=True),
    "pm_card_pendingRefund": Card("4000000000007726", refund="pending"),
    "pm_card_refundFail": Card("4000000000005126", refund="fails_later"),
    "pm_usBankAccount": Card("000123456789", brand="", kind="us_bank_account", slow=True),
}

NAME_OF_NUMBER = {card.number: name for name, card in CARDS.items()}


def name_of_token(token: str) -> str:
    """`tok_visa` stands for the same card as `pm_card_visa`."""
    return "pm_card_" + token.removeprefix("tok_")


def hold_seconds(card: Card, *, off_session: bool) -> int:
    """How long an authorisation lives: Visa cuts those that the merchant initiated short."""
    if off_session and card.brand == "visa":
        return VISA_MERCHANT_INITIATED_SECONDS
    return HOLD_SECONDS
