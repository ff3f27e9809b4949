"""The port of posts to addresses of strangers: what is sent, what came back, what is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from consulta.kernel.errors import Invalid


class AddressRefused(Invalid):
    """The service does not post to this address: it must be https, and public."""

    # One code for all reasons: which names exist inside of a network is nobody's business.
    code = "WEBHOOK_URL_REFUSED"


class NotPosted(Exception):
    """No answer came. `code` says why, in a word that is safe to show."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the receiver said, without its body."""

    status: int
    retry_after: str | None = None


class Outgoing(Protocol):
    """Posts to addresses that it has not chosen. Follows no redirect."""

    async def check(self, url: str) -> None:
        """Raises `AddressRefused` for what would not be posted to at this moment."""
        ...

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answered:
        """Raises `NotPosted`, within a bounded time whatever the receiver does."""
        ...

    async def close(self) -> None: ...
