"""What notifications does about messages of the outbox: rows of what is to be told.

A message is only the occasion. Anybody may have sent one, perhaps twice, so what it claims is
looked up in the tables, and the key of a row names what really happened.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date
from uuid import UUID

import asyncpg

from consulta.features.bookings.status import BookingStatus
from consulta.features.notifications import queries, rules
from consulta.features.notifications.rules import Kind, Parties
from consulta.features.notifications.service import Notice, Subject, tell
from consulta.platform.db.work import Work
from consulta.platform.outbox import Message

Hears = Callable[[Work, Message], Awaitable[None]]


async def hear_requested(work: Work, message: Message) -> None:
    """A new booking: unpaid, waiting for an answer, or confirmed from the beginning."""
    booking_id = message.id_of("booking_id")
    row = await queries.moved_booking(work, booking_id, to=None) if booking_id else None
    if row is None:
        return
    kind = rules.opening_kind(row["to_status"], by_saved_card=row["by_saved_card"])
    if kind is not None:
        await _tell_of_move(work, row, kind)


def _hears_move(to: BookingStatus, kind: Kind) -> Hears:
    async def hear(work: Work, message: Message) -> None:
        booking_id = message.id_of("booking_id")
        row = await queries.moved_booking(work, booking_id, to=to) if booking_id else None
        if row is not None:
            await _tell_of_move(work, row, kind)

    return hear


async def hear_rescheduled(work: Work, message: Message) -> None:
    """The session stands at another time; of several moves at once, the last one counts."""
    booking_id = message.id_of("booking_id")
    row = await queries.rescheduled_booking(work, booking_id) if booking_id else None
    if row is None:
        return
    parties = Parties(row["specialist_id"], row["client_id"], row["moved_by"])
    key = f"{Kind.RESCHEDULED}:{row['id']}:{row['revision']}"
    told = rules.recipients(Kind.RESCHEDULED, parties, was=row["status"])
    notices = [Notice(one, Kind.RESCHEDULED, key) for one in told]
    if row["status"] == BookingStatus.CONFIRMED:
        notices += _reminders(row)
    await tell(work, _of_booking(row), notices)


async def hear_completed(work: Work, message: Message) -> None:
    """A day after the session the client hears how to go on."""
    booking_id = message.id_of("booking_id")
    completed = BookingStatus.COMPLETED
    row = await queries.moved_booking(work, booking_id, to=completed) if booking_id else None
    at = rules.follow_up_at(row["ends_at"], now=row["now"]) if row is not None else None
    if row is None or at is None:
        return
    key = f"{Kind.FOLLOW_UP}:{row['id']}"
    await tell(work, _of_booking(row), [Notice(row["client_id"], Kind.FOLLOW_UP, key, at)])


def _hears_of_proposal(state: str, kind: Kind) -> Hears:
    async def hear(work: Work, message: Message) -> None:
        booking_id = message.id_of("booking_id")
        if booking_id is None:
            return
        row = await queries.booking_with_proposal(work, booking_id, state=state)
        if row is not None and row["proposal_id"] is not None:
            await _tell(work, _of_booking(row), kind, row["proposal_id"])

    return hear


async def hear_too_late(work: Work, message: Message) -> None:
    """Money came for a booking that had lapsed."""
    booking_id = message.id_of("booking_id")
    expired = BookingStatus.EXPIRED
    row = await queries.moved_booking(work, booking_id, to=expired) if booking_id else None
    if row is not None:
        await _tell(work, _of_booking(row), Kind.PAYMENT_TOO_LATE, row["id"])


def _hears_payment(
    kind: Kind, event: Callable[[asyncpg.Record], UUID | None], *, action: str
) -> Hears:
    async def hear(work: Work, message: Message) -> None:
        payment_id, refund_id = message.id_of("payment_id"), message.id_of("refund_id")
        if payment_id is None:
            return
        row = await queries.payment(work, payment_id, action=action, refund_id=refund_id)
        event_id = event(row) if row is not None else None
        if row is None or event_id is None:
            return
        subject = Subject(
            row["specialist_id"],
            row["client_id"],
            booking_id=row["booking_id"],
            payment_id=row["id"],
            purchase_id=row["package_purchase_id"],
        )
        await _tell(work, subject, kind, event_id)

    return hear


def _hears_series(what: str, kind: Kind) -> Hears:
    async def hear(work: Work, message: Message) -> None:
        series_id = message.id_of("series_id")
        row = await queries.series(work, series_id, action=what) if series_id else None
        if row is None or not _is_so(row, kind):
            return
        doer = row["created_by"] if kind is Kind.SERIES_CREATED else row["actor_id"]
        subject = Subject(row["specialist_id"], row["client_id"], series_id=row["id"])
        await _tell(work, subject, kind, row["id"], doer=doer)

    return hear


def _is_so(row: asyncpg.Record, kind: Kind) -> bool:
    if kind is Kind.SERIES_ENDED:
        return bool(row["status"] == "ended")
    return kind is Kind.SERIES_CREATED or row["accepted_at"] is not None


async def hear_skipped(work: Work, message: Message) -> None:
    """A date of a series has no session."""
    series_id, local_date = message.id_of("series_id"), _date(message, "local_date")
    if series_id is None or local_date is None:
        return
    row = await queries.skipped_date(work, series_id, local_date)
    if row is None:
        return
    subject = Subject(
        row["specialist_id"], row["client_id"], series_id=row["id"], local_date=row["local_date"]
    )
    await _tell(work, subject, Kind.SERIES_SKIPPED, row["id"], row["local_date"])


def _hears_made(what: str, kind: Kind) -> Hears:
    async def hear(work: Work, message: Message) -> None:
        made_id = message.id_of(f"{what}_id")
        row = await queries.made(work, what, made_id) if made_id else None
        if row is not None:
            subject = Subject(row["specialist_id"], row["client_id"], booking_id=row["booking_id"])
            await _tell(work, subject, kind, row["id"])

    return hear


async def hear_broken(work: Work, message: Message) -> None:
    """A specialist's video account has to be connected again."""
    config_id = message.id_of("config_id")
    row = await queries.broken_video(work, config_id) if config_id else None
    if row is not None:
        key = f"{Kind.VIDEO_BROKEN}:{row['entry_id']}"
        notice = Notice(row["specialist_id"], Kind.VIDEO_BROKEN, key)
        await tell(work, Subject(row["specialist_id"], None), [notice])


def _hears_purchase(status: str, kind: Kind) -> Hears:
    async def hear(work: Work, message: Message) -> None:
        purchase_id = message.id_of("purchase_id")
        row = await queries.purchase(work, purchase_id) if purchase_id else None
        if row is not None and row["status"] == status:
            subject = Subject(row["specialist_id"], row["client_id"], purchase_id=row["id"])
            await _tell(work, subject, kind, row["id"])

    return hear


async def _tell_of_move(work: Work, row: asyncpg.Record, kind: Kind) -> None:
    parties = Parties(row["specialist_id"], row["client_id"], row["actor_id"])
    # A booking that lapsed, was paid late after all and lapsed again, moved twice.
    key = f"{kind}:{row['id']}:{row['move_id']}"
    told = rules.recipients(kind, parties, was=row["from_status"])
    notices = [Notice(one, kind, key) for one in told]
    if kind is Kind.CONFIRMED:
        notices += _reminders(row)
    await tell(work, _of_booking(row), notices)


def _reminders(row: asyncpg.Record) -> Iterable[Notice]:
    parties = Parties(row["specialist_id"], row["client_id"])
    for kind, at in rules.reminders(row["starts_at"], decided_at=row["decided_at"]):
        key = f"{kind}:{row['id']}:{row['revision']}"
        for one in rules.recipients(kind, parties):
            yield Notice(one, kind, key, at)


async def _tell(
    work: Work, subject: Subject, kind: Kind, *event: object, doer: UUID | None = None
) -> None:
    assert subject.client_id is not None
    parties = Parties(subject.specialist_id, subject.client_id, doer)
    key = ":".join([kind, *(str(part) for part in event)])
    await tell(work, subject, [Notice(one, kind, key) for one in rules.recipients(kind, parties)])


def _of_booking(row: asyncpg.Record) -> Subject:
    return Subject(
        row["specialist_id"], row["client_id"], booking_id=row["id"], revision=row["revision"]
    )


def _date(message: Message, name: str) -> date | None:
    value = message.payload.get(name)
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


HEARS: Mapping[str, Hears] = {
    "booking.requested": hear_requested,
    "booking.awaiting_confirmation": _hears_move(
        BookingStatus.AWAITING_CONFIRMATION, Kind.AWAITING
    ),
    "booking.confirmed": _hears_move(BookingStatus.CONFIRMED, Kind.CONFIRMED),
    "booking.declined": _hears_move(BookingStatus.DECLINED, Kind.DECLINED),
    "booking.cancelled": _hears_move(BookingStatus.CANCELLED, Kind.CANCELLED),
    "booking.expired": _hears_move(BookingStatus.EXPIRED, Kind.EXPIRED),
    "booking.refunded": _hears_move(BookingStatus.REFUNDED, Kind.REFUNDED),
    "booking.rescheduled": hear_rescheduled,
    "booking.completed": hear_completed,
    "booking.time_proposed": _hears_of_proposal("open", Kind.TIME_PROPOSED),
    "booking.proposal_declined": _hears_of_proposal("declined", Kind.PROPOSAL_DECLINED),
    "booking.payment_too_late": hear_too_late,
    "payment.authorization_expiring": _hears_payment(
        Kind.PAYMENT_EXPIRING,
        lambda row: row["id"] if row["status"] == "authorized" else None,
        action="payment.expiry_warned",
    ),
    "payment.refund_failed": _hears_payment(
        Kind.REFUND_FAILED, lambda row: row["dead_refund_id"], action="payment.refund_failed"
    ),
    "payment.disputed": _hears_payment(
        Kind.DISPUTED, lambda row: row["entry_id"], action="payment.disputed"
    ),
    "payment.dispute_closed": _hears_payment(
        Kind.DISPUTE_CLOSED, lambda row: row["entry_id"], action="payment.dispute_closed"
    ),
    "series.created": _hears_series("series.created", Kind.SERIES_CREATED),
    "series.accepted": _hears_series("series.accepted", Kind.SERIES_ACCEPTED),
    "series.ended": _hears_series("series.ended", Kind.SERIES_ENDED),
    "series.skipped": hear_skipped,
    "payment.saved_card_refused": _hears_payment(
        Kind.CARD_REFUSED,
        lambda row: row["id"] if row["saved_method_id"] and row["last_error"] else None,
        action="payment.authorize_refused",
    ),
    "session_note.created": _hears_made("note", Kind.NOTE_WRITTEN),
    "recording.ready": _hears_made("recording", Kind.RECORDING_READY),
    "review.posted": _hears_made("review", Kind.REVIEW_POSTED),
    "intake.completed": _hears_made("booking", Kind.INTAKE_COMPLETED),
    "video.connection_broken": hear_broken,
    "package.activated": _hears_purchase("active", Kind.PACKAGE_ACTIVATED),
    "package.cancelled": _hears_purchase("cancelled", Kind.PACKAGE_CANCELLED),
    "package.expired": _hears_purchase("expired", Kind.PACKAGE_EXPIRED),
    "package.refunded": _hears_purchase("refunded", Kind.PACKAGE_REFUNDED),
}
