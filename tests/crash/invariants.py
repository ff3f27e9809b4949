"""What holds in the tables whatever was performed: each query finds what breaks a promise."""

from collections.abc import Mapping
from typing import Final

from tests.crash.cast import Cast

INVARIANTS: Final[Mapping[str, str]] = {
    "a standing booking without its span": """
        SELECT b.id, b.status, s.status AS slot FROM app.bookings b
        LEFT JOIN app.slots s ON s.id = b.slot_id
        WHERE b.specialist_id = ANY ($1)
          AND b.status IN ('pending_payment', 'awaiting_confirmation', 'confirmed')
          AND (s.status IN ('held', 'booked') AND s.session_starts_at = b.starts_at
               AND s.session_ends_at = b.ends_at) IS NOT TRUE
    """,
    "a span that no standing booking needs": """
        SELECT s.id, s.status FROM app.slots s
        WHERE s.specialist_id = ANY ($1) AND s.status IN ('held', 'booked')
          AND 1 <> (SELECT count(*) FROM app.bookings b WHERE b.slot_id = s.id
                    AND b.status IN ('pending_payment', 'awaiting_confirmation', 'confirmed'))
    """,
    "a booking that is not where its moves led": """
        SELECT b.id, b.revision FROM app.bookings b
        LEFT JOIN app.booking_reschedules m ON m.booking_id = b.id AND m.revision = b.revision
        WHERE b.specialist_id = ANY ($1)
          AND (b.revision <> (SELECT count(*) FROM app.booking_reschedules n
                              WHERE n.booking_id = b.id)
               OR b.revision > 0 AND m.to_starts_at IS DISTINCT FROM b.starts_at)
    """,
    "credits that are not their ledger's sum": """
        SELECT q.id, q.credits_left FROM app.package_purchases q
        WHERE q.specialist_id = ANY ($1)
          AND (q.credits_left < 0 OR q.credits_left <> coalesce(
              (SELECT sum(c.credits) FROM app.package_credits c WHERE c.purchase_id = q.id), 0))
    """,
    "a booking that did not reserve one credit": """
        SELECT b.id, b.status FROM app.bookings b
        WHERE b.specialist_id = ANY ($1) AND (b.package_purchase_id IS NOT NULL)::integer <> (
            SELECT count(*) FROM app.package_credits c
            WHERE c.booking_id = b.id AND c.kind = 'reserved')
    """,
    "a credit that is not settled with its booking": """
        SELECT b.id, b.status FROM app.bookings b
        WHERE b.specialist_id = ANY ($1) AND b.package_purchase_id IS NOT NULL
          AND (b.status NOT IN ('pending_payment', 'awaiting_confirmation', 'confirmed'))::integer
              <> (SELECT count(*) FROM app.package_credits c
                  WHERE c.booking_id = b.id AND c.kind IN ('used', 'returned'))
    """,
    "a coupon that counts other uses than it has": """
        SELECT o.id, o.used_count FROM app.coupons o
        WHERE o.specialist_id = ANY ($1) AND o.used_count <> (
            SELECT count(*) FROM app.coupon_usages u WHERE u.coupon_id = o.id AND u.is_counted)
    """,
    "a use of a coupon that does not go with its booking": """
        SELECT b.id, b.status, u.state FROM app.bookings b
        FULL JOIN app.coupon_usages u ON u.booking_id = b.id
        WHERE coalesce(b.specialist_id, u.specialist_id) = ANY ($1)
          AND (b.coupon_id IS DISTINCT FROM u.coupon_id OR u.state = 'returned'
               AND b.status IN ('pending_payment', 'awaiting_confirmation', 'confirmed'))
    """,
    "a date of a series with two rows": """
        SELECT o.recurring_booking_id, o.local_date FROM app.recurring_booking_occurrences o
        WHERE o.specialist_id = ANY ($1)
        GROUP BY o.recurring_booking_id, o.local_date HAVING count(*) > 1
    """,
    "a date of a series without its booking": """
        SELECT o.id, b.status FROM app.recurring_booking_occurrences o
        LEFT JOIN app.bookings b ON b.id = o.booking_id
             AND b.recurring_booking_id = o.recurring_booking_id AND b.starts_at = o.starts_at
        WHERE o.specialist_id = ANY ($1) AND (o.outcome = 'booked') <> (b.id IS NOT NULL)
    """,
    "a booking of a series without its date": """
        SELECT b.id, b.status FROM app.bookings b
        WHERE b.specialist_id = ANY ($1) AND b.recurring_booking_id IS NOT NULL AND 1 <> (
            SELECT count(*) FROM app.recurring_booking_occurrences o
            WHERE o.booking_id = b.id AND o.recurring_booking_id = b.recurring_booking_id)
    """,
    "a series that stands before a date that is decided": """
        SELECT r.id, r.next_booking_date FROM app.recurring_bookings r
        WHERE r.specialist_id = ANY ($1) AND r.next_booking_date <= (
            SELECT max(o.local_date) FROM app.recurring_booking_occurrences o
            WHERE o.recurring_booking_id = r.id)
    """,
    "a session with two payments": """
        SELECT p.booking_id, p.package_purchase_id FROM app.payments p
        WHERE p.specialist_id = ANY ($1)
        GROUP BY p.booking_id, p.package_purchase_id HAVING count(*) > 1
    """,
}
"""None of the flows pays a second time, so a second payment is one too many."""


async def violations(cast: Cast) -> list[str]:
    """A sentence for each invariant that does not hold."""
    found = []
    for name, sql in INVARIANTS.items():
        rows = await cast.stage.world.rows(sql, cast.specialist_ids)
        if rows:
            found.append(f"{name}: {[list(map(str, row.values())) for row in rows]}")
    return found
