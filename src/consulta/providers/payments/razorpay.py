"""Razorpay behind our port: an order is the charge, and the payer pays it in its checkout."""

# Most of Razorpay's calls know no keys.
# ruff: noqa: ARG002

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from consulta.kernel.money import Money
from consulta.providers.payments.port import (
    AuthorizeOrder,
    Capabilities,
    Charge,
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    Dispute,
    PayersReturn,
    ProviderEvent,
    Refund,
)
from consulta.providers.payments.razorpay_api import (
    API_BASE,
    Entity,
    RazorpayApi,
    entities_of,
    id_of,
    looks_like_id,
)
from consulta.providers.payments.razorpay_events import (
    is_payers_return,
    read_failure,
    read_letter,
    read_return,
)
from consulta.providers.payments.razorpay_translation import (
    OPERATION_KEY,
    charge_from,
    creation,
    disputed_as,
    given_up,
    is_ours,
    principal,
    razorpay_amount,
    refund_from,
    refunded_as,
)
from consulta.providers.payments.vendor_http import read
from consulta.providers.payments.without_saved_methods import WithoutSavedMethods

CLOCK_SLACK = timedelta(minutes=5)
"""How far Razorpay's clock may be from the one that dated our payment."""


class RazorpayProvider(WithoutSavedMethods):
    """Takes and returns money at one Razorpay account, with a key and a client of its own.

    Orders have no idempotency keys: one is looked for by its receipt, our payment's id, before it
    is made, so a payment has one order whatever the key. Refunds have keys. An authorised payment
    cannot be released, it lapses `HOLD_MINUTES` after it was made.
    """

    name: ClassVar[str] = "razorpay"
    capabilities: ClassVar[Capabilities] = Capabilities(
        void=False, partial_capture=False, idempotent_requests=False, presents_methods=False
    )

    def __init__(
        self,
        *,
        key_id: str,
        key_secret: str,
        webhook_secrets: Sequence[str],
        api_base: str | None = None,
        return_url: str | None = None,
        timeout_seconds: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not (key_id and key_secret and all(webhook_secrets)):
            raise ValueError("Razorpay needs a key and its secret; no webhook secret may be empty")
        self._api = RazorpayApi(
            key_id=key_id,
            key_secret=key_secret,
            base_url=api_base or API_BASE,
            timeout_seconds=timeout_seconds,
        )
        self._key_id, self._key_secret = key_id, key_secret
        self._webhook_secrets = tuple(webhook_secrets)
        self._return_url = return_url
        self._clock = clock

    @property
    def publishable_key(self) -> str | None:
        return self._key_id

    async def authorize(self, order: AuthorizeOrder, *, idempotency_key: str) -> Charge:
        """An order that waits for its payer, or the one that this payment has already: an order
        takes another try after a failed one.

        Raises `ChargeRefused` where a method came or nobody is there: Razorpay's checkout asks.
        """
        if order.off_session:
            raise ChargeRefused(reason="authentication_required")
        if order.payment_method is not None:
            raise ChargeRefused(reason="payment_method_unsupported")
        if order.charge_reference is not None:
            return await self.fetch(order.charge_reference)
        wanted = creation(order)
        known = await self._order_of(order.payment_id)
        if known is None:
            try:
                made = await self._api.post("/orders", wanted)
                return self._led_back(read(charge_from, made, ()))
            except ChargeRefused:
                # Somebody with the same payment may have been faster: receipts are unique.
                known = await self._order_of(order.payment_id)
                if known is None:
                    raise
        if known.amount != order.amount:
            raise ChargeRefused(
                "This payment was ordered with another amount.", reason="idempotency_mismatch"
            )
        return known

    async def capture(self, reference: str, amount: Money, *, idempotency_key: str) -> Charge:
        """All of it is taken; Razorpay refuses a part. What was captured before is a conflict that
        carries the charge, whoever captured it: captures have no keys.
        """
        asked = {"amount": razorpay_amount(amount), "currency": amount.currency}
        order, payments, charge = await self._look(reference)
        tried = principal(payments)
        if charge.state is not ChargeState.AUTHORIZED or tried is None:
            raise ChargeStateConflict(reason="charge_not_authorized", charge=charge)
        try:
            taken = await self._api.post(f"/payments/{id_of(tried)}/capture", asked)
        except ChargeRefused as refused:
            raise await self._explained(reference, refused, unless=ChargeState.AUTHORIZED) from None
        return read(_changed, order, payments, taken)

    async def cancel(self, reference: str, *, idempotency_key: str) -> Charge:
        """An order that nobody has paid is given up; that is all that can be done with it, and it
        may still be paid. What is reserved lapses by itself, and is a conflict until then.
        """
        charge = await self.fetch(reference)
        if charge.state is ChargeState.CANCELLED:
            return charge
        if charge.state is ChargeState.AUTHORIZED:
            raise ChargeStateConflict(reason="cannot_be_voided", charge=charge)
        if charge.state is ChargeState.PAID:
            raise ChargeStateConflict(reason="charge_already_captured", charge=charge)
        return given_up(charge)

    async def refund(
        self, reference: str, amount: Money, *, idempotency_key: str
    ) -> tuple[Refund, Charge]:
        """So much is on its way back, and the charge as it stands after that. The same key returns
        the same refund.
        """
        asked = {
            "amount": razorpay_amount(amount),
            "speed": "normal",
            "notes": {OPERATION_KEY: idempotency_key},
        }
        order, payments, charge = await self._look(reference)
        tried = principal(payments)
        if charge.state is not ChargeState.PAID or tried is None:
            raise ChargeStateConflict(reason="charge_not_captured", charge=charge)
        if amount.currency != charge.amount.currency:
            raise ChargeRefused(reason="currency_mismatch", charge=charge)
        path = f"/payments/{id_of(tried)}"
        made = await self._api.post(
            f"{path}/refund", asked, headers={"X-Refund-Idempotency": idempotency_key}
        )
        present = await self._api.get(path)
        after = read(_changed, order, payments, present, disputes=charge.disputes)
        return read(refund_from, made), await self._with_refunds(after, present)

    async def fetch(self, reference: str) -> Charge:
        """The present truth. Raises `ChargeRefused` for an order that Razorpay does not know."""
        return (await self._look(reference))[2]

    async def find(self, payment_id: str, *, created_after: datetime) -> Charge | None:
        """The order of this payment, by its receipt."""
        return await self._order_of(payment_id, since=created_after - CLOCK_SLACK)

    async def recent(self, since: datetime) -> AsyncIterator[Charge]:
        """Charges of ours since, the newest first. Raises `ProviderUnavailable` at the bound."""
        disputes: Sequence[Entity] | None = None
        async for order in self._api.listed("/orders", since=since, expanded=True):
            if not is_ours(order):
                continue
            payments = read(lambda one: entities_of(one["payments"]), order)
            charge = read(charge_from, order, payments)
            if charge.state is ChargeState.PAID:
                if disputes is None:
                    disputes = await self._api.disputes(since)
                charge = read(disputed_as, charge, payments, disputes)
            yield charge

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """The verified letter. Raises `SignatureRejected` for anything else, whatever its bytes."""
        return read_letter(
            body,
            headers,
            secrets=self._webhook_secrets,
            livemode=self._key_id.startswith("rzp_live_"),
            now=self._clock(),
        )

    def verify_return(self, reference: str, *, payment_id: str, signature: str) -> bool:
        """Whether the payer's browser comes from the checkout of that order of ours (see
        `is_payers_return`): good for a page that says thank you, never for moving money.
        """
        return is_payers_return(
            key_secret=self._key_secret,
            order_reference=reference,
            payment_id=payment_id,
            signature=signature,
        )

    async def read_return(self, form: bytes) -> PayersReturn | None:
        """The order that the checkout signed. A failure is not signed: then Razorpay is asked
        whether the order has that attempt, whose name nobody but its payer's browser knows.
        """
        failed = read_failure(form)
        if failed is None:
            return read_return(form, key_secret=self._key_secret)
        if failed.order_reference is None or failed.payment_id is None:
            return None
        try:
            _, payments, _ = await self._look(failed.order_reference)
        except ChargeRefused:
            return None
        if failed.payment_id not in {id_of(one) for one in payments}:
            return None
        return PayersReturn(charge_reference=failed.order_reference)

    async def close(self) -> None:
        await self._api.close()

    async def _order_of(self, payment_id: str, *, since: datetime | None = None) -> Charge | None:
        """The order with this receipt; the list may hold others that only contain it."""
        async for order in self._api.listed("/orders", since=since, receipt=payment_id):
            if order.get("receipt") == payment_id and is_ours(order):
                return await self.fetch(id_of(order))
        return None

    async def _look(self, reference: str) -> tuple[Entity, list[Entity], Charge]:
        if not looks_like_id(reference):
            raise ChargeRefused("There is no such charge.", reason="resource_missing")
        order = await self._api.get(f"/orders/{reference}")
        answer = await self._api.get(f"/orders/{reference}/payments")
        payments = read(entities_of, answer)
        charge = read(charge_from, order, payments)
        if charge.state is ChargeState.PAID and charge.created_at is not None:
            disputes = await self._api.disputes(charge.created_at)
            charge = read(disputed_as, charge, payments, disputes)
            charge = await self._with_refunds(charge, principal(payments))
        return order, payments, self._led_back(charge)

    async def _with_refunds(self, charge: Charge, taken: Entity | None) -> Charge:
        if taken is None:
            return charge
        listed = self._api.listed(f"/payments/{id_of(taken)}/refunds", since=None)
        return read(refunded_as, charge, [one async for one in listed])

    def _led_back(self, charge: Charge) -> Charge:
        """The checkout is opened by the frontend, which tells it where the payer comes back to."""
        if charge.next_action is None:
            return charge
        action = replace(charge.next_action, return_url=self._return_url)
        return replace(charge, next_action=action)

    async def _explained(
        self, reference: str, refused: ChargeRefused, *, unless: ChargeState
    ) -> ChargeRefused:
        """The refusal with the charge as it stands; a conflict where it has moved on."""
        charge = await self.fetch(reference)
        if charge.state is not unless:
            return ChargeStateConflict(reason=refused.reason, charge=charge)
        refused.charge = charge
        return refused


def _changed(
    order: Entity,
    payments: Sequence[Entity],
    changed: Entity,
    *,
    disputes: tuple[Dispute, ...] = (),
) -> Charge:
    """The charge with one of its payments as it is now."""
    present = [changed if one["id"] == changed["id"] else one for one in payments]
    return charge_from(order, present, disputes=disputes)
