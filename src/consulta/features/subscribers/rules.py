"""Decisions about deliveries, without I/O: signatures, bodies, gaps, and when to give up."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

import orjson

from consulta.platform.sealed import SealedTable

_MINUTE, _HOUR = 60.0, 3_600.0
GAPS_SECONDS = (
    *(5.0, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR),
    *(10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR),
)
"""Waits between attempts, as Standard Webhooks suggests: ten attempts over three days."""

MOST_ATTEMPTS = len(GAPS_SECONDS) + 1
LONGEST_GAP_SECONDS = 24 * _HOUR
GIVES_UP_AFTER = timedelta(days=5)
"""An endpoint that has done nothing but fail for so long is switched off."""

POSTS_PER_MINUTE = 30
"""So often a person may have something posted out of turn: a test, or a delivery again."""
ADDRESSES_PER_MINUTE = 20
"""So often a person may have an address looked at, which asks a resolver of names."""

OVERLAP = timedelta(hours=24)
"""A secret that was replaced signs, too, for so long at most."""

GONE = 410
_SECRET_BYTES = 32
_PREFIX = "whsec_"


def place_of_row(row: Mapping[str, Any]) -> str:
    """What a sealed secret is bound to: in any other row it does not open."""
    return f"webhook_endpoint_secrets|{row['id']}|{row['endpoint_id']}"


SEALED = SealedTable(
    table="webhook_endpoint_secrets", keys=("id", "endpoint_id"), place=place_of_row
)


def new_secret() -> str:
    """A signing secret in the spelling of Standard Webhooks."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def body_of(topic: str, *, occurred_at: datetime, ids: Mapping[str, Any]) -> bytes:
    """The same bytes at every attempt: what happened, when, and ids to ask about."""
    return orjson.dumps(
        {"type": topic, "timestamp": occurred_at, "data": dict(ids)}, option=orjson.OPT_UTC_Z
    )


def headers_of(
    event_id: UUID, *, at: datetime, body: bytes, secrets: Sequence[str]
) -> dict[str, str]:
    """The headers of Standard Webhooks: signed with every secret that is valid."""
    timestamp = str(int(at.timestamp()))
    signed = f"{event_id}.{timestamp}.".encode() + body
    return {
        "content-type": "application/json",
        "user-agent": "Consulta-Webhooks/1",
        "webhook-id": str(event_id),
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went: a status, or the code of why none came."""

    status: int | None
    error: str | None
    duration_ms: int
    retry_after: str | None = None

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def outcome_of(status: int, *, duration_ms: int, retry_after: str | None) -> Outcome:
    """What a status means. A redirect is a failure: the address is changed here, on the record."""
    if 200 <= status < 300:
        return Outcome(status, None, duration_ms)
    error = "REDIRECTED" if 300 <= status < 400 else "GONE" if status == GONE else "REFUSED"
    return Outcome(status, error, duration_ms, retry_after)


def gap_seconds(attempts: int, *, retry_after: str | None, now: datetime) -> float:
    """How long to wait after so many attempts: the longer of our own gap and the receiver's wish,
    and a day at most.
    """
    own = GAPS_SECONDS[min(attempts, len(GAPS_SECONDS)) - 1]
    return min(max(own, wished_seconds(retry_after, now=now)), LONGEST_GAP_SECONDS)


def wished_seconds(retry_after: str | None, *, now: datetime) -> float:
    """A Retry-After header, in seconds or as a date; 0 for nonsense and for the past."""
    if retry_after is None:
        return 0.0
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9])
    try:
        return max((parsedate_to_datetime(retry_after) - now).total_seconds(), 0.0)
    except (TypeError, ValueError):
        return 0.0


def gives_up(failing_since: datetime | None, *, now: datetime) -> bool:
    """Whether an endpoint has failed for too long to go on."""
    return failing_since is not None and now - failing_since >= GIVES_UP_AFTER
