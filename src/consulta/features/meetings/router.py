"""Paths of a booking's meeting."""

from uuid import UUID

from fastapi import APIRouter

from consulta.features.bookings.errors import (
    AlreadyCancelled,
    BookingNotConfirmed,
    BookingNotFound,
)
from consulta.features.meetings import flows, queries, service
from consulta.features.meetings.errors import (
    MeetingNotFailed,
    MeetingNotFound,
    MeetingNotReady,
    SessionOver,
    TooEarlyToJoin,
)
from consulta.features.meetings.flows import Joining
from consulta.features.meetings.schemas import JoinOut, MeetingOut
from consulta.features.video_configs.deps import StudioDep
from consulta.kernel.actor import Role
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import PERSON, SIGNED_IN, require
from consulta.platform.db.work import Work
from consulta.platform.http.deps import ActorDep, ReadDep, WorkDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.sealed import Unreadable
from consulta.providers.video.port import ConnectionBroken

router = APIRouter(prefix="/bookings/{booking_id}", tags=["meetings"])


@router.get(
    "/join",
    response_model=JoinOut,
    dependencies=[PERSON],
    summary="The way into the meeting, for its parties, when it is time",
    responses=problems(
        *ALWAYS,
        Forbidden,
        BookingNotFound,
        BookingNotConfirmed,
        AlreadyCancelled,
        TooEarlyToJoin,
        SessionOver,
        MeetingNotReady,
        Unreadable,
    ),
)
async def join(booking_id: UUID, actor: ActorDep, studio: StudioDep) -> Joining:
    """From 15 minutes before the start to 15 minutes after the end. Specialists join by the same
    link, and are the host by signing in at their vendor. Each handing-out is on record.
    """
    return await flows.join(studio, actor, booking_id=booking_id)


@router.get(
    "/meeting",
    dependencies=[SIGNED_IN],
    summary="How the meeting stands",
    responses=problems(*ALWAYS, BookingNotFound, MeetingNotFound),
)
async def one(booking_id: UUID, work: ReadDep) -> MeetingOut:
    return await _shown(work, booking_id)


@router.post(
    "/meeting/retry",
    dependencies=[require(Role.SPECIALIST, Role.ADMIN)],
    summary="Try a failed meeting again",
    responses=problems(
        *ALWAYS, Forbidden, BookingNotFound, MeetingNotFound, MeetingNotFailed, ConnectionBroken
    ),
)
async def retry(booking_id: UUID, work: WorkDep) -> MeetingOut:
    """Where you use another account by now, it is made anew there."""
    await service.retry(work, booking_id=booking_id)
    return await _shown(work, booking_id)


async def _shown(work: Work, booking_id: UUID) -> MeetingOut:
    row = await queries.meeting_of(work, booking_id)
    if row is None:
        raise BookingNotFound
    if row["meeting_id"] is None:
        raise MeetingNotFound
    return MeetingOut.of(row, reader_id=work.actor.id)
