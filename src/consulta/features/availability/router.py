"""Paths of the calendar: the week, its exceptions, free times, and holds."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import Response

from consulta.features.availability import flows, queries, service
from consulta.features.availability.errors import (
    CLAIM_ERRORS,
    ExceptionNotFound,
    HoldNotFound,
    InvalidSpan,
    RateNotFound,
    SpecialistNotFound,
    TooManyExceptions,
    TooManyHolds,
)
from consulta.features.availability.flows import Counter
from consulta.features.availability.rules import Span
from consulta.features.availability.schemas import (
    AvailabilityExceptionCreate,
    AvailabilityExceptionOut,
    Edge,
    ExceptionsMadeOut,
    ExplanationOut,
    HoldCreate,
    HoldOut,
    ImpactOut,
    Instant,
    OwnAvailabilityExceptionOut,
    SlotsOut,
    WeekOut,
    WeekPut,
)
from consulta.kernel.errors import Forbidden, RateLimited
from consulta.platform.auth.guards import PUBLIC, SPECIALIST
from consulta.platform.auth.turns import address_of
from consulta.platform.db.constraints import UnknownTimeZone
from consulta.platform.db.paging import BadCursor
from consulta.platform.db.work import Work
from consulta.platform.http.answers import kept
from consulta.platform.http.deps import (
    ActorDep,
    DatabaseDep,
    PageDep,
    PageOut,
    ReadDep,
    WorkDep,
)
from consulta.platform.http.idempotency import OPTIONAL_ERRORS, OptionalOnceDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable, Day, TimeZone

router = APIRouter(prefix="/specialists", tags=["availability"])
holds_router = APIRouter(prefix="/holds", tags=["availability"])

_OWN = (*ALWAYS, Forbidden, SpecialistNotFound)
_FREE_TIMES_MAY_BE_KEPT = "private, no-cache"
"""A browser may keep the list and must ask each time: it costs a 304, and is never stale."""

FirstDay = Annotated[Day | None, Blankable, Query(alias="from", description="Default: today.")]
LastDay = Annotated[Day | None, Blankable, Query(alias="to")]
RateAsked = Annotated[UUID | None, Blankable, Query(description="Default: the `standard` rate.")]
ZoneAsked = Annotated[TimeZone | None, Blankable, Query(description="Default: the specialist's.")]
OwnBooking = Annotated[
    UUID | None, Blankable, Query(description="Your own booking, if you want to move it.")
]
HoldToken = Annotated[str | None, Header(alias="X-Hold-Token", max_length=200)]


async def _span(
    begins: Annotated[
        Edge, Query(alias="from", description="An instant or a date; default: now.")
    ] = None,
    ends: Annotated[
        Edge,
        Query(
            alias="to",
            description="An instant, or a date that counts in whole; default: 14 days after"
            " `from`; at most 62 days after it.",
        ),
    ] = None,
) -> Span:
    return Span(begins, ends)


@router.get(
    "/me/availability",
    dependencies=[SPECIALIST],
    responses=problems(*_OWN),
    summary="Read your week",
)
async def read_own_week(work: ReadDep) -> WeekOut:
    return await _week(work, work.person)


@router.put(
    "/me/availability",
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, UnknownTimeZone),
    summary="Replace your week",
)
async def replace_week(body: WeekPut, work: WorkDep) -> WeekOut:
    """All hours at once, in place of the ones before. Bookings that stand are not touched."""
    return await service.replace_week(work, body)


@router.get(
    "/me/availability-exceptions",
    dependencies=[SPECIALIST],
    responses=problems(*ALWAYS, Forbidden, BadCursor),
    summary="List the dates that differ, with reasons",
)
async def list_own_exceptions(
    page: PageDep, work: ReadDep, first: FirstDay = None, last: LastDay = None
) -> PageOut[OwnAvailabilityExceptionOut]:
    found = await queries.own_exceptions(work, first=first, last=last, page=page)
    return PageOut(
        items=[OwnAvailabilityExceptionOut.of(row) for row in found.items],
        next_cursor=found.next_cursor,
    )


@router.post(
    "/me/availability-exceptions",
    status_code=201,
    response_model=ExceptionsMadeOut,
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, *OPTIONAL_ERRORS, TooManyExceptions)
    | {200: {"model": ImpactOut, "description": "A dry run: what it would affect."}},
    summary="Block dates or some hours of them, or open other hours",
)
async def add_exceptions(
    body: AvailabilityExceptionCreate, work: WorkDep, once: OptionalOnceDep
) -> Response:
    """Bookings that are met stand, and are listed in the answer: nothing is cancelled silently."""
    if body.dry_run:
        impact = await service.impact_of(work, body)
        return Response(impact.model_dump_json(), media_type="application/json")

    async def act() -> tuple[UUID, ExceptionsMadeOut]:
        made = await service.add_exceptions(work, body)
        return made.id, made

    return await once.run(work, body, act)


@router.delete(
    "/me/availability-exceptions/{exception_id}",
    status_code=204,
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, ExceptionNotFound),
    summary="Let a date be as the week says",
)
async def remove_exception(
    exception_id: UUID,
    work: WorkDep,
    whole_range: Annotated[
        bool, Query(description="With all dates that were made together with it.")
    ] = False,
) -> Response:
    await service.remove_exception(work, exception_id=exception_id, whole_range=whole_range)
    return Response(status_code=204)


@router.get(
    "/{specialist_id}/availability",
    dependencies=[PUBLIC],
    responses=problems(*ALWAYS, SpecialistNotFound),
    summary="Read a specialist's week",
)
async def read_week(specialist_id: UUID, work: ReadDep) -> WeekOut:
    """The active hours; their owner sees the inactive ones, too."""
    return await _week(work, specialist_id)


@router.get(
    "/{specialist_id}/availability-exceptions",
    dependencies=[PUBLIC],
    responses=problems(*ALWAYS, SpecialistNotFound, BadCursor),
    summary="List the dates that differ",
)
async def list_exceptions(
    specialist_id: UUID,
    page: PageDep,
    work: ReadDep,
    first: FirstDay = None,
    last: LastDay = None,
) -> PageOut[AvailabilityExceptionOut]:
    """Which dates differ, and never why."""
    if await queries.time_zone_of(work, specialist_id) is None:
        raise SpecialistNotFound
    found = await queries.exceptions_of(work, specialist_id, first=first, last=last, page=page)
    return PageOut(
        items=[AvailabilityExceptionOut.of(row) for row in found.items],
        next_cursor=found.next_cursor,
    )


@router.get(
    "/{specialist_id}/slots",
    response_model=SlotsOut,
    dependencies=[PUBLIC],
    responses=problems(*ALWAYS, SpecialistNotFound, RateNotFound, InvalidSpan, UnknownTimeZone)
    | {304: {"description": "You have these times already (`If-None-Match`)."}},
    summary="List free times",
)
async def list_slots(
    specialist_id: UUID,
    request: Request,
    database: DatabaseDep,
    actor: ActorDep,
    span: Annotated[Span, Depends(_span)],
    rate_id: RateAsked = None,
    time_zone: ZoneAsked = None,
    exclude_booking: OwnBooking = None,
) -> Response:
    """What can be booked at this moment. It promises nothing: who books first, has it."""
    async with database.read(actor) as work:
        if span.begins is None and span.ends is not None:
            span = Span(await work.now(), span.ends)
        span.check()
        found = await queries.free_times(
            work,
            specialist_id,
            span=span,
            rate_id=rate_id,
            exclude_booking=exclude_booking,
            time_zone=time_zone,
        )
        if found is None:
            raise await _missing(work, specialist_id, rate_id)
    return kept(found.encode(), request, headers={"Cache-Control": _FREE_TIMES_MAY_BE_KEPT})


@router.get(
    "/{specialist_id}/slots/explain",
    dependencies=[PUBLIC],
    responses=problems(*ALWAYS, SpecialistNotFound, RateNotFound, UnknownTimeZone),
    summary="Say why a time is offered or not",
)
async def explain_slot(
    specialist_id: UUID,
    work: ReadDep,
    at: Annotated[Instant, Query(description="The start in question.")],
    rate_id: RateAsked = None,
    time_zone: ZoneAsked = None,
    exclude_booking: OwnBooking = None,
) -> ExplanationOut:
    """The same engine that lists free times and sells them, about one start."""
    found = await queries.explanation_of(
        work,
        specialist_id,
        at=at,
        rate_id=rate_id,
        exclude_booking=exclude_booking,
        time_zone=time_zone,
    )
    if found is None:
        raise await _missing(work, specialist_id, rate_id)
    return ExplanationOut.of(at, found)


@holds_router.post(
    "",
    status_code=201,
    response_model=HoldOut,
    dependencies=[PUBLIC],
    responses=problems(*ALWAYS, *OPTIONAL_ERRORS, *CLAIM_ERRORS, TooManyHolds, RateLimited),
    summary="Hold a time for ten minutes",
)
async def hold(
    body: HoldCreate,
    request: Request,
    database: DatabaseDep,
    actor: ActorDep,
    once: OptionalOnceDep,
) -> Response:
    """Keep the `hold_token`: it is shown once, and books or releases what is held."""
    secret: bytes = request.app.state.cursor_key
    return await flows.hold(Counter(database, actor, address_of(request), secret), body, once=once)


@holds_router.delete(
    "/{hold_id}",
    status_code=204,
    dependencies=[PUBLIC],
    responses=problems(*ALWAYS, HoldNotFound),
    summary="Let go of a held time",
)
async def release_hold(hold_id: UUID, work: WorkDep, token: HoldToken = None) -> Response:
    """By the token, or as the person who holds it."""
    await service.release_hold(work, hold_id=hold_id, token=token)
    return Response(status_code=204)


async def _missing(
    work: Work, specialist_id: UUID, rate_id: UUID | None
) -> RateNotFound | SpecialistNotFound:
    is_known = await queries.time_zone_of(work, specialist_id) is not None
    return RateNotFound() if rate_id is not None and is_known else SpecialistNotFound()


async def _week(work: ReadDep, specialist_id: UUID) -> WeekOut:
    zone = await queries.time_zone_of(work, specialist_id)
    if zone is None:
        raise SpecialistNotFound
    return WeekOut.of(zone, await queries.rules_of(work, specialist_id))
