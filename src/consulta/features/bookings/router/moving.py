"""Paths that move a session in time: at once, or by a proposal that the client answers."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from consulta.features.availability import errors as calendar
from consulta.features.bookings import errors, queries, schemas, service
from consulta.features.bookings.router.shown import DECIDES, shown
from consulta.features.payments.deps import TillDep
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import PERSON, SIGNED_IN
from consulta.platform.db.work import Work
from consulta.platform.http.answers import json_bytes
from consulta.platform.http.deps import ReadDep, WorkDep
from consulta.platform.http.idempotency import OPTIONAL_ERRORS, Once, OptionalOnceDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(prefix="/bookings", tags=["bookings"])

_STANDS = (
    *ALWAYS,
    *OPTIONAL_ERRORS,
    Forbidden,
    errors.BookingNotFound,
    errors.AlreadyCancelled,
    errors.BookingInPast,
)
_TIME = (
    calendar.NotAccepting,
    calendar.SlotTaken,
    calendar.DayFull,
    calendar.SlotNotOffered,
)


@router.post(
    "/{booking_id}/reschedule",
    response_model=schemas.BookingOut,
    dependencies=[SIGNED_IN],
    summary="Move a booking to another time",
    responses=problems(*_STANDS, *_TIME, errors.BookingChanged, errors.TooManyMoves),
)
async def reschedule(
    booking_id: UUID,
    body: schemas.BookingReschedule,
    work: WorkDep,
    till: TillDep,
    once: OptionalOnceDep,
) -> Response:
    """Its payment stays, and so does the share that a cancellation would give back, if a reduced
    one applied already. A refusal leaves everything as it was.
    """

    async def act() -> None:
        await service.reschedule(work, booking_id=booking_id, **body.model_dump())

    return await _moved(work, till, once, booking_id, body, act)


@router.post(
    "/{booking_id}/proposals",
    status_code=201,
    response_model=schemas.ProposalOut,
    dependencies=[DECIDES],
    summary="Propose another time to the client",
    responses=problems(*_STANDS, *_TIME, errors.TooManyProposals),
)
async def propose(
    booking_id: UUID, body: schemas.ProposalCreate, work: WorkDep, once: OptionalOnceDep
) -> Response:
    """It takes the place of the one before. Nothing is claimed until the client accepts."""

    async def act() -> tuple[UUID, schemas.ProposalOut]:
        made = await service.propose(work, booking_id=booking_id, **body.model_dump())
        proposal = schemas.ProposalOut.model_validate(made)
        return proposal.id, proposal

    return await once.run(work, body, act)


@router.get(
    "/{booking_id}/proposals",
    response_model=schemas.ProposalsOut,
    dependencies=[SIGNED_IN],
    summary="The times that were proposed, the newest first",
    responses=problems(*ALWAYS, errors.BookingNotFound),
)
async def proposals(booking_id: UUID, work: ReadDep) -> dict[str, Any]:
    if await queries.booking(work, booking_id) is None:
        raise errors.BookingNotFound
    return {"items": [dict(row) for row in await queries.proposals_of(work, booking_id)]}


@router.post(
    "/{booking_id}/proposals/{proposal_id}/accept",
    response_model=schemas.BookingOut,
    dependencies=[PERSON],
    summary="Take the proposed time",
    responses=problems(
        *_STANDS,
        *_TIME,
        errors.ProposalNotFound,
        errors.ProposalNotOpen,
        errors.TooManyMoves,
    ),
)
async def accept_proposal(
    booking_id: UUID, proposal_id: UUID, work: WorkDep, till: TillDep, once: OptionalOnceDep
) -> Response:
    """As if the specialist had moved the booking: no refund suffers from it."""

    async def act() -> None:
        await service.accept_proposal(work, booking_id=booking_id, proposal_id=proposal_id)

    return await _moved(work, till, once, booking_id, None, act)


@router.post(
    "/{booking_id}/proposals/{proposal_id}/decline",
    response_model=schemas.BookingOut,
    dependencies=[PERSON],
    summary="Keep the time that was booked",
    responses=problems(*_STANDS, errors.ProposalNotFound, errors.ProposalNotOpen),
)
async def decline_proposal(
    booking_id: UUID, proposal_id: UUID, work: WorkDep, till: TillDep, once: OptionalOnceDep
) -> Response:
    async def act() -> None:
        await service.decline_proposal(work, booking_id=booking_id, proposal_id=proposal_id)

    return await _moved(work, till, once, booking_id, None, act)


async def _moved(
    work: Work,
    till: TillDep,
    once: Once,
    booking_id: UUID,
    body: BaseModel | None,
    act: Callable[[], Awaitable[None]],
) -> Response:
    """200 with the booking as it is after `act`, which happens once for a key."""
    beginning = await once.begin(work, body)
    if beginning.replay is not None:
        return beginning.replay
    await act()
    row = await queries.booking(work, booking_id)
    if row is None:
        raise errors.BookingNotFound
    answer = json_bytes(shown(row, work, till))
    return once.finish(work, subject_id=booking_id, status_code=200, answer=answer)
