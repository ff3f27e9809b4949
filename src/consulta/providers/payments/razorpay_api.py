"""Razorpay's calls: one account's objects and lists, read strictly."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from consulta.providers.payments.port import ProviderUnavailable
from consulta.providers.payments.razorpay_translation import refusal_from
from consulta.providers.payments.vendor_http import VendorHttp, read, unreadable

Entity = Mapping[str, Any]

API_BASE = "https://api.razorpay.com"
PAGE_SIZE = 100
PAGES_MAX = 100
_DISPUTE_PAGES_MAX = 10


class RazorpayApi:
    """One account's calls. Raises `ProviderUnavailable` for doubt, `ChargeRefused` for a no."""

    def __init__(
        self, *, key_id: str, key_secret: str, base_url: str, timeout_seconds: float
    ) -> None:
        self._http = VendorHttp(
            "Razorpay",
            f"{base_url.rstrip('/')}/v1",
            auth=(key_id, key_secret),
            timeout_seconds=timeout_seconds,
        )

    async def disputes(self, since: datetime) -> list[Entity]:
        """The disputes that were opened since, also those that are over."""
        found = self.listed("/disputes", since=since, pages=_DISPUTE_PAGES_MAX)
        return [dispute async for dispute in found]

    async def listed(
        self,
        path: str,
        *,
        since: datetime | None,
        receipt: str | None = None,
        expanded: bool = False,
        pages: int = PAGES_MAX,
    ) -> AsyncIterator[Entity]:
        params = [("count", str(PAGE_SIZE))]
        if since is not None:
            params.append(("from", str(max(0, int(since.timestamp())))))
        if receipt is not None:
            params.append(("receipt", receipt))
        if expanded:
            params.append(("expand[]", "payments"))
        for page in range(pages):
            answer = await self.get(path, [*params, ("skip", str(page * PAGE_SIZE))])
            items = read(entities_of, answer)
            for item in items:
                yield item
            if len(items) < PAGE_SIZE:
                return
        raise ProviderUnavailable("There is more at the provider than can be listed.")

    async def get(self, path: str, params: Sequence[tuple[str, str]] = ()) -> Entity:
        return await self._ask("GET", path, params=params)

    async def post(
        self, path: str, body: Entity, *, headers: Mapping[str, str] | None = None
    ) -> Entity:
        return await self._ask("POST", path, content=orjson.dumps(body), headers=headers)

    async def _ask(self, method: str, path: str, **more: Any) -> Entity:
        reply = await self._http.ask(method, path, **more)
        if reply.is_refusal:
            raise refusal_from(reply.content)
        if not isinstance(reply.content, dict):
            unreadable()
        return reply.content

    async def close(self) -> None:
        await self._http.close()


def entities_of(answer: Entity) -> list[Entity]:
    items = answer["items"]
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise TypeError("a collection holds objects")
    return items


def id_of(thing: Entity) -> str:
    found = thing.get("id")
    return found if isinstance(found, str) and looks_like_id(found) else unreadable()


def looks_like_id(text: str) -> bool:
    return text.isascii() and text.replace("_", "").isalnum() and len(text) <= 64
