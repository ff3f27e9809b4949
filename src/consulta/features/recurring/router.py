"""Paths of series."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from consulta.features.availability import errors as calendar
from consulta.features.bookings import errors as booking_errors
from consulta.features.packages.errors import CREDIT_ERRORS
from consulta.features.payments import errors as payment_errors
from consulta.features.payments.deps import TillDep
from consulta.features.recurring import errors, flows, schemas, service
from consulta.features.recurring.deps import DeskDep
from consulta.features.recurring.queries import series as queries
from consulta.features.recurring.schemas import Scope
from consulta.features.saved_methods.errors import (
    CARD_ERRORS,
    SavedCardNotAvailable,
    TooManySavedMethods,
)
from consulta.kernel.actor import Role
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import SIGNED_IN, require
from consulta.platform.db.paging import BadCursor
from consulta.platform.http import idempotency
from consulta.platform.http.answers import json_response
from consulta.platform.http.deps import (
    ActorDep,
    PageDep,
    PageOut,
    ReadDep,
    WorkDep,
)
from consulta.platform.http.idempotency import OnceDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable, Day

router = APIRouter(prefix="/recurring-bookings", tags=["series"])

_ACCEPTS = require(Role.SPECIALIST, Role.ADMIN)
_TERMS = (
    calendar.SpecialistNotFound,
    calendar.RateNotFound,
    calendar.NotAccepting,
    errors.EndDateOutOfRange,
    *CARD_ERRORS,
    errors.ManualPaymentNotOffered,
    errors.PackagePurchaseMisplaced,
    *CREDIT_ERRORS,
)
_CHANGES = (*ALWAYS, errors.SeriesNotFound, errors.SeriesEnded)


@router.post(
    "",
    status_code=201,
    response_model=schemas.SeriesOut,
    dependencies=[SIGNED_IN],
    summary="Book again and again, or see first which dates are free",
    responses={
        200: {"model": schemas.SeriesPreview, "description": "A dry run: nothing was written"},
        **problems(
            *ALWAYS,
            *idempotency.ERRORS,
            Forbidden,
            *_TERMS,
            errors.StartDateOutOfRange,
            errors.SeriesWithoutDates,
            errors.TooManySeries,
            SavedCardNotAvailable,
            TooManySavedMethods,
            booking_errors.CannotBookYourself,
            booking_errors.ClientNotFound,
        ),
    },
)
async def create(
    body: schemas.SeriesCreate, actor: ActorDep, desk: DeskDep, once: OnceDep
) -> Response:
    said = await flows.create(desk, actor, once, body)
    return said if isinstance(said, Response) else json_response(said.model_dump())


@router.get(
    "",
    response_model=PageOut[schemas.SeriesCard],
    dependencies=[SIGNED_IN],
    summary="My series, the newest first",
    responses=problems(*ALWAYS, BadCursor),
)
async def list_series(
    page: PageDep,
    work: ReadDep,
    status: Annotated[
        list[schemas.Status] | None,
        Query(max_length=3, description="May be repeated: any of them."),
    ] = None,
    role: Annotated[
        Literal["client", "specialist"] | None,
        Query(description="As what you take part in them; without it, either."),
    ] = None,
) -> PageOut[schemas.SeriesCard]:
    rows = await queries.series_of(
        work,
        client_id=work.actor.id if role == "client" else None,
        specialist_id=work.actor.id if role == "specialist" else None,
        statuses=status,
        after=_position(page.after("series")),
        limit=page.limit,
    )
    slice_ = page.page("series", rows, lambda row: (row["created_at"], row["id"]))
    return PageOut(
        items=[schemas.card_of(row) for row in slice_.items], next_cursor=slice_.next_cursor
    )


@router.get(
    "/{series_id}",
    dependencies=[SIGNED_IN],
    summary="A series, what became of its dates, and what lies ahead",
    responses=problems(*ALWAYS, errors.SeriesNotFound),
)
async def one(series_id: UUID, work: ReadDep, till: TillDep) -> schemas.SeriesOut:
    return await flows.shown(till, work, series_id)


@router.patch(
    "/{series_id}",
    dependencies=[SIGNED_IN],
    summary="Change the dates of a series that have no booking yet",
    responses=problems(*_CHANGES, *_TERMS, errors.SeriesChangedMeanwhile),
)
async def change(
    series_id: UUID, body: schemas.SeriesPatch, actor: ActorDep, desk: DeskDep
) -> schemas.SeriesChanged | schemas.SeriesPreview:
    return await flows.change(desk, actor, series_id, body)


@router.post(
    "/{series_id}/accept",
    dependencies=[_ACCEPTS],
    summary="Accept a series, once for all its dates",
    responses=problems(*_CHANGES, Forbidden),
)
async def accept(series_id: UUID, work: WorkDep, till: TillDep) -> schemas.SeriesOut:
    await service.accept(work, series_id=series_id)
    return await flows.shown(till, work, series_id)


@router.post(
    "/{series_id}/pause",
    dependencies=[SIGNED_IN],
    summary="Make no bookings of a series for now",
    responses=problems(*_CHANGES),
)
async def pause(series_id: UUID, work: WorkDep, till: TillDep) -> schemas.SeriesOut:
    await service.pause(work, series_id=series_id)
    return await flows.shown(till, work, series_id)


@router.post(
    "/{series_id}/resume",
    dependencies=[SIGNED_IN],
    summary="Go on with a series, nothing caught up",
    responses=problems(*_CHANGES),
)
async def resume(series_id: UUID, actor: ActorDep, desk: DeskDep) -> schemas.SeriesOut:
    return await flows.resume(desk, actor, series_id)


@router.delete(
    "/{series_id}",
    dependencies=[SIGNED_IN],
    summary="End a series, or leave dates out, and call their bookings off",
    responses=problems(
        *ALWAYS,
        errors.SeriesNotFound,
        errors.SeriesDateNotFound,
        errors.DateMissing,
        booking_errors.BookingInPast,
        payment_errors.PaymentOperationUnderWay,
        payment_errors.PaymentNotVoidable,
        payment_errors.RefundNotDue,
        payment_errors.RefundExceedsCaptured,
    ),
)
async def end(
    series_id: UUID,
    actor: ActorDep,
    till: TillDep,
    scope: Annotated[Scope, Query(description="How much of the series ends.")] = Scope.ALL,
    on_date: Annotated[
        Day | None,
        Blankable,
        Query(alias="date", description="The one date, or the first of those that fall away."),
    ] = None,
) -> schemas.SeriesEndedOut:
    """A client's cancellations are refunded by each booking's policy, a specialist's in full. The
    same request again goes on with what is left.
    """
    return await flows.end(till, actor, series_id, scope=scope, on_date=on_date)


def _position(after: list[Any] | None) -> tuple[datetime, UUID] | None:
    return (datetime.fromisoformat(after[0]), UUID(after[1])) if after else None
