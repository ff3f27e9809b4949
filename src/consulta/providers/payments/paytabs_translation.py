"""PayTabs' transactions in our words. Plain dictionaries in; no call is made from here.

All transactions about a payment of ours carry its id as their cart, so the cart tells everything.
Nothing is added up by PayTabs: what was taken and returned is the sum of what succeeded.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from consulta.kernel.money import Money, exponent_of
from consulta.providers.payments.letters import embedded, is_opaque, opaque, plain
from consulta.providers.payments.port import (
    Charge,
    ChargeRefused,
    ChargeState,
    ProviderUnavailable,
    Refund,
)

HOLD = timedelta(days=4, hours=18)
"""Banks decide how long a reservation lasts and PayTabs does not say: the shortest time that the
card networks allow is relied on."""
DUPLICATE_SECONDS = 120.0
"""An equal request for the same cart is refused for so long (code 4)."""
AUTHORISED, VOIDED = "A", "V"
UNDECIDED = frozenset({"H", "P"})
_PAGES = ("auth", "sale")
_DESCRIPTION = re.compile(r"([a-z]{1,10}):([A-Za-z0-9_-]{1,100})")
_REFERENCE = re.compile(r"([A-Za-z0-9-]{1,40})_([0-9]{1,15})([A-Z]{3})")
_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,4})?")
_RAW_FIELDS = ("tran_ref", "previous_tran_ref", "tran_type", "cart_id", "cart_currency",
               "cart_description")  # fmt: skip
_IN_DOUBT = {"1", "400", "600"}
_REASONS = {
    "118": "amount_too_large", "200": "invalid_card", "206": "currency_mismatch",
    "310": "authentication_failed", "316": "insufficient_funds", "321": "cancelled_by_payer",
    "342": "balance_insufficient", "345": "authentication_failed", "501": "suspected_fraud",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Transaction:
    """One thing that was asked of PayTabs, and how it went."""

    reference: str
    previous: str | None
    kind: str
    status: str | None
    """Nothing while the payer has not decided at the page."""
    code: str
    cart_id: str
    amount: Money
    key: str | None
    """The idempotency key under which we asked for it."""
    at: datetime | None
    raw: Mapping[str, Any]

    @property
    def succeeded(self) -> bool:
        return self.status == AUTHORISED

    @property
    def is_undecided(self) -> bool:
        return self.status in UNDECIDED


@dataclass(frozen=True, slots=True)
class Cart:
    """All transactions about one payment, the oldest first."""

    payment_id: str
    transactions: tuple[Transaction, ...]

    def of(self, *kinds: str) -> list[Transaction]:
        return [one for one in self.transactions if one.kind in kinds]

    def made_under(self, key: str, *, kind: str, previous: str | None = None) -> Transaction | None:
        """What this key brought about already, of this transaction or of any."""
        for one in self.of(kind):
            if one.key == key and (previous is None or one.previous in {None, previous}):
                return one
        return None

    @property
    def reservations(self) -> list[Transaction]:
        """Authorisations that stand: neither voided nor lapsed, captured perhaps."""
        released = {one.previous for one in self.of("void", "release") if one.succeeded}
        # A release that does not say of what is taken for one of everything.
        return [
            auth
            for auth in self.of("auth")
            if auth.succeeded and released.isdisjoint({None, auth.reference})
        ]

    @property
    def captures(self) -> list[Transaction]:
        return [one for one in self.of("capture", "sale") if one.succeeded]

    @property
    def ordered(self) -> Money | None:
        """The amount of the page; of several the sum of what was paid at once, where that is more
        than one, so that a payment made twice cannot go unseen.
        """
        sales = [one.amount for one in self.of("sale") if one.succeeded]
        if sales:
            return sum(sales[1:], start=sales[0])
        pages = sorted(self.of(*_PAGES), key=lambda one: one.succeeded)
        return pages[-1].amount if pages else None


def decimal_of(money: Money) -> Decimal:
    """The amount as PayTabs writes it, in the major unit with the currency's decimals."""
    return Decimal(money.amount_minor).scaleb(-exponent_of(money.currency))


def money_from(amount: Any, currency: Any) -> Money:
    """PayTabs' amount in our minor unit. Raises ValueError where it is no whole number of it."""
    text = str(amount) if isinstance(amount, str | int | Decimal) else ""
    if not _DECIMAL.fullmatch(text) or not isinstance(currency, str):
        raise ValueError("an amount is a plain decimal")
    minor = Decimal(text).scaleb(exponent_of(currency))
    if minor != minor.to_integral_value():
        raise ValueError("the amount is no whole number of minor units")
    return Money(int(minor), currency)


def reference_of(payment_id: str, amount: Money) -> str:
    """The charge's name: an unpaid page is unknown to PayTabs, so the name tells the amount."""
    return f"{payment_id}_{amount.amount_minor}{amount.currency}"


def read_reference(reference: str) -> tuple[str, Money | None]:
    """Payment and amount; no amount in a name that a letter about a part brought.

    Raises `ChargeRefused` for what is no name of ours.
    """
    parts = _REFERENCE.fullmatch(reference)
    if parts is not None:
        return parts[1], Money(int(parts[2]), parts[3])
    if is_opaque(reference) and "_" not in reference:
        return reference, None
    raise ChargeRefused("There is no such charge.", reason="resource_missing")


def description_of(kind: str, key: str) -> str:
    """What stands beside a transaction for good, so that it can be told by its key. No word for
    people: nothing about them leaves the house.
    """
    return f"{kind}:{key}"


def cart_from(payment_id: str, answer: Any) -> Cart:
    """The answer to a query by cart. Raises LookupError, TypeError or ValueError for nonsense."""
    listed = answer if isinstance(answer, list) else [answer]
    found = [transaction_from(one) for one in listed if isinstance(one, Mapping)]
    if len(found) != len(listed):
        raise TypeError("a cart holds transactions")
    ours = [one for one in found if one.cart_id == payment_id]
    # What has no time waits still, so it is the youngest.
    ours.sort(key=lambda one: (one.at is None, one.at or datetime.min.replace(tzinfo=UTC)))
    return Cart(payment_id, tuple(ours))


def transaction_from(thing: Mapping[str, Any]) -> Transaction:
    """A transaction as a query, an answer or a letter tells it."""
    result = embedded(thing.get("payment_result"))
    described = _DESCRIPTION.fullmatch(str(thing.get("cart_description", "")))
    return Transaction(
        reference=_id(thing["tran_ref"]),
        previous=opaque(thing.get("previous_tran_ref")),
        kind=str(thing["tran_type"]).lower(),
        status=opaque(result.get("response_status")),
        code=str(result.get("response_code", ""))[:32],
        cart_id=_id(thing["cart_id"]),
        amount=money_from(thing["cart_amount"], thing["cart_currency"]),
        key=described[2] if described else None,
        at=_instant(result.get("transaction_time")),
        raw=plain(thing, _RAW_FIELDS) | plain(result, ("response_status", "response_code")),
    )


def charge_from(cart: Cart, ordered: Money) -> Charge:
    """The payment's transactions as one charge."""
    amount = cart.ordered or ordered
    captured = sum(one.amount.amount_minor for one in cart.captures)
    refunds = tuple(refund_from(one) for one in cart.of("refund"))
    refunded = sum(one.amount.amount_minor for one in refunds if not one.has_failed)
    state = _state(cart)
    reserved = state in {ChargeState.AUTHORIZED, ChargeState.PAID}
    return Charge(
        reference=reference_of(cart.payment_id, ordered),
        state=state,
        amount=amount,
        authorized_minor=amount.amount_minor if reserved else 0,
        captured_minor=captured,
        refunded_minor=min(refunded, captured),
        refunds=refunds,
        capture_before=_hold_ends(cart) if state is ChargeState.AUTHORIZED else None,
        error_code=_failure(cart) if state is ChargeState.PENDING else None,
        payment_id=cart.payment_id,
        created_at=cart.transactions[0].at if cart.transactions else None,
        raw={"transactions": [one.raw for one in cart.transactions]},
    )


def refund_from(transaction: Transaction) -> Refund:
    """A refund; one that PayTabs or the bank has still to decide is `pending`."""
    state = "pending" if transaction.is_undecided else "failed"
    return Refund(
        reference=transaction.reference,
        amount=transaction.amount,
        state="succeeded" if transaction.succeeded else state,
        key=transaction.key,
        error_code=decline_from(transaction).reason if state == "failed" else None,
    )


def refusal_from(content: Any) -> ChargeRefused | ProviderUnavailable:
    """What an answer with a `code` means: a wrong key, a repetition and a failure at PayTabs are
    doubt, everything else is a definite no.
    """
    code = str(embedded(content).get("code", ""))
    if code == "4":
        return ProviderUnavailable(retry_after_seconds=DUPLICATE_SECONDS)
    if not code.isdigit() or code in _IN_DOUBT:
        return ProviderUnavailable()
    return ChargeRefused(reason=_REASONS.get(code, "invalid_request"))


def decline_from(transaction: Transaction) -> ChargeRefused:
    """A transaction that came to nothing. PayTabs' codes are not for payers: few have a word."""
    return ChargeRefused(reason=_REASONS.get(transaction.code, "card_declined"))


def _state(cart: Cart) -> ChargeState:
    if cart.captures:
        return ChargeState.PAID
    if cart.reservations:
        return ChargeState.AUTHORIZED
    pages = cart.of(*_PAGES)
    if any(one.is_undecided for one in pages):
        return ChargeState.PROCESSING
    if any(one.succeeded or one.status == VOIDED for one in pages):
        return ChargeState.CANCELLED
    return ChargeState.PENDING


def _hold_ends(cart: Cart) -> datetime | None:
    begun = cart.reservations[0].at
    return None if begun is None else begun + HOLD


def _failure(cart: Cart) -> str | None:
    failed = [one for one in cart.of(*_PAGES) if one.status is not None]
    return decline_from(failed[-1]).reason if failed else None


def _instant(value: Any) -> datetime | None:
    if not isinstance(value, str) or len(value) > 40:
        return None
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _id(value: Any) -> str:
    found = opaque(value)
    if found is None:
        raise ValueError("an id looks otherwise")
    return found
