"""Every read of analytics, named for what it returns."""

from typing import Any

from consulta.platform.db.work import Work


async def booking_stats(work: Work) -> dict[str, Any]:
    """Counts by status, live holds, overdue unpaid bookings, revenue by currency (minor units)."""
    found: dict[str, Any] = await work.fetchval("SELECT app.get_booking_stats()")
    return found
