"""Saying what is wanted: a meeting as its booking stands. The worker makes it so, later."""

from uuid import UUID

from consulta.features.meetings import queries
from consulta.platform.db.work import Work

_MOST_BOOKINGS = 1_000

_NEEDED = """
INSERT INTO app.meetings (booking_id, specialist_id, client_id, starts_at, ends_at)
SELECT b.id, b.specialist_id, b.client_id, b.starts_at, b.ends_at FROM app.bookings b
WHERE {which} AND b.status = 'confirmed' AND b.ends_at > app.now()
  AND EXISTS (SELECT 1 FROM app.video_configs c
              WHERE c.specialist_id = b.specialist_id AND c.is_active)
ORDER BY b.starts_at LIMIT {limit}
ON CONFLICT (booking_id) DO NOTHING
"""

_ADD = _NEEDED.format(which="b.id = $1", limit=1)
_ADD_ALL = _NEEDED.format(which="b.specialist_id = $1", limit=_MOST_BOOKINGS)

_FOLLOW = """
UPDATE app.meetings m
SET starts_at = b.starts_at, ends_at = b.ends_at, is_wanted = b.is_wanted,
    wanted_revision = m.wanted_revision + 1, attempts = 0, next_attempt_at = app.now(),
    parked_at = NULL, last_error = NULL
FROM (SELECT o.id, o.starts_at, o.ends_at, o.status = 'confirmed' AS is_wanted
      FROM app.bookings o WHERE o.id = $1 AND o.status NOT IN ('completed', 'no_show')) b
WHERE m.booking_id = b.id
  AND (m.starts_at, m.ends_at, m.is_wanted) IS DISTINCT FROM (b.starts_at, b.ends_at, b.is_wanted)
"""

# What is made already stays where it is; the rest goes where meetings are made now.
_REVIVE = """
UPDATE app.meetings m
SET parked_at = NULL, last_error = NULL, attempts = 0, next_attempt_at = app.now(),
    config_id = CASE WHEN m.external_id IS NULL THEN c.id ELSE m.config_id END,
    provider = CASE WHEN m.external_id IS NULL THEN c.provider ELSE m.provider END,
    first_sent_at = CASE WHEN m.config_id = c.id THEN m.first_sent_at END,
    generation = m.generation + CASE WHEN m.config_id <> c.id THEN 1 ELSE 0 END
FROM app.video_configs c
WHERE c.specialist_id = $1 AND c.is_active AND m.specialist_id = c.specialist_id
  AND (m.ends_at > app.now() OR NOT m.is_wanted) AND m.made_revision < m.wanted_revision
  AND CASE WHEN m.config_id = c.id THEN m.parked_at IS NOT NULL OR m.next_attempt_at > app.now()
           ELSE m.external_id IS NULL AND m.is_wanted
                AND (m.parked_at IS NOT NULL OR m.first_sent_at IS NULL) END
"""

_RENEW_STATIC = """
UPDATE app.meetings m
SET wanted_revision = m.wanted_revision + 1, attempts = 0, next_attempt_at = app.now()
FROM app.video_configs c
WHERE c.specialist_id = $1 AND c.is_active AND c.mode = 'static' AND m.config_id = c.id
  AND m.is_wanted AND m.made_revision = m.wanted_revision AND m.ends_at > app.now()
"""


async def want(work: Work, booking_id: UUID) -> None:
    """The meeting is wanted as the booking stands at this moment: there, at that time, or not at
    all. Nothing changes where it is wanted like that already, or the session is over, or its
    specialist has no video. For the worker.
    """
    await work.execute(_ADD, booking_id)
    # The booking is read in a statement after the lock, or an older look could come last.
    await queries.meeting_for_update(work, booking_id)
    await work.execute(_FOLLOW, booking_id)


async def revive(work: Work, specialist_id: UUID) -> None:
    """The specialist's video config has changed: confirmed sessions to come have meetings, what
    failed is due again, and a link that stays the same is the present one. For the worker.
    """
    await work.execute(_ADD_ALL, specialist_id)
    await work.execute(_REVIVE, specialist_id)
    await work.execute(_RENEW_STATIC, specialist_id)
