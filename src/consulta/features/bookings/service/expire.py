"""Bookings whose time ran out. The database function is the one door: claims meet it, too."""

from typing import Any
from uuid import UUID

from consulta.platform.db.work import Work


async def expire(work: Work, *, booking_id: UUID) -> bool:
    """True if the booking was due and is now expired, its span free, its void enqueued."""
    return bool(await work.fetchval("SELECT app.expire_booking($1)", booking_id))


async def cleanup_orphaned_slots(work: Work) -> dict[str, Any]:
    """`released`: how many claims without a live booking or hold are free again, at most 500;
    `live_bookings_without_slot`: ids, at most 100, for a person to look at.
    """
    found: dict[str, Any] = await work.fetchval("SELECT app.cleanup_orphaned_slots()")
    return found
