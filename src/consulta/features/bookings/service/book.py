"""Booking a session: claim, booking, payment and its first operation, in one transaction."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from consulta.features.bookings import access
from consulta.features.bookings.errors import ClientNotFound
from consulta.features.bookings.events import BookingRequested
from consulta.features.bookings.queries import client_at
from consulta.features.bookings.rules import PAYMENT_WINDOW_MINUTES
from consulta.features.payments.queries import Lease
from consulta.features.payments.rules import LEASE_SECONDS
from consulta.kernel.money import Money
from consulta.platform.db.work import Work
from consulta.platform.metrics import BOOKINGS


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants to book."""

    specialist_id: UUID
    rate_id: UUID
    starts_at: datetime
    client_id: UUID | None = None
    client_email: str | None = None
    hold_token: str | None = None
    note: str | None = None
    payment_method: str | None = None
    return_url: str | None = None
    coupon_code: str | None = None
    package_purchase_id: UUID | None = None
    by_hand: bool = False
    anyway: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A booking that exists once the transaction has committed, and the call that comes then."""

    booking_id: UUID
    lease: Lease | None


_BOOK = """
SELECT app.book($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) AS placed,
       app.now() AS now
"""


async def book(work: Work, order: Order) -> Placed:
    """The span is claimed, the booking and its payment exist, and the authorisation is leased to
    the caller, who carries it out after the commit.

    Who takes the money the specialist says, or else the house. Raises what `app.book` and
    `app.claim` refuse: SlotTaken, SlotNotOffered, DayFull, NotAccepting, HoldNotFound and others.
    A client who is named by address is looked up first: the caller has counted that.
    """
    client_id = await _client(work, order)
    token = order.hold_token
    params = {"payment_method": order.payment_method, "return_url": order.return_url}
    row = await work.fetchrow(
        _BOOK,
        order.specialist_id,
        order.rate_id,
        order.starts_at,
        client_id,
        hashlib.sha256(token.encode()).digest() if token else None,
        order.note,
        {key: value for key, value in params.items() if value},
        PAYMENT_WINDOW_MINUTES,
        LEASE_SECONDS,
        order.coupon_code,
        order.package_purchase_id,
        order.by_hand,
        order.anyway,
    )
    assert row is not None
    placed = row["placed"]
    await _tell(work, order, placed)
    return Placed(UUID(placed["booking_id"]), _lease(placed, params, row["now"]))


async def _client(work: Work, order: Order) -> UUID | None:
    if order.client_email is None:
        return order.client_id
    access.ensure_books_for_others(work.actor, specialist_id=order.specialist_id)
    found = await client_at(work, order.client_email)
    if found is None:
        raise ClientNotFound
    return found


async def _tell(work: Work, order: Order, placed: dict[str, Any]) -> None:
    booking_id = UUID(placed["booking_id"])
    ids = {
        "booking_id": booking_id,
        "specialist_id": order.specialist_id,
        "client_id": UUID(placed["client_id"]),
    }
    BOOKINGS.labels(placed["status"]).inc()
    work.audit(
        "booking.requested",
        subject_type="booking",
        subject_id=booking_id,
        new={
            "status": placed["status"],
            "starts_at": placed["starts_at"],
            "amount_minor": placed["amount_minor"],
            "currency": placed["currency"],
        },
    )
    work.send("booking.requested", ids)
    await work.announce(BookingRequested(**ids))


def _lease(placed: dict[str, Any], params: dict[str, Any], now: datetime) -> Lease | None:
    if placed["operation_id"] is None:
        return None
    return Lease(
        operation_id=UUID(placed["operation_id"]),
        payment_id=UUID(placed["payment_id"]),
        kind="authorize",
        amount=Money(placed["amount_minor"], placed["currency"]),
        provider=placed["provider"],
        account=placed["account"],
        reference=None,
        params=params,
        fence=placed["fence"],
        attempts=1,
        first_sent_at=now,
        same_error_count=0,
        now=now,
    )
