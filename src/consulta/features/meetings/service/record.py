"""Recording what came of an attempt, under its fence: whoever lost the lease writes nothing."""

from datetime import timedelta
from typing import Any

from consulta.features.meetings.rules import MOST_ATTEMPTS, SEALED
from consulta.features.meetings.service.lease import Lease
from consulta.platform.crypto import Vault
from consulta.platform.db.work import Work
from consulta.providers.video.port import Room

_MADE = """
UPDATE app.meetings
SET external_id = coalesce($3, external_id), made_revision = $4, attempts = 0, last_error = NULL,
    first_sent_at = NULL, lease_until = NULL, next_attempt_at = app.now()
WHERE id = $1 AND fence = $2
RETURNING state
"""

_LINK = """
INSERT INTO app.meeting_links (meeting_id, specialist_id, client_id, key_id, wrapped_key, sealed)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (meeting_id, specialist_id, client_id)
DO UPDATE SET key_id = excluded.key_id, wrapped_key = excluded.wrapped_key,
              sealed = excluded.sealed
"""

_REMOVED = """
UPDATE app.meetings
SET external_id = NULL, config_id = NULL, generation = generation + 1, first_sent_at = NULL,
    made_revision = $3, attempts = 0, last_error = NULL, lease_until = NULL,
    next_attempt_at = app.now()
WHERE id = $1 AND fence = $2
"""

_GONE = """
UPDATE app.meetings
SET external_id = NULL, generation = generation + 1, first_sent_at = NULL, lease_until = NULL,
    next_attempt_at = app.now(), last_error = 'MEETING_GONE'
WHERE id = $1 AND fence = $2
"""

_LATER = """
UPDATE app.meetings
SET lease_until = NULL, last_error = $3, next_attempt_at = app.now() + $4::interval,
    attempts = attempts - $5::int
WHERE id = $1 AND fence = $2
"""

_PARK = """
UPDATE app.meetings
SET lease_until = NULL, last_error = $3, parked_at = app.now()
WHERE id = $1 AND fence = $2 AND wanted_revision = $4
"""

_UNLINK = "DELETE FROM app.meeting_links WHERE meeting_id = $1"


async def made(work: Work, lease: Lease, room: Room | None, *, vault: Vault) -> None:
    """The meeting is there as it was wanted when it was leased; `room` says how it is joined, None
    where that is as before.
    """
    external_id = room.external_id if room is not None else None
    state = await work.fetchval(_MADE, lease.id, lease.fence, external_id, lease.revision)
    if state is None:
        return
    if room is not None:
        row = {
            "meeting_id": lease.id,
            "specialist_id": lease.specialist_id,
            "client_id": lease.client_id,
        }
        content = {"join_url": room.join_url, "passcode": room.passcode}
        sealed = SEALED.enclose(vault, content, row)
        await work.execute(_LINK, *row.values(), sealed.key_id, sealed.wrapped_key, sealed.sealed)
    _audit(work, lease, "meeting.moved" if lease.external_id else "meeting.made")
    if state == "ready" and lease.external_id is None:
        _tell(work, lease, "meeting.ready")


async def removed(work: Work, lease: Lease) -> None:
    """There is no meeting any more, and no way into it."""
    if await work.execute(_REMOVED, lease.id, lease.fence, lease.revision):
        await work.execute(_UNLINK, lease.id)
        _audit(work, lease, "meeting.removed")


async def gone(work: Work, lease: Lease) -> None:
    """Somebody ended the meeting at the vendor's: it is made anew, by another key."""
    if lease.attempts >= MOST_ATTEMPTS:
        await park(work, lease, code="MEETING_GONE")
    elif await work.execute(_GONE, lease.id, lease.fence):
        await work.execute(_UNLINK, lease.id)


async def later(work: Work, lease: Lease, *, code: str, after_seconds: float, counts: bool) -> None:
    """It is tried again; `counts` says whether that was an attempt, of which there are twelve."""
    gap = timedelta(seconds=after_seconds)
    await work.execute(_LATER, lease.id, lease.fence, code, gap, 0 if counts else 1)


async def park(work: Work, lease: Lease, *, code: str) -> bool:
    """It has failed, and waits for a person. False where somebody wants something else by now:
    that is tried again.
    """
    if not await work.execute(_PARK, lease.id, lease.fence, code, lease.revision):
        await later(work, lease, code=code, after_seconds=0, counts=False)
        return False
    _audit(work, lease, "meeting.failed", last_error=code)
    _tell(work, lease, "meeting.failed")
    return True


def _audit(work: Work, lease: Lease, action: str, **more: Any) -> None:
    provider = lease.config["provider"] if lease.config is not None else None
    work.audit(
        action,
        subject_type="meeting",
        subject_id=lease.id,
        new={"booking_id": lease.booking_id, "provider": provider, **more},
    )


def _tell(work: Work, lease: Lease, topic: str) -> None:
    ids = {
        "booking_id": lease.booking_id,
        "specialist_id": lease.specialist_id,
        "client_id": lease.client_id,
        "meeting_id": lease.id,
    }
    work.send(topic, ids)
