"""Leasing meetings that are not as they are wanted: ours for two minutes, and nobody else's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from consulta.features.meetings import queries
from consulta.features.meetings.rules import MOST_ATTEMPTS, Stand, Step, key_of, step_of
from consulta.features.video_configs import queries as video_configs
from consulta.platform.db.work import Work
from consulta.platform.failures import alert

LEASE_SECONDS = 120

# A process that dies in the middle leaves a lapsed lease; one that kills every one is parked.
_PARK_LAPSED = """
UPDATE app.meetings
SET parked_at = app.now(), fence = fence + 1, lease_until = NULL,
    last_error = coalesce(last_error, 'LEASE_LAPSED')
WHERE made_revision < wanted_revision AND parked_at IS NULL
  AND lease_until <= app.now() AND attempts >= $1
"""

_CLAIM = """
WITH due AS (
    SELECT id FROM app.meetings
    WHERE made_revision < wanted_revision AND parked_at IS NULL AND next_attempt_at <= app.now()
      AND (lease_until IS NULL OR lease_until <= app.now())
    ORDER BY next_attempt_at, id
    LIMIT $1
    FOR UPDATE SKIP LOCKED)
UPDATE app.meetings m
SET lease_until = app.now() + $2::interval, fence = m.fence + 1, attempts = m.attempts + 1
FROM due WHERE m.id = due.id
RETURNING m.id
"""

_HOUSE = """
UPDATE app.meetings m
SET config_id = c.id, provider = c.provider
FROM app.video_configs c
WHERE m.id = ANY ($1) AND m.config_id IS NULL AND m.is_wanted
  AND c.specialist_id = m.specialist_id AND c.is_active
"""

_SENT = """
UPDATE app.meetings SET first_sent_at = coalesce(first_sent_at, app.now()) WHERE id = ANY ($1)
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """A meeting in hand. Whoever records what came of it must still hold its fence."""

    id: UUID
    booking_id: UUID
    specialist_id: UUID
    client_id: UUID
    config: asyncpg.Record | None
    """Its video config with the sealed secrets."""
    starts_at: datetime
    ends_at: datetime
    revision: int
    """What is wanted at this moment; it may be more by the time that this is made."""
    key: str
    external_id: str | None
    was_sent: bool
    attempts: int
    fence: int
    step: Step


async def lease(work: Work, *, limit: int) -> list[Lease]:
    """Meetings that are due, at most `limit`, each with what is next for it. For the worker."""
    parked = await work.execute(_PARK_LAPSED, MOST_ATTEMPTS)
    if parked:
        alert("meetings are parked", during="meetings", meetings=parked, code="LEASE_LAPSED")
    ids = [row["id"] for row in await work.fetch(_CLAIM, limit, timedelta(seconds=LEASE_SECONDS))]
    if not ids:
        return []
    await work.execute(_HOUSE, ids)
    rows = await queries.leased_meetings(work, ids)
    config_ids = {row["config_id"] for row in rows if row["config_id"] is not None}
    configs = await video_configs.sealed_configs(work, list(config_ids))
    leases = [_lease(row, configs.get(row["config_id"])) for row in rows]
    # Written before anything is sent: whoever comes after a crash looks before it makes another.
    await work.execute(_SENT, [one.id for one in leases if one.step is Step.MAKE])
    return leases


def _lease(row: asyncpg.Record, config: asyncpg.Record | None) -> Lease:
    stand = Stand(
        is_wanted=row["is_wanted"],
        external_id=row["external_id"],
        was_sent=row["first_sent_at"] is not None,
        ends_at=row["ends_at"],
        connection=config["state"] if config is not None else None,
    )
    return Lease(
        id=row["id"],
        booking_id=row["booking_id"],
        specialist_id=row["specialist_id"],
        client_id=row["client_id"],
        config=config,
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        revision=row["wanted_revision"],
        key=key_of(booking_id=row["booking_id"], generation=row["generation"]),
        external_id=row["external_id"],
        was_sent=stand.was_sent,
        attempts=row["attempts"],
        fence=row["fence"],
        step=step_of(stand, now=row["now"]),
    )
