"""Webhook endpoints and the letters to them: signed, then delivered, held, dropped or late."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

import httpx
import stripe

from tests.fakes.stripe.book import Book, new_id
from tests.fakes.stripe.clock import Clock
from tests.fakes.stripe.refusals import Json

MOST_ATTEMPTS = 16
MOST_DELIVERIES = 200_000
TIMEOUT_SECONDS = 30.0

Transport = Callable[[str, bytes, dict[str, str]], Awaitable[int]]
"""Takes url, body and headers, and returns the status of the answer."""


class Mode(StrEnum):
    IMMEDIATE = "immediate"  # in the background, at once
    BEFORE_REPLY = "before_reply"  # the letter overtakes the answer that caused it
    HELD = "held"  # kept until delivered by hand


class DeliveryState(StrEnum):
    QUEUED = "queued"
    HELD = "held"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass
class Endpoint:
    id: str
    url: str
    secret: str
    account: str | None = None
    """Only this account's events; nothing means everybody's."""
    transport: Transport | None = None


@dataclass
class Delivery:
    """One event on its way to one endpoint. Every attempt carries the same bytes."""

    id: str
    endpoint: Endpoint
    event: Json
    body: bytes
    state: DeliveryState
    due_at: int
    statuses: list[int] = field(default_factory=list)
    """The answers so far; 0 where there was none."""

    def as_dict(self) -> Json:
        return {
            "id": self.id,
            "endpoint": self.endpoint.id,
            "event": self.event["id"],
            "type": self.event["type"],
            "object": self.event["data"]["object"].get("id"),
            "state": self.state.value,
            "due_at": self.due_at,
            "statuses": list(self.statuses),
        }


class Webhooks:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.mode = Mode.IMMEDIATE
        self.delay_seconds = 0
        self.endpoints: dict[str, Endpoint] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.signs_at: Callable[[], float] = time.time
        """The clock of signatures: the receiver's, which is not that of the fake's objects."""
        self._waiting: dict[str, Delivery] = {}  # exactly the queued ones
        self._client: httpx.AsyncClient | None = None
        self._pump: asyncio.Task[None] | None = None

    def add_endpoint(
        self,
        url: str,
        *,
        secret: str,
        account: str | None = None,
        transport: Transport | None = None,
    ) -> Endpoint:
        endpoint = Endpoint(new_id("we"), url, secret, account, transport)
        self.endpoints[endpoint.id] = endpoint
        return endpoint

    def publish(self, book: Book, event: Json) -> None:
        """The event is queued, or held, for every endpoint that it concerns."""
        for endpoint in self.endpoints.values():
            if endpoint.account in (None, book.account):
                self._post(endpoint, event)

    def _post(self, endpoint: Endpoint, event: Json) -> None:
        if len(self.deliveries) >= MOST_DELIVERIES:
            raise OverflowError(f"the fake holds no more than {MOST_DELIVERIES} deliveries")
        event["pending_webhooks"] += 1
        delivery = Delivery(
            id=new_id("wd"),
            endpoint=endpoint,
            event=event,
            body=json.dumps(event, indent=2).encode(),
            state=DeliveryState.HELD,
            due_at=self.clock.now(),
        )
        self.deliveries[delivery.id] = delivery
        if self.mode is not Mode.HELD:
            self.queue(delivery, seconds=self.delay_seconds)

    def queue(self, delivery: Delivery, *, seconds: int = 0) -> None:
        """It goes out by itself when the fake's clock has moved on so far."""
        delivery.state, delivery.due_at = DeliveryState.QUEUED, self.clock.now() + seconds
        self._waiting[delivery.id] = delivery

    def drop(self, delivery: Delivery) -> None:
        """It is lost: only delivering it by hand still brings it there."""
        delivery.state = DeliveryState.DROPPED
        self._waiting.pop(delivery.id, None)

    def in_state(self, *states: DeliveryState) -> list[Delivery]:
        return [delivery for delivery in self.deliveries.values() if delivery.state in states]

    def release(self) -> None:
        """What was held is queued in its order, and nothing is held any more."""
        self.mode = Mode.IMMEDIATE
        for delivery in self.in_state(DeliveryState.HELD):
            self.queue(delivery)

    def kick(self) -> None:
        """Queued letters that are due go out in the background, where a loop is running."""
        if self._pump is not None and not self._pump.done():
            return
        with suppress(RuntimeError):
            self._pump = asyncio.get_running_loop().create_task(self.deliver_due())

    async def settled(self) -> None:
        """Every letter that is due has been delivered or has failed."""
        if self._pump is not None:
            await asyncio.gather(self._pump, return_exceptions=True)
        await self.deliver_due()

    async def deliver_due(self) -> None:
        while due := self._next_due():
            await self.deliver(due)

    def _next_due(self) -> Delivery | None:
        now = self.clock.now()
        for delivery in self._waiting.values():
            if delivery.due_at <= now:
                return delivery
        return None

    async def deliver(self, delivery: Delivery, *, signed_at: int | None = None) -> int:
        """One attempt now, whatever its state was; returns the answer's status, 0 for none."""
        if len(delivery.statuses) >= MOST_ATTEMPTS:
            raise OverflowError(f"no letter is tried more than {MOST_ATTEMPTS} times")
        was_delivered = delivery.state is DeliveryState.DELIVERED
        # Marked before the wait, so that nobody else picks the letter up meanwhile.
        delivery.state = DeliveryState.FAILED
        self._waiting.pop(delivery.id, None)
        status = await self._send(
            delivery, int(self.signs_at()) if signed_at is None else signed_at
        )
        delivery.statuses.append(status)
        if 200 <= status < 300:
            delivery.state = DeliveryState.DELIVERED
        if delivery.state is DeliveryState.DELIVERED and not was_delivered:
            delivery.event["pending_webhooks"] -= 1
        elif was_delivered:
            delivery.state = DeliveryState.DELIVERED
        return status

    async def redeliver_failed(self) -> list[int]:
        """One more attempt for each failed letter that has one left; returns the answers."""
        return [
            await self.deliver(delivery)
            for delivery in self.in_state(DeliveryState.FAILED)
            if len(delivery.statuses) < MOST_ATTEMPTS
        ]

    def ordered(self, deliveries: list[Delivery], *, order: str, seed: int = 0) -> list[Delivery]:
        """`sent`, `reversed`, or `shuffled` by the seed."""
        if order == "reversed":
            return deliveries[::-1]
        if order == "shuffled":
            return Random(seed).sample(deliveries, len(deliveries))
        if order != "sent":
            raise ValueError("order is sent, reversed or shuffled")
        return deliveries

    async def _send(self, delivery: Delivery, signed_at: int) -> int:
        headers = {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            "stripe-signature": signature(
                delivery.body, secret=delivery.endpoint.secret, at=signed_at
            ),
        }
        send = delivery.endpoint.transport or self._post_over_http
        try:
            return await send(delivery.endpoint.url, delivery.body, headers)
        except (httpx.HTTPError, OSError):
            return 0

    async def _post_over_http(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        if self._client is None:
            self._client = httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS)
        return (await self._client.post(url, content=body, headers=headers)).status_code

    def reset(self) -> None:
        """No endpoint and no letter remains; delivery is immediate again."""
        self.endpoints.clear()
        self.deliveries.clear()
        self._waiting.clear()
        self.mode, self.delay_seconds = Mode.IMMEDIATE, 0

    async def close(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def signature(body: bytes, *, secret: str, at: int) -> str:
    """The `Stripe-Signature` header, made by the SDK's own code."""
    return str(stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at))
