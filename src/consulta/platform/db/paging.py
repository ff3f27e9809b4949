"""Pages and cursors: lists are bounded, and a cursor is opaque, signed and tied to its list."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

from consulta.kernel.errors import Malformed

T = TypeVar("T")
MOST_ITEMS = 100


class BadCursor(Malformed):
    """The cursor is not one of ours."""

    code = "INVALID_CURSOR"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A slice of a list and, where there is more, the cursor of the next."""

    items: Sequence[T]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PageAsked:
    """Which slice is wanted: at most `limit` rows after the position in `cursor`."""

    limit: int
    cursor: str | None
    signing_key: bytes

    def after(self, name: str) -> list[Any] | None:
        """The position in the list called `name`; None for its beginning. Raises `BadCursor`."""
        if self.cursor is None:
            return None
        try:
            signed = base64.urlsafe_b64decode(self.cursor + "=" * (-len(self.cursor) % 4))
            mark, body = signed[:16], signed[16:]
            if not hmac.compare_digest(mark, self._mark(name, body)):
                raise BadCursor
            position = orjson.loads(body)
        except (ValueError, UnicodeError):
            raise BadCursor from None
        if not isinstance(position, list):
            raise BadCursor
        return position

    def page(self, name: str, rows: Sequence[T], position: Callable[[T], Sequence[Any]]) -> Page[T]:
        """The page of `rows`, which hold one row more than the limit where there is a next page."""
        if len(rows) <= self.limit:
            return Page(rows, None)
        kept = rows[: self.limit]
        return Page(kept, self.cursor_at(name, position(kept[-1])))

    def cursor_at(self, name: str, position: Sequence[Any]) -> str:
        """The cursor of the rows behind that position in the list called `name`."""
        body = orjson.dumps(list(position), default=str)
        return base64.urlsafe_b64encode(self._mark(name, body) + body).rstrip(b"=").decode()

    def _mark(self, name: str, body: bytes) -> bytes:
        return hmac.digest(self.signing_key, name.encode() + b"\0" + body, hashlib.sha256)[:16]
