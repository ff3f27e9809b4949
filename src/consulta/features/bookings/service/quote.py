"""What a cancellation would mean, said before anybody decides, and kept to for a while (D12)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from consulta.features.bookings import rules
from consulta.features.bookings.errors import (
    BookingNotFound,
    QuoteExpired,
    QuoteInvalid,
    QuoteOutdated,
)
from consulta.features.bookings.queries import LockedBooking, booking_as_it_is
from consulta.features.bookings.service.standing import ensure_standing, terms_of
from consulta.features.bookings.states import Mover, mover_of
from consulta.features.bookings.status import BookingStatus
from consulta.features.specialists.rules import tiers_of
from consulta.kernel.actor import Actor
from consulta.kernel.money import Money
from consulta.platform.db.work import Work
from consulta.platform.signing import Forged, Signer

_TOPIC = "cancellation-quote"


@dataclass(frozen=True, slots=True)
class Quoted:
    """The terms of a cancellation as they are shown, and the token that holds us to them."""

    booking_id: UUID
    policy: str
    policy_applied: str
    refund_percent: int
    paid: Money
    refunded: Money
    refund: Money
    kept: Money
    releases_authorization: bool
    released: Money
    credit_returned: bool
    valid_until: datetime
    next_change_at: datetime | None
    quote_token: str


@dataclass(frozen=True, slots=True)
class QuoteShown:
    """A token that somebody shows, and what to read it with."""

    token: str
    signer: Signer


async def quote(work: Work, *, booking_id: UUID, signer: Signer) -> Quoted:
    """What would happen if this person cancelled now; nothing is changed.

    Raises BookingNotFound, AlreadyCancelled, BookingInPast, PaymentOperationUnderWay.
    """
    booking = await booking_as_it_is(work, booking_id)
    if booking is None:
        raise BookingNotFound
    ensure_standing(work.actor, booking)
    terms = terms_of(work.actor, booking)
    nothing = Money.zero(booking.currency)
    payment = booking.payment
    paid, returned = (payment.captured, payment.returned) if payment else (nothing, nothing)
    is_reserved = payment is not None and payment.status == "authorized"
    valid_until = min(booking.now + rules.QUOTE_LASTS, booking.starts_at)
    words = [
        _whose(work.actor, booking),
        _ground(work.actor, booking),
        [terms.policy_applied, terms.refund_percent, terms.refund.amount_minor],
        terms.credit_returned,
        valid_until.isoformat(),
    ]
    return Quoted(
        booking_id=booking.id,
        policy=booking.policy,
        policy_applied=terms.policy_applied,
        refund_percent=terms.refund_percent,
        paid=paid,
        refunded=returned,
        refund=terms.refund,
        kept=paid - returned - terms.refund,
        releases_authorization=is_reserved,
        released=_reserved(booking) if is_reserved else nothing,
        credit_returned=terms.credit_returned,
        valid_until=valid_until,
        next_change_at=_next_change_at(work.actor, booking),
        quote_token=signer.sign(_TOPIC, words),
    )


def terms_quoted(actor: Actor, booking: LockedBooking, shown: QuoteShown) -> rules.Terms:
    """The terms that were promised to this actor for this booking, which is locked and stands.

    Raises `QuoteInvalid`; `QuoteExpired` after the promise's end; `QuoteOutdated` where what it
    rests on is not so any more.
    """
    try:
        whose, ground, amounts, credit_returned, valid_until = shown.signer.read(
            _TOPIC, shown.token
        )
    except Forged:
        raise QuoteInvalid from None
    if whose != _whose(actor, booking):
        raise QuoteInvalid
    if booking.now > datetime.fromisoformat(valid_until):
        raise QuoteExpired
    if ground != _ground(actor, booking):
        raise QuoteOutdated
    policy_applied, percent, refund_minor = amounts
    refund = Money(refund_minor, booking.currency)
    return rules.Terms(policy_applied, percent, refund, credit_returned)


def _reserved(booking: LockedBooking) -> Money:
    payment = booking.payment
    return Money(payment.authorized_minor if payment else 0, booking.currency)


def _whose(actor: Actor, booking: LockedBooking) -> list[Any]:
    return [str(booking.id), str(actor.id)]


def _ground(actor: Actor, booking: LockedBooking) -> list[Any]:
    """What the terms follow from, but for the time."""
    payment = booking.payment
    return [
        mover_of(actor, specialist_id=booking.specialist_id),
        booking.revision,
        booking.status,
        payment.captured.amount_minor if payment else 0,
        payment.returned.amount_minor if payment else 0,
    ]


def _next_change_at(actor: Actor, booking: LockedBooking) -> datetime | None:
    """When a client's terms get worse; those of others, and what is only reserved, never do."""
    is_client = mover_of(actor, specialist_id=booking.specialist_id) is Mover.CLIENT
    is_confirmed = booking.status is BookingStatus.CONFIRMED
    has_paid = booking.payment is not None and bool(booking.payment.captured)
    if not is_client or not (is_confirmed if booking.has_credit else has_paid):
        return None
    change = rules.next_change_at(
        tiers_of(booking.policy, booking.policy_tiers),
        starts_at=booking.tier_starts_at,
        now=booking.now,
    )
    return change if change is not None and change < booking.starts_at else None
