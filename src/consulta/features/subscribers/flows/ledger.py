"""The rows of deliveries as the courier writes them: leased, settled under the fence, given up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consulta.features.subscribers import rules
from consulta.features.subscribers.rules import Outcome
from consulta.kernel.errors import Conflict
from consulta.platform.db.work import Work
from consulta.platform.failures import with_jitter

LEASE_SECONDS = 60
_MOST_LOGGED = 20

# From endpoint to endpoint along the index of what waits, and from each a few of the oldest: were
# all that is due looked at by age, one slow address would fill every claim.
_CLAIM = """
WITH RECURSIVE waiting AS (
    (SELECT d.endpoint_id FROM app.webhook_deliveries d
     WHERE d.state IN ('pending', 'leased') ORDER BY d.endpoint_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.endpoint_id FROM app.webhook_deliveries d
            WHERE d.state IN ('pending', 'leased') AND d.endpoint_id > w.endpoint_id
            ORDER BY d.endpoint_id LIMIT 1)
    FROM waiting w WHERE w.endpoint_id IS NOT NULL
), due AS (
    SELECT f.id
    FROM waiting w
    JOIN app.webhook_endpoints e ON e.id = w.endpoint_id AND e.is_active
    CROSS JOIN LATERAL (
        SELECT d.id FROM app.webhook_deliveries d
        WHERE d.endpoint_id = w.endpoint_id AND d.state IN ('pending', 'leased')
          AND d.next_attempt_at <= app.now()
          AND (d.lease_until IS NULL OR d.lease_until <= app.now())
        ORDER BY d.next_attempt_at
        LIMIT greatest($2 - (
            SELECT count(*) FROM app.webhook_deliveries l
            WHERE l.endpoint_id = w.endpoint_id AND l.state = 'leased'
              AND l.lease_until > app.now()), 0)
        FOR UPDATE SKIP LOCKED) f
    LIMIT $1
), claimed AS (
    UPDATE app.webhook_deliveries d
    SET state = 'leased', lease_until = app.now() + $3::interval, fence = d.fence + 1,
        attempts = d.attempts + 1
    FROM due WHERE d.id = due.id
    RETURNING d.id, d.endpoint_id, d.event_id, d.topic, d.payload, d.occurred_at, d.attempts,
              d.attempt_log, d.fence)
SELECT c.*, e.url, app.now() AS claimed_at
FROM claimed c JOIN app.webhook_endpoints e ON e.id = c.endpoint_id
"""

_PARK_LAPSED = """
UPDATE app.webhook_deliveries
SET state = 'parked', fence = fence + 1, lease_until = NULL, settled_at = app.now(),
    last_error = coalesce(last_error, 'LEASE_LAPSED')
WHERE state = 'leased' AND lease_until <= app.now() AND attempts >= $1
"""

_SETTLE = """
UPDATE app.webhook_deliveries
SET state = $3, lease_until = NULL, next_attempt_at = app.now() + $4::interval,
    settled_at = CASE WHEN $3 <> 'pending' THEN app.now() END,
    last_status = $5, last_error = $6, duration_ms = $7, attempt_log = $8
WHERE id = $1 AND fence = $2 AND state = 'leased'
"""

_WELL = """
UPDATE app.webhook_endpoints SET failing_since = NULL
WHERE id = $1 AND failing_since IS NOT NULL
"""

_FAILING = """
UPDATE app.webhook_endpoints SET failing_since = coalesce(failing_since, app.now())
WHERE id = $1 AND is_active
RETURNING failing_since, specialist_id
"""

_SWITCH_OFF = """
UPDATE app.webhook_endpoints
SET is_active = false, disabled_at = app.now(), disabled_reason = $2
WHERE id = $1 AND is_active
"""


class LeaseLapsed(Conflict):
    """Somebody else has this delivery by now."""

    code = "WEBHOOK_LEASE_LAPSED"


@dataclass(slots=True)
class Parcel:
    """A delivery that is ours for a minute."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    topic: str
    payload: Mapping[str, Any]
    occurred_at: datetime
    attempts: int
    attempt_log: Sequence[Mapping[str, Any]]
    fence: int
    url: str
    claimed_at: datetime
    secrets: Sequence[str] = field(default=(), repr=False)


async def claim(work: Work, *, most: int, most_of_endpoint: int) -> list[Parcel]:
    """Deliveries that are due, ours and nobody else's while the lease lasts."""
    lease = timedelta(seconds=LEASE_SECONDS)
    rows = await work.fetch(_CLAIM, most, most_of_endpoint, lease)
    return [Parcel(**row) for row in rows]


async def park_lapsed(work: Work) -> None:
    """What was leased for the last time and never came back is given up."""
    await work.execute(_PARK_LAPSED, rules.MOST_ATTEMPTS)


async def record(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    """The attempt stands in the delivery and in its endpoint's health.

    Raises `LeaseLapsed`, and then nothing is written.
    """
    # The endpoint before its delivery: whoever replays locks them in this order.
    if outcome.is_delivered:
        await work.execute(_WELL, parcel.endpoint_id)
    else:
        await _failed(work, parcel, outcome)
    state, gap = _next(parcel, outcome)
    entry = {
        "at": parcel.claimed_at.isoformat(),
        "status": outcome.status,
        "error": outcome.error,
        "duration_ms": outcome.duration_ms,
    }
    settled = await work.execute(
        _SETTLE,
        parcel.id,
        parcel.fence,
        state,
        gap,
        outcome.status,
        outcome.error,
        outcome.duration_ms,
        [*parcel.attempt_log, entry][-_MOST_LOGGED:],
    )
    if settled != 1:
        raise LeaseLapsed


def _next(parcel: Parcel, outcome: Outcome) -> tuple[str, timedelta]:
    if outcome.is_delivered:
        return "delivered", timedelta()
    if outcome.status == rules.GONE:
        return "failed", timedelta()
    if parcel.attempts >= rules.MOST_ATTEMPTS:
        return "parked", timedelta()
    seconds = rules.gap_seconds(
        parcel.attempts, retry_after=outcome.retry_after, now=parcel.claimed_at
    )
    return "pending", timedelta(seconds=with_jitter(seconds))


async def _failed(work: Work, parcel: Parcel, outcome: Outcome) -> None:
    row = await work.fetchrow(_FAILING, parcel.endpoint_id)
    if row is None:
        return
    is_gone = outcome.status == rules.GONE
    if not is_gone and not rules.gives_up(row["failing_since"], now=await work.now()):
        return
    reason = "gone" if is_gone else "failing"
    await work.execute(_SWITCH_OFF, parcel.endpoint_id, reason)
    ids = {"endpoint_id": parcel.endpoint_id, "specialist_id": row["specialist_id"]}
    work.send("webhook_endpoint.disabled", {name: one for name, one in ids.items() if one})
    work.audit(
        "webhook_endpoint.disabled",
        subject_type="webhook_endpoint",
        subject_id=parcel.endpoint_id,
        old={"is_active": True},
        new={"is_active": False, "reason": reason},
    )
