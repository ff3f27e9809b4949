"""Topics: the facts that may be told outside of the house, and what is told of them: ids alone."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

PUBLIC_TOPICS: tuple[str, ...] = (
    "booking.requested",
    "booking.awaiting_confirmation",
    "booking.confirmed",
    "booking.declined",
    "booking.cancelled",
    "booking.expired",
    "booking.completed",
    "booking.no_show",
    "booking.refunded",
    "booking.rescheduled",
    "booking.payment_too_late",
    "booking.time_proposed",
    "booking.proposal_declined",
    "package.purchased",
    "package.activated",
    "package.cancelled",
    "package.expired",
    "package.refunded",
    "series.created",
    "series.changed",
    "series.paused",
    "series.resumed",
    "series.accepted",
    "series.ended",
    "series.skipped",
    "intake.completed",
    "meeting.ready",
    "meeting.failed",
    "recording.ready",
    "review.posted",
    "session_note.created",
    "session_note.amended",
)
"""A closed list: a topic that is not here stays in the house."""

PUBLIC_IDS: tuple[str, ...] = (
    "booking_id",
    "specialist_id",
    "client_id",
    "series_id",
    "purchase_id",
    "payment_id",
    "proposal_id",
    "note_id",
    "recording_id",
    "review_id",
    "endpoint_id",
)


def public_ids(payload: Mapping[str, Any]) -> dict[str, str]:
    """The ids that are told of a message, and nothing else that it may hold."""
    found = {name: _id(payload.get(name)) for name in PUBLIC_IDS}
    return {name: value for name, value in found.items() if value is not None}


def _id(value: object) -> str | None:
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None
