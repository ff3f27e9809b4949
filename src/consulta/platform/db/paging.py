"""Pages and cursors: lists are bounded, and a cursor is opaque, signed and tied to its list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from consulta.kernel.errors import Malformed
from consulta.platform.signing import Forged, Signer

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
            return Signer(self.signing_key).read(name, self.cursor)
        except Forged:
            raise BadCursor from None

    def page(self, name: str, rows: Sequence[T], position: Callable[[T], Sequence[Any]]) -> Page[T]:
        """The page of `rows`, which hold one row more than the limit where there is a next page."""
        if len(rows) <= self.limit:
            return Page(rows, None)
        kept = rows[: self.limit]
        return Page(kept, self.cursor_at(name, position(kept[-1])))

    def cursor_at(self, name: str, position: Sequence[Any]) -> str:
        """The cursor of the rows behind that position in the list called `name`."""
        return Signer(self.signing_key).sign(name, position)
