"""Control of webhooks: who gets them, and when, how often, in which order, or whether at all."""

import copy

from tests.fakes.stripe.book import new_id
from tests.fakes.stripe.machine import Machine
from tests.fakes.stripe.refusals import Json
from tests.fakes.stripe.webhooks import Delivery, DeliveryState, Mode, Transport, Webhooks


class LetterControl:
    """A delivery is known by its id, as `deliveries()` lists them, oldest first."""

    machine: Machine
    webhooks: Webhooks

    def add_webhook(
        self,
        url: str,
        *,
        secret: str,
        account: str | None = None,
        transport: Transport | None = None,
    ) -> str:
        """The endpoint's id. It gets the events of this account, or of all. `transport` replaces
        the HTTP request by a call inside this process.
        """
        return self.webhooks.add_endpoint(
            url, secret=secret, account=account, transport=transport
        ).id

    def remove_webhook(self, endpoint_id: str) -> None:
        del self.webhooks.endpoints[endpoint_id]

    def set_webhook_mode(self, mode: str, *, delay_seconds: int = 0) -> None:
        """`immediate`, `before_reply` or `held`, for events from now on. A delay is counted on the
        fake's clock, so that `advance` brings the letter.
        """
        self.webhooks.mode, self.webhooks.delay_seconds = Mode(mode), delay_seconds

    def hold_webhooks(self) -> None:
        self.set_webhook_mode(Mode.HELD)

    async def release_webhooks(self) -> None:
        """Everything held is delivered in order, and nothing is held any more."""
        self.webhooks.release()
        await self.webhooks.settled()

    async def settled(self) -> None:
        """Every letter that is due has been tried."""
        await self.webhooks.settled()

    def deliveries(self, state: str | None = None, *, event: str | None = None) -> list[Json]:
        return [
            delivery.as_dict()
            for delivery in self.webhooks.deliveries.values()
            if state in (None, delivery.state) and event in (None, delivery.event["id"])
        ]

    async def deliver(
        self, delivery_id: str, *, times: int = 1, signed_at: int | None = None
    ) -> list[int]:
        """So many attempts now, whatever happened to it before; the statuses of the answers."""
        delivery = self._delivery(delivery_id)
        return [await self.webhooks.deliver(delivery, signed_at=signed_at) for _ in range(times)]

    async def deliver_next(self) -> Json | None:
        """The oldest held letter goes out; nothing where none is held."""
        held = self.webhooks.in_state(DeliveryState.HELD)
        if not held:
            return None
        await self.webhooks.deliver(held[0])
        return held[0].as_dict()

    async def deliver_held(self, *, order: str = "sent", seed: int = 0) -> list[int]:
        """All that is held, in the order `sent`, `reversed` or `shuffled`; holding goes on."""
        held = self.webhooks.in_state(DeliveryState.HELD)
        ordered = self.webhooks.ordered(held, order=order, seed=seed)
        return [await self.webhooks.deliver(delivery) for delivery in ordered]

    def drop_delivery(self, delivery_id: str) -> None:
        self.webhooks.drop(self._delivery(delivery_id))

    def delay_delivery(self, delivery_id: str, *, seconds: int) -> None:
        """It goes out when the fake's clock has been advanced so far."""
        self.webhooks.queue(self._delivery(delivery_id), seconds=seconds)

    async def redeliver_failed(self) -> list[int]:
        """One more attempt each; a letter is given up after sixteen."""
        return await self.webhooks.redeliver_failed()

    def resend_event(self, event_id: str, *, under_new_id: bool = False) -> Json:
        """The event goes to all its endpoints once more, perhaps as a second event of the same
        meaning, as Stripe sometimes sends.
        """
        book, event = self.machine.find("event", event_id)
        if under_new_id:
            event = book.add({**copy.deepcopy(event), "id": new_id("evt"), "pending_webhooks": 0})
        self.webhooks.publish(book, event)
        self.webhooks.kick()
        return copy.deepcopy(event)

    def send_event(self, kind: str, subject: Json, *, key: str, account: str | None = None) -> Json:
        """An event of any kind about anything, also of what nobody has heard of."""
        book = self.machine.keys.secret_book(key, account=account)
        event = self.machine.desk(book).announce(kind, subject)
        self.webhooks.kick()
        return copy.deepcopy(event)

    def _delivery(self, delivery_id: str) -> Delivery:
        delivery = self.webhooks.deliveries.get(delivery_id)
        if delivery is None:
            raise LookupError(f"no delivery has the id {delivery_id}")
        return delivery
