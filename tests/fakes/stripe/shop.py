"""A shop for tests: the running fake, the real SDK pointed at it, and the usual first steps."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import stripe

from tests.fakes.stripe.control import Control
from tests.fakes.stripe.running import running_fake_stripe
from tests.fakes.stripe.service import FakeStripe, Hook

TIMEOUT_SECONDS = 10
NO_REDIRECTS = {"enabled": True, "allow_redirects": "never"}

# The SDK hands httpx a text where httpx would rather have `content=`; the pair is pinned.
SDK_WARNING = "ignore:Use 'content=:DeprecationWarning"


def new_key(prefix: str = "sk_test") -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


@asynccontextmanager
async def sdk_client(
    base_url: str, *, key: str, retries: int = 0
) -> AsyncIterator[stripe.StripeClient]:
    """The official client, which sends to the fake and by default never repeats by itself."""
    http = stripe.HTTPXClient(timeout=TIMEOUT_SECONDS)
    try:
        yield stripe.StripeClient(
            key,
            base_addresses={"api": base_url},
            http_client=http,
            max_network_retries=retries,
        )
    finally:
        await http.close_async()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Shop:
    fake: FakeStripe
    url: str
    key: str
    client: stripe.StripeClient

    @property
    def v1(self) -> Any:
        return self.client.v1

    @property
    def control(self) -> Control:
        return self.fake.control

    async def intent(self, method: str | None = None, **params: Any) -> Any:
        """A new intent over 10.00 USD that holds money; with a method it is confirmed at once."""
        options = params.pop("options", None)
        body: dict[str, Any] = {
            "amount": 1000,
            "currency": "usd",
            "capture_method": "manual",
            "automatic_payment_methods": NO_REDIRECTS,
        }
        if method is not None:
            body |= {"payment_method": method, "confirm": True}
        return await self.v1.payment_intents.create_async({**body, **params}, options)

    async def paid(self, method: str = "pm_card_visa", **params: Any) -> Any:
        return await self.intent(method, capture_method="automatic", **params)

    async def read(self, intent_id: str) -> Any:
        return await self.v1.payment_intents.retrieve_async(intent_id)

    def event_types(self) -> list[str]:
        """The types of all events so far, oldest first."""
        return [event["type"] for event in self.control.objects("event")]


@asynccontextmanager
async def open_shop(*, retries: int = 0, on_event: Hook | None = None) -> AsyncIterator[Shop]:
    key = new_key()
    async with (
        running_fake_stripe(on_event=on_event) as (fake, url),
        sdk_client(url, key=key, retries=retries) as client,
    ):
        yield Shop(fake, url, key, client)


async def refusal(call: Awaitable[Any], kind: type[stripe.StripeError]) -> Any:
    """The SDK's exception, which must be of exactly this class."""
    try:
        await call
    except stripe.StripeError as error:
        if type(error) is not kind:
            raise
        return error
    raise AssertionError(f"Stripe accepted what it refuses with {kind.__name__}")


Letters = list[tuple[str, bytes, dict[str, str]]]


def letter_box(statuses: Callable[[int], int] = lambda _: 200) -> tuple[Letters, Any]:
    """A list that fills with (url, body, headers), and the transport that fills it. `statuses`
    gives the answer to the n-th letter, counted from 0.
    """
    letters: Letters = []

    async def transport(url: str, body: bytes, headers: dict[str, str]) -> int:
        letters.append((url, body, headers))
        return statuses(len(letters) - 1)

    return letters, transport
