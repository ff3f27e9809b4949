"""Stripe behind our port: PaymentIntents with manual capture, through the official SDK."""

import asyncio
import contextlib
import hmac
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

import stripe

from consulta.kernel.money import Money
from consulta.providers.payments.letters import is_opaque
from consulta.providers.payments.port import (
    AuthorizeOrder,
    Capabilities,
    Charge,
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    PayersReturn,
    ProviderEvent,
    ProviderUnavailable,
    Refund,
    Setup,
    SignatureRejected,
)
from consulta.providers.payments.signatures import read_json_object, verify_signature
from consulta.providers.payments.stripe_events import claimed_return, event_from
from consulta.providers.payments.stripe_setups import (
    EXPANDED,
    customer_creation,
    setup_creation,
    setup_from,
)
from consulta.providers.payments.stripe_translation import (
    OPERATION_KEY,
    PAYMENT_KEY,
    charge_from,
    disputed_as,
    error_from,
    refund_from,
    refunded_as,
    refunds_from,
    stripe_amount,
)

stripe.enable_telemetry = False
# Below this level the SDK logs whole answers, client secrets and names included.
logging.getLogger("stripe").setLevel(logging.WARNING)

T = TypeVar("T")

CLOCK_SLACK = timedelta(minutes=5)
"""How far Stripe's clock may be from the one that dated our payment."""
LIKELY_WITHIN = timedelta(hours=1)
"""A lost charge was nearly always made this soon after our payment."""
PAGE_SIZE = 100
PAGES_MAX = 100
_EXPANDED = {"expand": ["latest_charge"]}
# Refunds that failed are among a charge's refunds alone: its sums do not tell of them.
_EXPANDED_WHOLE = {"expand": ["latest_charge", "latest_charge.refunds"]}
# What a malformed answer raises in the SDK or in our reading of it.
_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError, RecursionError)


class StripeProvider:
    """Takes and returns money at one Stripe account, with a key and a client of its own.

    No call lasts longer than `timeout_seconds` for each of its attempts; repeating beyond
    `max_network_retries` is the caller's, who has the key for it.
    """

    name: ClassVar[str] = "stripe"
    capabilities: ClassVar[Capabilities] = Capabilities(saves_methods=True)

    def __init__(
        self,
        *,
        secret_key: str,
        publishable_key: str | None,
        webhook_secrets: Sequence[str],
        api_base: str | None = None,
        timeout_seconds: float = 10.0,
        max_network_retries: int = 1,
        account: str = "",
        return_url: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not secret_key or not all(webhook_secrets):
            raise ValueError("Stripe needs a secret key, and no webhook secret may be empty")
        if not 0 <= max_network_retries <= 2:
            raise ValueError("the SDK may repeat a call at most twice")
        self._http = _HttpClient(timeout=timeout_seconds)
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base.rstrip("/")} if api_base else {},
            http_client=self._http,
            max_network_retries=max_network_retries,
        )
        # Between attempts the SDK sleeps at most its own longest delay.
        self._deadline_seconds = (max_network_retries + 1) * (
            timeout_seconds + stripe.HTTPXClient.MAX_DELAY
        )
        self._publishable_key = publishable_key
        self._webhook_secrets = tuple(webhook_secrets)
        self._account, self._return_url = account, return_url
        self._livemode = secret_key.startswith(("sk_live_", "rk_live_"))
        self._clock = clock

    @property
    def publishable_key(self) -> str | None:
        return self._publishable_key

    async def authorize(self, order: AuthorizeOrder, *, idempotency_key: str) -> Charge:
        """A charge is made; with a method it is confirmed at once, without one it waits for the
        payer. A declined one goes back to the payer: `ChargeRefused` then carries it, pending.
        A charge that waits already is presented the new method instead.
        """
        if order.return_url is not None and self._return_url is not None:
            order = replace(order, return_url=self._return_url)
        if order.charge_reference is not None:
            if order.payment_method is None:
                return await self.fetch(order.charge_reference)
            return await self._present(order, order.charge_reference, idempotency_key)
        params: Any = _creation(order)
        return await self._charge(
            self._client.v1.payment_intents.create_async(params, _with(idempotency_key))
        )

    async def _present(self, order: AuthorizeOrder, reference: str, key: str) -> Charge:
        params: Any = {"payment_method": order.payment_method, **_EXPANDED}
        if order.return_url is not None:
            params["return_url"] = order.return_url
        return await self._change(
            reference,
            self._client.v1.payment_intents.confirm_async(reference, params, _with(key)),
        )

    async def capture(self, reference: str, amount: Money, *, idempotency_key: str) -> Charge:
        """So much is taken; the rest of the reservation is released."""
        params: Any = {"amount_to_capture": stripe_amount(amount), **_EXPANDED}
        return await self._change(
            reference,
            self._client.v1.payment_intents.capture_async(
                reference, params, _with(idempotency_key)
            ),
        )

    async def cancel(self, reference: str, *, idempotency_key: str) -> Charge:
        """The authorisation is released. Cancelling what is already cancelled is no error."""
        params: Any = dict(_EXPANDED)
        call = self._client.v1.payment_intents.cancel_async(
            reference, params, _with(idempotency_key)
        )
        try:
            return await self._change(reference, call)
        except ChargeStateConflict as conflict:
            if conflict.charge and conflict.charge.state is ChargeState.CANCELLED:
                return conflict.charge
            raise

    async def refund(
        self, reference: str, amount: Money, *, idempotency_key: str
    ) -> tuple[Refund, Charge]:
        """So much is on its way back, and the charge as it stands after that.

        Where only the second reading fails, the whole is in doubt: the same key answers again.
        """
        params: Any = {
            "payment_intent": reference,
            "amount": stripe_amount(amount),
            "metadata": {OPERATION_KEY: idempotency_key},
        }
        call = self._client.v1.refunds.create_async(params, _with(idempotency_key))
        refund = await self._read(call, reading=refund_from)
        return refund, await self.fetch(reference)

    async def save_method(self, method_id: str, *, idempotency_key: str) -> Setup:
        """A set-up for a customer of its own, which waits for the payer's browser."""
        customer: Any = customer_creation(method_id)
        named: str = await self._read(
            self._client.v1.customers.create_async(customer, _with(f"{idempotency_key}-customer")),
            reading=lambda made: made["id"],
        )
        params: Any = setup_creation(method_id, customer=named)
        call = self._client.v1.setup_intents.create_async(params, _with(idempotency_key))
        return await self._read(call, reading=setup_from)

    async def fetch_setup(self, reference: str) -> Setup:
        """The present truth. Raises `ChargeRefused` for a reference that Stripe does not know."""
        params: Any = dict(EXPANDED)
        call = self._client.v1.setup_intents.retrieve_async(reference, params)
        return await self._read(call, reading=setup_from)

    async def forget_method(self, customer_reference: str, *, idempotency_key: str) -> None:
        """The customer is gone, and with it what was saved."""
        nothing: Any = {}
        call = self._client.v1.customers.delete_async(
            customer_reference, nothing, _with(idempotency_key)
        )
        try:
            await self._read(call, reading=dict)
        except ChargeRefused as refused:
            if refused.reason != "resource_missing":
                raise

    async def fetch(self, reference: str) -> Charge:
        """The present truth. Raises `ChargeRefused` for a reference that Stripe does not know."""
        params: Any = dict(_EXPANDED_WHOLE)
        call = self._client.v1.payment_intents.retrieve_async(reference, params)
        return await self._with_dispute(await self._with_refunds(await self._charge(call)))

    async def find(self, payment_id: str, *, created_after: datetime) -> Charge | None:
        """The charge of this payment; one that lives is preferred to one that was given up.

        Lists are read and not the search, which lags behind. Raises `ProviderUnavailable` rather
        than call absent what stands beyond the bound of pages.
        """
        start, likely = created_after - CLOCK_SLACK, created_after + LIKELY_WITHIN
        given_up: Charge | None = None
        for created in (
            {"gte": _seconds(start), "lte": _seconds(likely)},
            {"gt": _seconds(likely)},
        ):
            async for charge in self._listed(created):
                if charge.payment_id != payment_id:
                    continue
                if charge.state is not ChargeState.CANCELLED:
                    return charge
                given_up = given_up or charge
        return given_up

    async def recent(self, since: datetime) -> AsyncIterator[Charge]:
        """Charges made since, the newest first. Raises `ProviderUnavailable` at the bound."""
        async for charge in self._listed({"gte": _seconds(since)}):
            yield charge

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """The verified letter. Raises `SignatureRejected` for anything else, whatever its bytes."""
        verify_signature(
            body,
            headers,
            header_name="Stripe-Signature",
            secrets=self._webhook_secrets,
            now=self._clock(),
        )
        letter = read_json_object(body)
        return event_from(letter, account=self._account, livemode=self._livemode)

    async def read_return(self, form: bytes) -> PayersReturn:
        """The charge whose secret the browser knows: nothing is signed, so Stripe is asked."""
        reference, secret = claimed_return(form)
        call = self._client.v1.payment_intents.retrieve_async(reference)
        try:
            kept = await self._read(call, reading=lambda intent: str(intent["client_secret"]))
        except ChargeRefused:
            raise SignatureRejected from None
        if not hmac.compare_digest(kept.encode(), secret.encode()):
            raise SignatureRejected
        return PayersReturn(charge_reference=reference)

    async def close(self) -> None:
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def _change(self, reference: str, call: Awaitable[stripe.StripeObject]) -> Charge:
        """As `_charge`; a conflict carries the charge as it stands now, wherever it can be read."""
        try:
            return await self._charge(call)
        except ChargeStateConflict as conflict:
            # Where that fails, what came with the refusal is the best that we have.
            with contextlib.suppress(ChargeRefused, ProviderUnavailable):
                conflict.charge = await self.fetch(reference)
            raise

    async def _charge(self, call: Awaitable[stripe.StripeObject]) -> Charge:
        return await self._read(call, reading=charge_from)

    async def _with_refunds(self, charge: Charge) -> Charge:
        """Of many refunds the charge brings only the youngest: then they are listed."""
        if charge.refunds is not None or not charge.captured_minor:
            return charge
        params: Any = {"payment_intent": charge.reference, "limit": PAGE_SIZE}
        call = self._client.v1.refunds.list_async(params)
        return refunded_as(charge, await self._read(call, reading=refunds_from))

    async def _with_dispute(self, charge: Charge) -> Charge:
        """The charge only says that there was a dispute, and goes on saying so when it is over."""
        if not charge.disputed:
            return charge
        params: Any = {"payment_intent": charge.reference, "limit": PAGE_SIZE}
        return await self._read(
            self._client.v1.disputes.list_async(params),
            reading=lambda listed: disputed_as(charge, listed),
        )

    async def _listed(self, created: Mapping[str, int]) -> AsyncIterator[Charge]:
        """Our charges of that time, a page at a time; what others made at the account is not ours
        to judge.
        """
        params: dict[str, Any] = {
            "created": dict(created),
            "limit": PAGE_SIZE,
            "expand": ["data.latest_charge", "data.latest_charge.refunds"],
        }
        for _ in range(PAGES_MAX):
            asked: Any = dict(params)
            page = await self._read(
                self._client.v1.payment_intents.list_async(asked), reading=_page_from
            )
            for charge in page.charges:
                yield await self._with_dispute(charge)
            if page.continues_after is None:
                return
            params["starting_after"] = page.continues_after
        raise ProviderUnavailable("There are more charges at the provider than can be listed.")

    async def _read(
        self, call: Awaitable[stripe.StripeObject], *, reading: Callable[[Mapping[str, Any]], T]
    ) -> T:
        """The answer in our words. Raises our errors only, and none of them drags the SDK's along,
        because that one holds the whole answer.
        """
        try:
            async with asyncio.timeout(self._deadline_seconds):
                answer = await call
            return reading(answer.to_dict())
        except stripe.StripeError as error:
            raise error_from(error) from None
        except TimeoutError:
            raise ProviderUnavailable("The payment provider did not answer in time.") from None
        except _UNREADABLE:
            raise ProviderUnavailable("The provider's answer cannot be read.") from None


class _HttpClient(stripe.HTTPXClient):
    """The SDK's client, without the deprecated way of handing a form to httpx. Should the SDK
    stop asking this method, its own way is used and nothing breaks.
    """

    def _get_request_args_kwargs(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any
    ) -> tuple[list[Any], dict[str, Any]]:
        arguments, options = super()._get_request_args_kwargs(method, url, headers, post_data)
        if isinstance(options.get("data"), str):
            options["content"] = options.pop("data")
        return list(arguments), options


@dataclass(frozen=True, slots=True)
class _Page:
    charges: list[Charge]
    continues_after: str | None


def _page_from(answer: Mapping[str, Any]) -> _Page:
    intents = answer["data"]
    ours = [intent for intent in intents if (intent.get("metadata") or {}).get(PAYMENT_KEY)]
    return _Page(
        charges=[charge_from(intent) for intent in ours],
        continues_after=intents[-1]["id"] if answer["has_more"] and intents else None,
    )


def _creation(order: AuthorizeOrder) -> dict[str, Any]:
    others = {key: value for key, value in order.metadata.items() if is_opaque(value)}
    params: dict[str, Any] = {
        "amount": stripe_amount(order.amount),
        "currency": order.amount.currency.lower(),
        "capture_method": "automatic" if order.capture_now else "manual",
        "automatic_payment_methods": {
            "enabled": True,
            "allow_redirects": "always" if order.return_url else "never",
        },
        "metadata": {**others, PAYMENT_KEY: order.payment_id},
        **_EXPANDED,
    }
    if order.payment_method is None:
        return params
    params |= {"payment_method": order.payment_method, "confirm": True}
    if order.customer_reference:
        params["customer"] = order.customer_reference
    if order.off_session:
        params["off_session"] = True
    if order.return_url:
        params["return_url"] = order.return_url
    return params


def _with(idempotency_key: str) -> Any:
    return {"idempotency_key": idempotency_key}


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
