"""The one thing that only an old function tells."""

from uuid import UUID

from consulta.platform.db.work import Work


async def booking_exists(work: Work, booking_id: UUID) -> bool:
    """Whether there is such a booking, no matter whose; everybody else hears "absent" (D10)."""
    return bool(await work.fetchval("SELECT app.booking_exists($1)", booking_id))
