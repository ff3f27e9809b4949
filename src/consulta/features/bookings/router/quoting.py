"""What a cancellation would mean, before it is decided."""

from uuid import UUID

from fastapi import APIRouter

from consulta.features.bookings import errors, schemas, service
from consulta.features.bookings.deps import QuotesDep
from consulta.features.payments import errors as payment_errors
from consulta.platform.auth.guards import SIGNED_IN
from consulta.platform.http.deps import ReadDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(prefix="/bookings", tags=["bookings"])


@router.get(
    "/{booking_id}/cancellation-quote",
    response_model=schemas.CancellationQuote,
    dependencies=[SIGNED_IN],
    summary="What I would get back if I cancelled now",
    responses=problems(
        *ALWAYS,
        errors.BookingNotFound,
        errors.AlreadyCancelled,
        errors.BookingInPast,
        payment_errors.PaymentOperationUnderWay,
    ),
)
async def cancellation_quote(booking_id: UUID, work: ReadDep, quotes: QuotesDep) -> service.Quoted:
    return await service.quote(work, booking_id=booking_id, signer=quotes)
