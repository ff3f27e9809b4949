"""A booking for the client's or the specialist's own calendar."""

from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from consulta.features.bookings import errors, queries
from consulta.features.bookings.status import BookingStatus
from consulta.kernel.actor import Actor
from consulta.platform.auth.guards import SIGNED_IN
from consulta.platform.calendar_file import Event, Status, calendar_file
from consulta.platform.http.answers import kept
from consulta.platform.http.deps import ReadDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(prefix="/bookings", tags=["bookings"])

_STATUS: dict[str, Status] = {
    BookingStatus.PENDING_PAYMENT: "tentative",
    BookingStatus.AWAITING_CONFIRMATION: "tentative",
    BookingStatus.CANCELLED: "cancelled",
    BookingStatus.DECLINED: "cancelled",
    BookingStatus.EXPIRED: "cancelled",
}
_WITHDRAWN = {BookingStatus.CANCELLED, BookingStatus.DECLINED}


async def _host(request: Request) -> str:
    """Whose names the events have: `id@host` is ours alone, and the same for ever."""
    return urlsplit(request.app.state.settings.http.public_url).hostname or "consulta"


@router.get(
    "/{booking_id}/calendar.ics",
    response_class=Response,
    dependencies=[SIGNED_IN],
    summary="A booking as a calendar file",
    responses={
        200: {"content": {"text/calendar": {"schema": {"type": "string"}}}},
        304: {"description": "You have this file already (`If-None-Match`)."},
        **problems(*ALWAYS, errors.BookingNotFound),
    },
)
async def calendar(
    booking_id: UUID, request: Request, work: ReadDep, host: Annotated[str, Depends(_host)]
) -> Response:
    """For importing: it says with whom and when, and never what about."""
    row = await queries.booking(work, booking_id)
    if row is None:
        raise errors.BookingNotFound
    event = _event(row, work.actor, host=host)
    name = f'attachment; filename="appointment-{booking_id}.ics"'
    return kept(
        calendar_file(event),
        request,
        media_type=event.media_type,
        headers={"Content-Disposition": name},
    )


def _event(row: asyncpg.Record, reader: Actor, *, host: str) -> Event:
    status: Status = _STATUS.get(row["status"], "confirmed")
    return Event(
        uid=f"{row['id']}@{host}",
        # Programs leave an entry alone that does not say that it is newer (RFC 5546, 3.2.5). What
        # was cancelled or declined is never moved any more; what expired may come back.
        sequence=row["revision"] + (row["status"] in _WITHDRAWN),
        changed_at=row["updated_at"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        status=status,
        summary=_summary(row, reader),
    )


def _summary(row: asyncpg.Record, reader: Actor) -> str:
    # A calendar is often read over a shoulder: neither service nor note stands in it.
    specialist, client = row["specialist_name"], row["client_name"]
    if reader.id == row["client_id"]:
        names = [specialist]
    elif reader.id == row["specialist_id"]:
        names = [client]
    else:
        names = [specialist, client]
    known = " and ".join(name for name in names if name)
    return f"Appointment with {known}" if known else "Appointment"
