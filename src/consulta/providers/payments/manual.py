"""Money that a person collects: nothing is asked of anybody, and nothing is remembered here."""

# Most of the port's arguments mean nothing to a drawer.
# ruff: noqa: ARG002

import re
import uuid
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import ClassVar

from consulta.kernel.money import Money
from consulta.providers.payments.port import (
    AuthorizeOrder,
    Capabilities,
    Charge,
    ChargeRefused,
    ChargeState,
    ProviderEvent,
    Refund,
    SignatureRejected,
)
from consulta.providers.payments.without_saved_methods import WithoutSavedMethods

_REFERENCE = re.compile(r"manual_([A-Za-z0-9-]{1,64})_([0-9]{1,18})([A-Z]{3})")
_NAMES = uuid.UUID("2c9f7e60-51a8-5c0d-8f35-3b1a7d1f4e22")


class ManualProvider(WithoutSavedMethods):
    """Writes down what the specialist says. Our own rows are the only record, so that `fetch`
    knows a charge's amount and no more, and the sums in an answer are those of that one call.
    """

    name: ClassVar[str] = "manual"
    capabilities: ClassVar[Capabilities] = Capabilities(
        webhooks=False, takes_money=False, remembers=False
    )

    @property
    def publishable_key(self) -> str | None:
        return None

    async def authorize(self, order: AuthorizeOrder, *, idempotency_key: str) -> Charge:
        """A charge that waits until the specialist has the money; the payer has nothing to do."""
        amount = order.amount
        reference = f"manual_{order.payment_id}_{amount.amount_minor}{amount.currency}"
        return _charge(reference, state=ChargeState.PENDING)

    async def capture(self, reference: str, amount: Money, *, idempotency_key: str) -> Charge:
        """The specialist has so much."""
        _check(reference, amount)
        return _charge(reference, state=ChargeState.PAID, captured_minor=amount.amount_minor)

    async def cancel(self, reference: str, *, idempotency_key: str) -> Charge:
        """Nothing is to be collected any more."""
        return _charge(reference, state=ChargeState.CANCELLED)

    async def refund(
        self, reference: str, amount: Money, *, idempotency_key: str
    ) -> tuple[Refund, Charge]:
        """The specialist gave so much back. How much that makes with earlier refunds, and whether
        it may be so much, our own rows know.
        """
        _check(reference, amount)
        refund = Refund(
            f"manual_refund_{uuid.uuid5(_NAMES, idempotency_key).hex}", amount, "succeeded"
        )
        whole, back = _read(reference)[1].amount_minor, amount.amount_minor
        return refund, _charge(
            reference, state=ChargeState.PAID, captured_minor=whole, refunded_minor=back
        )

    async def fetch(self, reference: str) -> Charge:
        """The charge as it was ordered: nothing else is known here."""
        return _charge(reference, state=ChargeState.PENDING)

    async def find(self, payment_id: str, *, created_after: datetime) -> Charge | None:
        return None

    async def recent(self, since: datetime) -> AsyncIterator[Charge]:
        """None: there is no list to read."""
        nothing: tuple[Charge, ...] = ()
        for charge in nothing:
            yield charge

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Nobody writes letters about money in a drawer, so each is refused."""
        raise SignatureRejected

    async def close(self) -> None:
        """There is nothing to close."""


def _read(reference: str) -> tuple[str, Money]:
    parts = _REFERENCE.fullmatch(reference)
    if parts is None:
        raise ChargeRefused("There is no such charge.", reason="resource_missing")
    payment_id, minor, currency = parts.groups()
    return payment_id, Money(int(minor), currency)


def _check(reference: str, amount: Money) -> None:
    _, whole = _read(reference)
    if amount.currency != whole.currency:
        raise ChargeRefused(reason="currency_mismatch")
    if amount.amount_minor <= 0:
        raise ChargeRefused(reason="amount_too_small")
    if amount.amount_minor > whole.amount_minor:
        raise ChargeRefused(reason="amount_too_large")


def _charge(
    reference: str, *, state: ChargeState, captured_minor: int = 0, refunded_minor: int = 0
) -> Charge:
    payment_id, amount = _read(reference)
    return Charge(
        reference=reference,
        state=state,
        amount=amount,
        authorized_minor=amount.amount_minor if state is ChargeState.PAID else 0,
        captured_minor=captured_minor,
        refunded_minor=refunded_minor,
        payment_id=payment_id,
    )
