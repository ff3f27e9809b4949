"""Speaking JSON with a payment vendor without an SDK here: what is a yes, what a no, what doubt."""

import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn, ParamSpec, TypeVar

import httpx

from consulta.providers.bounded_http import (
    RETRY_AFTER_SECONDS_MAX,
    BoundedHttp,
    NoAnswer,
    NotReadable,
)
from consulta.providers.payments.port import ProviderUnavailable

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

CONNECTIONS_MAX = 20
_REFUSES_KEY = {401, 403}
_LATER = {408, 409, 425, 429}
# What a malformed answer raises in our reading of it.
_MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Reply:
    """A vendor's yes, or its definite no: the status and the JSON that came with it."""

    status: int
    content: Any

    @property
    def is_refusal(self) -> bool:
        return self.status >= 400


class VendorHttp:
    """A client with the keys of one account. No call lasts longer than `timeout_seconds`, however
    slowly the answer drips, and none is repeated here.
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        *,
        timeout_seconds: float,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> None:
        self._vendor = vendor
        self._http = BoundedHttp(
            timeout_seconds=timeout_seconds,
            connections_max=CONNECTIONS_MAX,
            base_url=base_url,
            auth=auth,
            headers=headers,
        )

    async def ask(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """What the vendor says, JSON numbers with a point as Decimal.

        Raises `ProviderUnavailable` for everything that is neither a yes nor a definite no: no
        answer, a late or too long one, a redirect, no JSON, our key refused, 408, 409, 425, 429
        and 5xx. None of these drags along what was sent or received.
        """
        kind = {"content-type": "application/json"} if content is not None else {}
        try:
            came = await self._http.ask(
                method,
                path,
                look=self._ensure_usable,
                params=list(params),
                content=content,
                headers={**kind, **(headers or {})},
            )
        except NoAnswer:
            raise ProviderUnavailable("The payment provider could not be reached.") from None
        except NotReadable:
            unreadable()
        return Reply(came.status, _json(came.body))

    async def close(self) -> None:
        await self._http.close()

    def _ensure_usable(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status in _REFUSES_KEY:
            logger.error("%s refused our credentials (HTTP %s)", self._vendor, status)
            raise ProviderUnavailable
        if status in _LATER or status >= 500:
            raise ProviderUnavailable(retry_after_seconds=retry_after(answer.headers))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """For how many seconds we are to wait, bounded; nothing where the header does not say."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return min(seconds, RETRY_AFTER_SECONDS_MAX)


def unreadable() -> NoReturn:
    """Raises `ProviderUnavailable`: what came is not what the vendor's documentation promises."""
    raise ProviderUnavailable("The provider's answer cannot be read.") from None


def read(reading: Callable[P, T], *content: P.args, **more: P.kwargs) -> T:
    """What the reading makes of an answer; `ProviderUnavailable` where it stumbles over it."""
    try:
        return reading(*content, **more)
    except _MALFORMED:
        unreadable()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body.decode(), parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        unreadable()


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
