"""Recordings of a booking: an admin announces and completes them, its parties list and fetch."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from consulta.features.bookings import queries as bookings
from consulta.features.bookings.errors import (
    BookingNotConfirmed,
    BookingNotFound,
    BookingNotStarted,
)
from consulta.features.recordings import errors, flows, queries, schemas
from consulta.features.recordings.deps import ShelfDep
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import ADMIN, PERSON, SIGNED_IN
from consulta.platform.http.deps import ActorDep, ReadDep
from consulta.platform.http.idempotency import OPTIONAL_ERRORS, OptionalOnceDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.providers.storage.port import StorageUnavailable

router = APIRouter(prefix="/bookings/{booking_id}/recordings", tags=["recordings"])


@router.post(
    "",
    status_code=201,
    response_model=schemas.RecordingAnnounced,
    dependencies=[ADMIN],
    summary="Announce a recording, and get the address to bring it to",
    responses=problems(
        *ALWAYS,
        *OPTIONAL_ERRORS,
        Forbidden,
        BookingNotFound,
        BookingNotConfirmed,
        BookingNotStarted,
        errors.TooManyRecordings,
        StorageUnavailable,
    ),
)
async def announce(
    booking_id: UUID,
    body: schemas.RecordingCreate,
    actor: ActorDep,
    shelf: ShelfDep,
    once: OptionalOnceDep,
) -> Response:
    """The file is PUT there as it is, within the hour; then the recording is completed."""
    return await flows.announce(shelf, actor, body, booking_id=booking_id, once=once)


@router.post(
    "/{recording_id}/complete",
    dependencies=[ADMIN],
    summary="The file has been brought: hold it against what was announced",
    responses=problems(
        *ALWAYS,
        Forbidden,
        errors.RecordingNotFound,
        errors.RecordingNotUploaded,
        errors.RecordingNotUploading,
        errors.RecordingCorrupt,
        StorageUnavailable,
    ),
)
async def complete(
    booking_id: UUID, recording_id: UUID, actor: ActorDep, shelf: ShelfDep
) -> schemas.RecordingOut:
    """Another size or checksum ends it: the file is thrown away."""
    recording = await flows.complete(shelf, actor, booking_id=booking_id, recording_id=recording_id)
    return schemas.RecordingOut.of(recording)


@router.get(
    "",
    dependencies=[SIGNED_IN],
    summary="List the recordings of a booking",
    responses=problems(*ALWAYS, BookingNotFound),
)
async def list_recordings(booking_id: UUID, work: ReadDep) -> schemas.RecordingsOut:
    """The first one first; deleted ones included."""
    if await bookings.booking(work, booking_id) is None:
        raise BookingNotFound
    found = await queries.recordings_of(work, booking_id)
    return schemas.RecordingsOut(items=[schemas.RecordingOut.of(one) for one in found])


@router.post(
    "/{recording_id}/download-link",
    dependencies=[PERSON],
    summary="Get a link to a recording of yours",
    responses=problems(
        *ALWAYS,
        Forbidden,
        errors.RecordingNotFound,
        errors.RecordingNotReady,
        errors.RecordingDeleted,
        StorageUnavailable,
    ),
)
async def link(
    booking_id: UUID, recording_id: UUID, actor: ActorDep, shelf: ShelfDep
) -> schemas.RecordingLink:
    """It holds for a day, opens without a token, and is on the record."""
    url, until = await flows.link(shelf, actor, booking_id=booking_id, recording_id=recording_id)
    return schemas.RecordingLink(url=url, expires_at=until)


@router.delete(
    "/{recording_id}",
    status_code=204,
    response_class=Response,
    dependencies=[ADMIN],
    summary="Delete a recording, and its file",
    responses=problems(*ALWAYS, Forbidden, errors.RecordingNotFound),
)
async def delete(
    booking_id: UUID, recording_id: UUID, actor: ActorDep, shelf: ShelfDep
) -> Response:
    await flows.delete(shelf, actor, booking_id=booking_id, recording_id=recording_id)
    return Response(status_code=204)
