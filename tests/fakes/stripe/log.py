"""The request log: what was asked, with which key, and what was answered."""

from collections import deque
from dataclasses import asdict, dataclass, field

from tests.fakes.stripe.refusals import Json

MOST_ENTRIES = 20_000


@dataclass
class LoggedRequest:
    request_id: str
    at: int
    method: str
    path: str
    key_last4: str
    """The last four characters of the key: enough to tell whose it was."""
    account: str | None
    """The `Stripe-Account` header."""
    idempotency_key: str | None
    api_version: str | None
    params: list[tuple[str, str]] = field(default_factory=list)
    operation: str | None = None
    status: int | None = None
    """Nothing while it runs, and for a reply that was lost."""
    outcome: str = "running"
    """`executed`, `replayed`, `refused`, `failed` (a fault) or `dropped`."""

    def as_dict(self) -> Json:
        return asdict(self)


class RequestLog:
    """The newest requests, oldest first."""

    def __init__(self) -> None:
        self.entries: deque[LoggedRequest] = deque(maxlen=MOST_ENTRIES)

    def add(self, entry: LoggedRequest) -> LoggedRequest:
        self.entries.append(entry)
        return entry

    def posts(self) -> list[LoggedRequest]:
        return [entry for entry in self.entries if entry.method == "POST"]
