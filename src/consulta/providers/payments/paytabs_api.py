"""The two calls of PayTabs: reading a cart, and asking for a transaction about it."""

from collections.abc import Mapping
from typing import Any

import orjson

from consulta.kernel.money import Money
from consulta.providers.payments.letters import embedded, is_opaque
from consulta.providers.payments.paytabs_translation import (
    Cart,
    cart_from,
    decimal_of,
    description_of,
    refusal_from,
)
from consulta.providers.payments.port import ProviderUnavailable
from consulta.providers.payments.vendor_http import VendorHttp, read, unreadable

HOSTS = {
    "ARE": "https://secure.paytabs.com",
    "SAU": "https://secure.paytabs.sa",
    "EGY": "https://secure-egypt.paytabs.com",
    "OMN": "https://secure-oman.paytabs.com",
    "JOR": "https://secure-jordan.paytabs.com",
    "KWT": "https://secure-kuwait.paytabs.com",
    "IRQ": "https://secure-iraq.paytabs.com",
    "MAR": "https://secure-morocco.paytabs.com",
    "QAT": "https://secure-doha.paytabs.com",
    "GLOBAL": "https://secure-global.paytabs.com",
}
"""A key works at the host of its region only."""


class PayTabsApi:
    """One profile's calls. Raises `ProviderUnavailable` for doubt, `ChargeRefused` for a no."""

    def __init__(
        self, *, profile_id: int, server_key: str, base_url: str, timeout_seconds: float
    ) -> None:
        self._profile_id = profile_id
        self._http = VendorHttp(
            "PayTabs",
            base_url.rstrip("/"),
            headers={"authorization": server_key},
            timeout_seconds=timeout_seconds,
        )

    async def cart(self, payment_id: str) -> Cart:
        """Every transaction about this payment; none for what PayTabs has never heard of."""
        if not is_opaque(payment_id):
            return Cart(payment_id, ())
        body = {"profile_id": self._profile_id, "cart_id": payment_id}
        reply = await self._http.ask("POST", "/payment/query", content=orjson.dumps(body))
        if reply.status == 404:
            return Cart(payment_id, ())
        if reply.is_refusal or _code(reply.content) > 0:
            # To take a failed query for an empty cart would be to pay twice.
            raise ProviderUnavailable
        return read(cart_from, payment_id, reply.content)

    async def request(
        self, kind: str, payment_id: str, amount: Money, key: str, more: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The answer to a transaction that is asked for: a page, or how it went."""
        body = {
            "profile_id": self._profile_id,
            "tran_type": kind,
            "tran_class": "ecom",
            "cart_id": payment_id,
            "cart_currency": amount.currency,
            # A JSON number with exactly these digits: a float would have its own idea of them.
            "cart_amount": orjson.Fragment(f"{decimal_of(amount):f}"),
            "cart_description": description_of(kind, key),
            **more,
        }
        reply = await self._http.ask("POST", "/payment/request", content=orjson.dumps(body))
        if reply.is_refusal or _code(reply.content) > 0:
            raise refusal_from(reply.content)
        if not isinstance(reply.content, dict):
            unreadable()
        return reply.content

    async def close(self) -> None:
        await self._http.close()


def _code(content: Any) -> int:
    """The number of an error; an answer that is none has no code, or 0."""
    code = embedded(content).get("code", 0)
    return code if isinstance(code, int) else 1
