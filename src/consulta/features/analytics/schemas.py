"""Response bodies of analytics."""

from datetime import datetime

from pydantic import Field

from consulta.platform.http.schema import Answer


class BookingStats(Answer):
    """The state of the house at `at`."""

    counts: dict[str, int] = Field(description="Bookings by status", examples=[{"confirmed": 12}])
    total: int
    live_holds: int
    overdue_unpaid: int
    revenue: dict[str, int] = Field(
        description="Taken less returned, in minor units, by currency", examples=[{"USD": 240000}]
    )
    at: datetime
