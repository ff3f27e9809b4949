"""Paths that end a booking: the specialist's no, and calling it off."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from consulta.features.bookings import errors, flows, schemas
from consulta.features.bookings.deps import QuotesDep
from consulta.features.bookings.router.shown import DECIDES
from consulta.features.payments import errors as payment_errors
from consulta.features.payments.deps import TillDep
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import SIGNED_IN
from consulta.platform.http import idempotency
from consulta.platform.http.deps import ActorDep
from consulta.platform.http.idempotency import OnceDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(prefix="/bookings", tags=["bookings"])

_ENDS = (
    errors.BookingNotFound,
    errors.AlreadyCancelled,
    errors.BookingInPast,
    payment_errors.PaymentOperationUnderWay,
    payment_errors.PaymentNotVoidable,
    payment_errors.RefundNotDue,
    payment_errors.RefundExceedsCaptured,
)


@router.post(
    "/{booking_id}/decline",
    response_model=schemas.BookingOut,
    dependencies=[DECIDES],
    summary="Decline a booking: what is reserved is released",
    responses=problems(*ALWAYS, *idempotency.ERRORS, Forbidden, *_ENDS, errors.BookingNotAwaiting),
)
async def decline(
    booking_id: UUID,
    actor: ActorDep,
    till: TillDep,
    once: OnceDep,
    body: schemas.BookingDecline | None = None,
) -> Response:
    return await flows.decline(till, actor, once, booking_id, body or schemas.BookingDecline())


@router.post(
    "/{booking_id}/cancel",
    response_model=schemas.BookingOut,
    dependencies=[SIGNED_IN],
    summary="Cancel a booking",
    responses=problems(
        *ALWAYS,
        *idempotency.ERRORS,
        *_ENDS,
        errors.QuoteInvalid,
        errors.QuoteExpired,
        errors.QuoteOutdated,
    ),
)
async def cancel(
    booking_id: UUID,
    actor: ActorDep,
    till: TillDep,
    once: OnceDep,
    quotes: QuotesDep,
    body: schemas.BookingCancel | None = None,
) -> Response:
    """What was taken goes back by the policy, or whole where the specialist or an admin cancels;
    what is only reserved is released. What the specialist cancels before confirming it is
    `declined`. `cancellation` in the answer is the record, with the money that goes back.
    """
    body = body or schemas.BookingCancel()
    return await flows.cancel(till, actor, once, booking_id, body, quotes=quotes)
