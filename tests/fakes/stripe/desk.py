"""The desk at which one request is served: its account's book, the time, and who is told."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import stripe

from tests.fakes.stripe.book import Book, new_id
from tests.fakes.stripe.clock import Clock
from tests.fakes.stripe.refusals import Json

Publish = Callable[[Book, Json], None]


@dataclass
class Desk:
    book: Book
    clock: Clock
    publish: Publish
    base_url: str = ""
    request_id: str | None = None
    """Nothing where the event happened by itself, as an expiry does."""
    idempotency_key: str | None = None

    @property
    def now(self) -> int:
        return self.clock.now()

    def announce(self, kind: str, subject: Json, *, before: Json | None = None) -> Json:
        """An event with a snapshot of its object is in the book and on its way to the endpoints.

        `before` holds the former values of what changed, for the `*.updated` events.
        """
        data: Json = {"object": copy.deepcopy(subject)}
        if before is not None:
            data["previous_attributes"] = before
        event: Json = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": stripe.api_version,
            "created": self.now,
            "data": data,
            "livemode": self.book.livemode,
            "pending_webhooks": 0,
            "request": {"id": self.request_id, "idempotency_key": self.idempotency_key},
            "type": kind,
        }
        if self.book.connected:
            event["account"] = self.book.account
        self.book.add(event)
        self.publish(self.book, event)
        return event
