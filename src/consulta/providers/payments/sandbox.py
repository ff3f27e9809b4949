"""A complete payment provider that needs no account anywhere: the payment method's name decides.

The names and what they lead to stand in `sandbox_charge.py`. Production settings refuse it.
"""

import hashlib
import hmac
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import orjson

from consulta.kernel.money import Money
from consulta.providers.payments.port import (
    AuthorizeOrder,
    Capabilities,
    Charge,
    ChargeRefused,
    ChargeState,
    Dispute,
    NextAction,
    ProviderEvent,
    ProviderUnavailable,
    Refund,
    Setup,
    SetupState,
    SignatureRejected,
)
from consulta.providers.payments.sandbox_charge import (
    DISPUTE_REASON,
    METHODS,
    REFUND_FAILS,
    UNAVAILABLE,
    SandboxCharge,
)
from consulta.providers.payments.sandbox_ledger import SandboxLedger
from consulta.providers.payments.sandbox_setup import KIND, SandboxSetups
from consulta.providers.payments.sandbox_store import SandboxStore
from consulta.providers.payments.signatures import (
    read_json_object,
    signature_header,
    verify_signature,
)

SIGNATURE_HEADER = "Sandbox-Signature"
RECENT_MAX = 1000
CLOCK_SLACK = timedelta(minutes=5)
_NAMES = uuid.UUID("7d0f4c1e-6a53-5b0e-9c55-0f2d3c7b9a10")
_WAITS_FOR_PAYER = (ChargeState.PENDING, ChargeState.REQUIRES_ACTION)


class SandboxProvider:
    """Answers like a real provider, keys, refusals and signed letters included.

    `secret` signs letters and client secrets; it must be the same in every replica. A charge's
    reference follows from the key of its order, so that a lost answer resolves by asking again.
    """

    name: ClassVar[str] = "sandbox"
    capabilities: ClassVar[Capabilities] = Capabilities(saves_methods=True)

    def __init__(
        self,
        *,
        store: SandboxStore,
        secret: str,
        account: str = "",
        late_after_seconds: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not secret:
            raise ValueError("the sandbox needs a secret to sign with")
        self._store = store
        self._ledger = SandboxLedger(store=store, clock=clock, tell=self._told)
        self._setups = SandboxSetups(store=store, clock=clock, secret_of=self._client_secret)
        self._secret = secret
        self._account = account
        self._late_after_seconds = late_after_seconds
        self._clock = clock

    @property
    def publishable_key(self) -> str | None:
        return "pk_sandbox"

    async def authorize(self, order: AuthorizeOrder, *, idempotency_key: str) -> Charge:
        """A charge is made; with a method it is decided at once, without one it waits."""
        if order.amount.amount_minor <= 0:
            raise ChargeRefused(reason="amount_too_small")
        method = order.payment_method
        if method is not None:
            _check_method(method)

        def move(charge: SandboxCharge, now: float) -> None:
            if method is not None:
                charge.present(method, now=now, late_after_seconds=self._late_after_seconds)

        if order.charge_reference is not None:
            return await self._ledger.move_once(
                order.charge_reference, move, key=idempotency_key, asked=_asked_of(order)
            )
        new = SandboxCharge(
            reference=self._named("sb_", idempotency_key),
            payment_id=order.payment_id,
            amount_minor=order.amount.amount_minor,
            currency=order.amount.currency,
            created_at=self._clock(),
            capture_now=order.capture_now,
            off_session=order.off_session,
        )
        if order.customer_reference is not None:
            await self._check_saved(order, new.reference)
        return await self._ledger.move_once(
            new.reference, move, key=idempotency_key, asked=_asked_of(order), new=new
        )

    async def _check_saved(self, order: AuthorizeOrder, reference: str) -> None:
        # A charge that exists was made while the method was saved: its answer stays what it was.
        if await self._store.load(reference) is None:
            setup = await self._setups.fetch(str(order.customer_reference))
            if setup.state is not SetupState.READY:
                raise ChargeRefused("There is no such payment method.", reason="resource_missing")

    async def save_method(self, method_id: str, *, idempotency_key: str) -> Setup:
        """A set-up that waits for the payer's browser."""
        return await self._setups.begin(self._named("sbs_", idempotency_key), method_id=method_id)

    async def fetch_setup(self, reference: str) -> Setup:
        """The present truth. Raises `ChargeRefused` for an unknown reference."""
        return await self._setups.fetch(reference)

    async def forget_method(
        self,
        customer_reference: str,
        *,
        idempotency_key: str,  # noqa: ARG002 - forgetting twice is forgetting
    ) -> None:
        """What was saved there can be charged no more."""
        await self._setups.forget(customer_reference)

    async def present_to_save(self, reference: str, method: str) -> Setup:
        """What the payer's browser does: a method for a set-up that waits for one."""
        _check_method(method)
        return await self._setups.present(reference, method)

    async def capture(self, reference: str, amount: Money, *, idempotency_key: str) -> Charge:
        """So much is taken; the rest of the reservation is released."""
        asked = {"verb": "capture", "amount": str(amount)}
        return await self._ledger.move_once(
            reference,
            lambda charge, now: charge.capture(amount, now=now),
            key=idempotency_key,
            asked=asked,
        )

    async def cancel(self, reference: str, *, idempotency_key: str) -> Charge:
        """The authorisation is released. Cancelling what is already cancelled is no error."""
        asked = {"verb": "cancel"}
        return await self._ledger.move_once(
            reference, lambda charge, _: charge.cancel(), key=idempotency_key, asked=asked
        )

    async def refund(
        self, reference: str, amount: Money, *, idempotency_key: str
    ) -> tuple[Refund, Charge]:
        """So much went back, at once; where the payer's method says so, the bank sends it back."""
        asked = {"verb": "refund", "amount": str(amount)}
        name = self._named("sbr_", idempotency_key)

        def move(charge: SandboxCharge, now: float) -> None:
            comes_back = charge.method == REFUND_FAILS
            fails_at = now + self._late_after_seconds if comes_back else None
            charge.refund(amount, reference=name, key=idempotency_key, fails_at=fails_at)

        charge = await self._ledger.move_once(reference, move, key=idempotency_key, asked=asked)
        return Refund(name, amount, "succeeded", key=idempotency_key), charge

    async def fail_refund(self, reference: str, refund_reference: str) -> Charge:
        """What the bank does, days later perhaps: it sends an accepted refund back."""
        return await self._ledger.move(
            reference, lambda charge, _: charge.fail_refund(refund_reference)
        )

    async def present_method(self, reference: str, method: str) -> Charge:
        """What the payer's browser does: a method for a charge that waits for one."""
        _check_method(method)
        late = self._late_after_seconds
        return await self._ledger.move(
            reference, lambda charge, now: charge.present(method, now=now, late_after_seconds=late)
        )

    async def complete_action(self, reference: str, *, succeed: bool) -> Charge:
        """The payer passed or failed the action, or the bank came to an answer."""
        return await self._ledger.move(
            reference, lambda charge, now: charge.complete(succeed=succeed, now=now)
        )

    async def fetch(self, reference: str) -> Charge:
        """The present truth. Raises `ChargeRefused` for an unknown reference."""
        return self._told(await self._ledger.charge(reference))

    async def find(self, payment_id: str, *, created_after: datetime) -> Charge | None:
        """The charge of this payment; one that lives is preferred to one that was given up."""
        start = (created_after - CLOCK_SLACK).timestamp()
        states = await self._store.find(payment_id)
        charges = [
            self._told(self._ledger.aged(state))
            for state in states
            if state["created_at"] >= start and state.get("kind") != KIND
        ]
        alive = [charge for charge in charges if charge.state is not ChargeState.CANCELLED]
        return next(iter(alive or charges), None)

    async def recent(self, since: datetime) -> AsyncIterator[Charge]:
        """Charges made since, the newest first. Raises `ProviderUnavailable` at the bound."""
        states = await self._store.recent(since, limit=RECENT_MAX)
        for state in states:
            if state.get("kind") != KIND:
                yield self._told(self._ledger.aged(state))
        if len(states) >= RECENT_MAX:
            raise ProviderUnavailable("There are more charges in the sandbox than can be listed.")

    def reference_of(self, client_secret: str) -> str:
        """The charge that a browser may act on. Raises `SignatureRejected` for a false secret."""
        reference = client_secret.partition("_secret_")[0]
        if not client_secret.isascii() or not hmac.compare_digest(
            self._client_secret(reference), client_secret
        ):
            raise SignatureRejected
        return reference

    def letter_about(self, charge: Charge) -> tuple[bytes, dict[str, str]]:
        """A signed letter about the charge as it stands, body and headers, as a webhook has them.
        The same news has the same event id, however often it is written.
        """
        news = f"{charge.reference}:{charge.state}:{charge.captured_minor}:{charge.refunded_minor}"
        came_back = [one.reference for one in charge.refunds or () if one.has_failed]
        ends = [one.state.value for one in charge.disputes if not one.stands]
        now = int(self._clock())
        letter = {
            "id": self._named("sbevt_", ":".join([news, str(charge.disputed), *came_back, *ends])),
            "type": f"charge.{_kind_of(charge)}",
            "created": now,
            "charge": charge.reference,
            "payment": charge.payment_id,
            "amount_minor": charge.amount.amount_minor,
            "currency": charge.amount.currency,
        }
        body = orjson.dumps(letter)
        return body, {SIGNATURE_HEADER: signature_header(body, secret=self._secret, at=now)}

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """The verified letter. Raises `SignatureRejected` for anything else, whatever its bytes."""
        verify_signature(
            body,
            headers,
            header_name=SIGNATURE_HEADER,
            secrets=(self._secret,),
            now=self._clock(),
        )
        letter = read_json_object(body)
        words = {name: _word(letter.get(name)) for name in ("id", "type", "charge", "payment")}
        if words["id"] is None or words["type"] is None:
            raise SignatureRejected("The message is not an event.")
        return ProviderEvent(
            id=words["id"],
            kind=words["type"],
            account=self._account,
            charge_reference=words["charge"],
            payment_id=words["payment"],
            body=words,
        )

    async def close(self) -> None:
        """There is nothing to close: the store belongs to whoever brought it."""

    def _told(self, charge: SandboxCharge) -> Charge:
        state = charge.state
        reserved = state in (ChargeState.AUTHORIZED, ChargeState.PAID)
        return Charge(
            reference=charge.reference,
            state=state,
            amount=Money(charge.amount_minor, charge.currency),
            authorized_minor=charge.amount_minor if reserved else 0,
            captured_minor=charge.captured_minor,
            refunded_minor=charge.refunded_minor,
            refunds=_refunds_of(charge),
            disputed=charge.disputed,
            disputes=self._disputes_of(charge),
            next_action=self._next_action(charge),
            capture_before=_instant(charge.capture_before)
            if state is ChargeState.AUTHORIZED
            else None,
            error_code=charge.error_code,
            decline_code=charge.decline_code,
            payment_id=charge.payment_id,
            created_at=_instant(charge.created_at),
            raw={"reference": charge.reference, "state": state.value, "method": charge.method},
        )

    def _disputes_of(self, charge: SandboxCharge) -> tuple[Dispute, ...]:
        if charge.dispute is None:
            return ()
        amount = Money(charge.captured_minor, charge.currency)
        name = self._named("sbd_", charge.reference)
        return (Dispute(name, charge.dispute, reason=DISPUTE_REASON, amount=amount),)

    def _next_action(self, charge: SandboxCharge) -> NextAction | None:
        if charge.state not in _WAITS_FOR_PAYER:
            return None
        secret = self._client_secret(charge.reference)
        return NextAction(kind="client_secret", client_secret=secret)

    def _client_secret(self, reference: str) -> str:
        proof = hmac.new(self._secret.encode(), reference.encode(), hashlib.sha256)
        return f"{reference}_secret_{proof.hexdigest()[:32]}"

    def _named(self, prefix: str, name: str) -> str:
        return prefix + uuid.uuid5(_NAMES, f"{self._account}:{name}").hex


def _check_method(method: str) -> None:
    if method not in METHODS:
        raise ChargeRefused("There is no such payment method.", reason="resource_missing")
    if method == UNAVAILABLE:
        raise ProviderUnavailable("The sandbox was asked to be unavailable.")


def _kind_of(charge: Charge) -> str:
    if charge.disputed:
        return "disputed"
    # What went back after the bank's decision is newer than that.
    is_decided = bool(charge.disputes) and not charge.refunds
    return "dispute_closed" if is_decided else charge.state.value


def _refunds_of(charge: SandboxCharge) -> tuple[Refund, ...] | None:
    """None of a charge that was refunded before the sandbox kept each by itself."""
    refunds = tuple(
        Refund(
            one["reference"],
            Money(one["amount_minor"], charge.currency),
            "failed" if one["code"] else "succeeded",
            key=one["key"],
            error_code=one["code"],
        )
        for one in charge.refunds
    )
    kept = sum(one.amount.amount_minor for one in refunds if not one.has_failed)
    return refunds if kept == charge.refunded_minor else None


def _asked_of(order: AuthorizeOrder) -> dict[str, Any]:
    return {
        "verb": "authorize",
        "payment_id": order.payment_id,
        "amount": str(order.amount),
        "capture_now": order.capture_now,
        "off_session": order.off_session,
        "payment_method": order.payment_method,
        "customer_reference": order.customer_reference,
        "return_url": order.return_url,
        "metadata": dict(order.metadata),
    }


def _instant(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)


def _word(value: Any) -> str | None:
    plain = isinstance(value, str) and value.isascii() and value.isprintable() and value
    return value if plain and len(value) <= 255 else None
