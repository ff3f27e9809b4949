"""Moving a session in time. The calendar's door is in the database (D3), and the move with it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from consulta.features.bookings.events import BookingRescheduled
from consulta.platform.db.work import Work

_MOVE = "SELECT app.reschedule_booking($1, $2, $3, $4, $5)"


async def reschedule(
    work: Work,
    *,
    booking_id: UUID,
    starts_at: datetime,
    revision: int | None,
    reason: str | None,
    anyway: bool,
) -> None:
    """The booking stands at `starts_at` with the length and the payment that it had, its old span
    is free and its revision one higher; at the very same start nothing happens.

    Raises BookingNotFound, AlreadyCancelled, BookingInPast, BookingChanged (`revision` is not the
    present one), Forbidden (`anyway` is not the client's word), TooManyMoves, NotAccepting,
    SlotTaken, DayFull, SlotNotOffered; then nothing has changed.
    """
    moved = await work.fetchval(_MOVE, booking_id, starts_at, revision, anyway, reason)
    await tell_moved(work, booking_id, moved)


async def tell_moved(work: Work, booking_id: UUID, moved: dict[str, Any]) -> None:
    """What the database said of a move stands in the trail, and whoever listens knows."""
    if not moved["moved"]:
        return
    revision = moved["revision"]
    work.audit(
        "booking.rescheduled",
        subject_type="booking",
        subject_id=booking_id,
        old={"starts_at": moved["from_starts_at"], "revision": revision - 1},
        new={"starts_at": moved["to_starts_at"], "revision": revision},
    )
    ids = {
        "booking_id": booking_id,
        "specialist_id": UUID(moved["specialist_id"]),
        "client_id": UUID(moved["client_id"]),
    }
    work.send("booking.rescheduled", ids | {"revision": revision})
    await work.announce(
        BookingRescheduled(
            **ids,
            revision=revision,
            moved_by=moved["moved_by"],
            from_starts_at=datetime.fromisoformat(moved["from_starts_at"]),
            to_starts_at=datetime.fromisoformat(moved["to_starts_at"]),
        )
    )
