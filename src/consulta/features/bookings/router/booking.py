"""Paths of bookings: making, reading, paying, deciding."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from consulta.features.availability import errors as calendar
from consulta.features.bookings import errors, flows, queries, schemas, service
from consulta.features.bookings.deps import LookupsDep
from consulta.features.bookings.router.shown import DECIDES, booking_answer, shown
from consulta.features.coupons.deps import GuessesDep
from consulta.features.coupons.errors import COUPON_ERRORS
from consulta.features.packages.errors import CREDIT_ERRORS
from consulta.features.payments import errors as payment_errors
from consulta.features.payments.bodies import PaymentAgain
from consulta.features.payments.deps import TillDep
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import PERSON, SIGNED_IN
from consulta.platform.db.paging import BadCursor
from consulta.platform.http import idempotency
from consulta.platform.http.answers import json_bytes, json_response, kept
from consulta.platform.http.deps import ActorDep, PageDep, PageOut, ReadDep, WorkDep
from consulta.platform.http.idempotency import OnceDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Moment
from consulta.providers.payments.port import ChargeRefused

router = APIRouter(prefix="/bookings", tags=["bookings"])

_AROUND = ("meeting_status", "notes_count", "recordings_count", "has_review")


@router.post(
    "",
    status_code=201,
    response_model=schemas.BookingOut,
    dependencies=[SIGNED_IN],
    summary="Book a session",
    responses=problems(
        *ALWAYS,
        Forbidden,
        *idempotency.ERRORS,
        calendar.SpecialistNotFound,
        calendar.RateNotFound,
        calendar.SlotTaken,
        calendar.SlotNotOffered,
        calendar.DayFull,
        calendar.NotAccepting,
        calendar.HoldNotFound,
        errors.CannotBookYourself,
        errors.ClientNotFound,
        *CREDIT_ERRORS,
        errors.BookingInPast,
        errors.OneDiscountOnly,
        *COUPON_ERRORS,
    ),
)
async def create(
    body: schemas.BookingCreate,
    actor: ActorDep,
    till: TillDep,
    once: OnceDep,
    guesses: GuessesDep,
    lookups: LookupsDep,
) -> Response:
    if body.coupon_code is not None:
        await guesses.count()
    if body.client_email is not None:
        await lookups.count()
    return await flows.book(till, actor, once, body)


@router.get(
    "",
    response_model=PageOut[schemas.BookingOut],
    dependencies=[SIGNED_IN],
    summary="My bookings, the newest first",
    responses=problems(*ALWAYS, BadCursor),
)
async def list_bookings(
    page: PageDep,
    work: ReadDep,
    till: TillDep,
    status: Annotated[
        list[schemas.Status] | None,
        Query(max_length=9, description="May be repeated: any of them."),
    ] = None,
    starts_from: Annotated[
        Moment | None, Query(alias="from", description="The earliest start.")
    ] = None,
    starts_before: Annotated[
        Moment | None, Query(alias="to", description="Sessions that start before it.")
    ] = None,
    role: Annotated[
        Literal["client", "specialist"] | None,
        Query(description="As what you take part in them; without it, either."),
    ] = None,
) -> Response:
    rows = await queries.bookings_of(
        work,
        client_id=work.actor.id if role == "client" else None,
        specialist_id=work.actor.id if role == "specialist" else None,
        statuses=status,
        starts_from=starts_from,
        starts_before=starts_before,
        after=_position(page.after("bookings")),
        limit=page.limit,
    )
    slice_ = page.page("bookings", rows, lambda row: (row["created_at"], row["id"]))
    # The payer's secret is for the page of one booking, not for lists.
    items = [shown(row, work, till, with_action=False) for row in slice_.items]
    return json_response({"items": items, "next_cursor": slice_.next_cursor})


@router.get(
    "/{booking_id}",
    response_model=schemas.BookingDetails,
    dependencies=[SIGNED_IN],
    summary="A booking",
    responses=problems(*ALWAYS, errors.BookingNotFound)
    | {304: {"description": "You have this booking already (`If-None-Match`)."}},
)
async def one(booking_id: UUID, request: Request, work: ReadDep, till: TillDep) -> Response:
    row = await queries.booking_in_detail(work, booking_id)
    if row is None:
        raise errors.BookingNotFound
    details = {name: row[name] for name in _AROUND}
    return kept(json_bytes({**shown(row, work, till), **details}), request)


@router.get(
    "/{booking_id}/history",
    response_model=schemas.BookingHistory,
    dependencies=[SIGNED_IN],
    summary="Every move of a booking's status, and in time",
    responses=problems(*ALWAYS, errors.BookingNotFound),
)
async def history(booking_id: UUID, work: ReadDep) -> dict[str, Any]:
    if await queries.booking(work, booking_id) is None:
        raise errors.BookingNotFound
    return {
        "items": [dict(row) for row in await queries.history_of(work, booking_id)],
        "reschedules": [dict(row) for row in await queries.reschedules_of(work, booking_id)],
    }


@router.post(
    "/{booking_id}/confirm",
    response_model=schemas.BookingOut,
    dependencies=[DECIDES],
    summary="Confirm a booking: what is reserved is taken",
    responses={
        202: {"model": schemas.BookingOut, "description": "It is in doubt whether the money moved"},
        **problems(
            *ALWAYS,
            *idempotency.ERRORS,
            Forbidden,
            errors.BookingNotFound,
            errors.BookingNotAwaiting,
            errors.BookingInPast,
            payment_errors.PaymentNotCapturable,
            payment_errors.PaymentOperationUnderWay,
            ChargeRefused,
        ),
    },
)
async def confirm(booking_id: UUID, actor: ActorDep, till: TillDep, once: OnceDep) -> Response:
    return await flows.confirm(till, actor, once, booking_id)


@router.post(
    "/{booking_id}/complete",
    response_model=schemas.BookingOut,
    dependencies=[DECIDES],
    summary="The session was held",
    responses=problems(
        *ALWAYS,
        Forbidden,
        errors.BookingNotFound,
        errors.BookingNotConfirmed,
        errors.BookingNotStarted,
    ),
)
async def complete(booking_id: UUID, work: WorkDep, till: TillDep) -> Response:
    await service.complete(work, booking_id=booking_id)
    return await booking_answer(work, till, booking_id)


@router.post(
    "/{booking_id}/no-show",
    response_model=schemas.BookingOut,
    dependencies=[DECIDES],
    summary="The client stayed away",
    responses=problems(
        *ALWAYS,
        Forbidden,
        errors.BookingNotFound,
        errors.BookingNotConfirmed,
        errors.BookingNotStarted,
    ),
)
async def no_show(booking_id: UUID, work: WorkDep, till: TillDep) -> Response:
    await service.mark_no_show(work, booking_id=booking_id)
    return await booking_answer(work, till, booking_id)


@router.post(
    "/{booking_id}/payments",
    status_code=201,
    response_model=schemas.BookingOut,
    dependencies=[PERSON],
    summary="Pay again after a decline, or with another method",
    responses=problems(
        *ALWAYS,
        *idempotency.ERRORS,
        Forbidden,
        errors.BookingNotFound,
        errors.BookingNotUnpaid,
        payment_errors.PaymentNotPending,
        payment_errors.PaymentOperationUnderWay,
    ),
)
async def pay_again(
    booking_id: UUID, body: PaymentAgain, actor: ActorDep, till: TillDep, once: OnceDep
) -> Response:
    return await flows.pay_again(till, actor, once, booking_id, body)


def _position(after: list[Any] | None) -> tuple[datetime, UUID] | None:
    return (datetime.fromisoformat(after[0]), UUID(after[1])) if after else None
