"""Bookings whose time ran out. The database function is the one door: claims meet it, too."""

from uuid import UUID

from consulta.platform.db.work import Work


async def expire(work: Work, *, booking_id: UUID) -> bool:
    """True if the booking was due and is now expired, its span free, its void enqueued."""
    return bool(await work.fetchval("SELECT app.expire_booking($1)", booking_id))


async def cleanup(work: Work) -> int:
    """How many overdue bookings were expired in one call, at most 200."""
    count: int = await work.fetchval("SELECT app.cleanup_expired_bookings()")
    return count
