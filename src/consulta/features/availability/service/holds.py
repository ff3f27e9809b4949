"""Holding a time for a few minutes, and letting go of it. The calendar's door is in the database
(D3).
"""

from uuid import UUID

from consulta.features.availability.errors import HoldNotFound
from consulta.features.availability.rules import (
    HOLD_MINUTES,
    MOST_HOLDS_PER_CALLER,
    hold_token_hash,
)
from consulta.features.availability.schemas import HoldCreate, HoldOut
from consulta.features.availability.service.lock import lock_calendar
from consulta.kernel.ids import new_secret
from consulta.platform.db.work import Work

_HOLD = "SELECT app.hold($1, $2, $3, $4, $5, $6)"
_RELEASE = "SELECT app.release_hold($1, $2)"
_RELEASE_LAPSED = """
UPDATE app.slots s SET status = 'released'
WHERE s.specialist_id = $1 AND s.status = 'held' AND s.held_until <= app.now()
  AND NOT EXISTS (SELECT FROM app.bookings b WHERE b.slot_id = s.id)
"""


async def hold(work: Work, body: HoldCreate) -> HoldOut:
    """The time is held for ten minutes for the actor and for whoever has the token, which is told
    here and never again. Raises what a claim may be refused for, and `TooManyHolds`.
    """
    token = new_secret()
    made = await work.fetchval(
        _HOLD,
        body.specialist_id,
        body.rate_id,
        body.starts_at,
        hold_token_hash(token),
        HOLD_MINUTES,
        MOST_HOLDS_PER_CALLER,
    )
    work.audit(
        "hold_made",
        subject_type="slot",
        subject_id=UUID(made["id"]),
        new={name: made[name] for name in ("specialist_id", "starts_at", "expires_at")},
    )
    return HoldOut(hold_token=token, **made)


async def release_hold(work: Work, *, hold_id: UUID, token: str | None) -> None:
    """The time is free again. Raises `HoldNotFound` for any hold but the actor's or the token's."""
    token_hash = None if token is None else hold_token_hash(token)
    if not await work.fetchval(_RELEASE, hold_id, token_hash):
        raise HoldNotFound
    work.audit("hold_released", subject_type="slot", subject_id=hold_id)


async def release_lapsed_holds(work: Work, *, specialist_id: UUID) -> int:
    """Holds of that calendar whose time is over are gone; how many. Those of bookings are left to
    the booking's own expiry.
    """
    await lock_calendar(work, specialist_id=specialist_id)
    return await work.execute(_RELEASE_LAPSED, specialist_id)
