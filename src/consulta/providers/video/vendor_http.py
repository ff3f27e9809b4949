"""Speaking JSON with a video vendor: what is a yes, what a no, and when to ask again."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import httpx

from consulta.providers.bounded_http import (
    RETRY_AFTER_SECONDS_MAX,
    BoundedHttp,
    Came,
    NoAnswer,
    NotReadable,
)
from consulta.providers.video.port import VideoUnavailable

CONNECTIONS_MAX = 10
_LATER = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Reply:
    """A vendor's yes, or its no: the status and the JSON that came with it."""

    status: int
    content: Any = field(default=None, repr=False)

    @property
    def is_refusal(self) -> bool:
        return self.status >= 400

    def word(self, *names: str) -> str:
        """A word somewhere inside the answer, empty where there is none."""
        found: Any = self.content
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return str(found) if isinstance(found, str | int) else ""


class VendorHttp:
    """Calls without a memory: none lasts longer than `timeout_seconds`, none is repeated here."""

    def __init__(self, *, timeout_seconds: float) -> None:
        self._http = BoundedHttp(timeout_seconds=timeout_seconds, connections_max=CONNECTIONS_MAX)

    async def ask(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> Reply:
        """What the vendor says. Raises `VideoUnavailable` for everything that is neither a yes nor
        a definite no; it drags along nothing of what was sent or received.
        """
        try:
            came = await self._http.ask(
                method,
                url,
                look=_ensure_usable,
                params=params,
                headers=headers,
                json=body,
                data=form,
                auth=auth or httpx.USE_CLIENT_DEFAULT,
            )
        except NoAnswer:
            raise VideoUnavailable from None
        except NotReadable:
            _unreadable()
        return Reply(came.status, _json(came))

    async def close(self) -> None:
        await self._http.close()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """For how many seconds we are to wait, bounded; nothing where the header does not say.

    Seconds or a date, as RFC 9110 has it.
    """
    text = headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        zoned = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        seconds = (zoned - datetime.now(UTC)).total_seconds()
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_SECONDS_MAX)


def _ensure_usable(answer: httpx.Response) -> None:
    status = answer.status_code
    if status in _LATER or status >= 500:
        raise VideoUnavailable(retry_after_seconds=retry_after(answer.headers))


def _json(came: Came) -> Any:
    try:
        return json.loads(came.body) if came.body else None
    except (ValueError, RecursionError):
        # A refusal says enough by its status: gateways word theirs in HTML.
        return None if came.status >= 400 else _unreadable()


def _unreadable() -> NoReturn:
    raise VideoUnavailable("The video vendor's answer cannot be read.") from None
