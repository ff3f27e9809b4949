"""Whether the floor writes what the service writes: rows of every table, before and after."""

from collections import Counter

from tests.bench.ground import Ground

TABLES = (
    "audit_logs",
    "booking_cancellations",
    "booking_status_history",
    "bookings",
    "calendars",
    "idempotency_keys",
    "outbox",
    "payment_actions",
    "payment_operations",
    "payments",
    "recurring_booking_occurrences",
    "sandbox_charges",
    "slots",
)


async def row_counts(ground: Ground) -> Counter[str]:
    async with ground.connected() as connection:
        return Counter(
            {
                table: await connection.fetchval(f"SELECT count(*) FROM app.{table}")
                for table in TABLES
            }
        )


async def answer_length(ground: Ground) -> int:
    """Bytes of the longest answer that is kept under an Idempotency-Key, sealed."""
    async with ground.connected() as connection:
        length: int | None = await connection.fetchval(
            "SELECT max(length(answer)) FROM app.idempotency_keys"
        )
        return length or 0
