"""Paths of the directory and of a specialist's own page and rates."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from consulta.features.specialists import queries, service
from consulta.features.specialists.errors import (
    NotASpecialist,
    RateKindTaken,
    RateNotFound,
    SpecialistNotFound,
    TooManyRates,
)
from consulta.features.specialists.queries import Search, Sort
from consulta.features.specialists.schemas import (
    OwnSpecialistOut,
    RateCreate,
    RateOut,
    RatePatch,
    RatesOut,
    SpecialistCard,
    SpecialistOut,
    SpecialistPatch,
    SpecialistPut,
)
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import PUBLIC, SPECIALIST
from consulta.platform.db.constraints import UnknownTimeZone
from consulta.platform.db.paging import BadCursor
from consulta.platform.http.deps import PageDep, PageOut, ReadDep, WorkDep
from consulta.platform.http.idempotency import OPTIONAL_ERRORS, OptionalOnceDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable, Currency, Day, Text

router = APIRouter(prefix="/specialists", tags=["specialists"])

_MOST_PRICE = 10_000_000_000
_OWN = (*ALWAYS, Forbidden)


Word = Annotated[Annotated[Text, Field(max_length=80)] | None, Blankable, Query()]
Price = Annotated[
    Annotated[int, Field(ge=0, le=_MOST_PRICE)] | None,
    Blankable,
    Query(description="Minor units."),
]


async def _search(
    q: Annotated[
        Word, Query(description="Words of the name, the headline or a specialty; all must occur.")
    ] = None,
    specialty: Word = None,
    language: Word = None,
    min_price: Price = None,
    max_price: Price = None,
    currency: Annotated[Currency | None, Blankable, Query()] = None,
    available_on: Annotated[
        Day | None,
        Blankable,
        Query(description="A date of the specialist's calendar on which a time is free."),
    ] = None,
    sort: Annotated[
        Sort | None,
        Blankable,
        Query(description="A minus sign: from the highest down. No value: last. Default: -rating."),
    ] = None,
) -> Search:
    return Search(
        q=q,
        specialty=specialty,
        language=language,
        min_price=min_price,
        max_price=max_price,
        currency=currency,
        available_on=available_on,
        sort=sort or Sort.BEST_RATED,
    )


@router.get(
    "",
    dependencies=[PUBLIC],
    responses=problems(*ALWAYS, BadCursor),
    summary="Search the directory",
)
async def list_specialists(
    search: Annotated[Search, Depends(_search)], page: PageDep, work: ReadDep
) -> PageOut[SpecialistCard]:
    """Verified specialists who accept bookings. With `available_on` a page may be short and still
    have a `next_cursor`: only so many calendars are looked at per request.
    """
    found = await queries.directory(work, search, page=page)
    return PageOut(
        items=[SpecialistCard.of(row) for row in found.items], next_cursor=found.next_cursor
    )


@router.get(
    "/me",
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, SpecialistNotFound),
    summary="Read your own page",
)
async def read_own_page(work: ReadDep) -> OwnSpecialistOut:
    row = await queries.own_page(work)
    if row is None:
        raise SpecialistNotFound
    return OwnSpecialistOut.of(row)


@router.put(
    "/me",
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, NotASpecialist, UnknownTimeZone),
    summary="Create or replace your page",
)
async def replace_own_page(body: SpecialistPut, work: WorkDep) -> OwnSpecialistOut:
    """A new page waits for its verification; until then it is visible to you alone."""
    return await service.replace_page(work, body)


@router.patch(
    "/me",
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, SpecialistNotFound, UnknownTimeZone),
    summary="Change parts of your page",
)
async def change_own_page(body: SpecialistPatch, work: WorkDep) -> OwnSpecialistOut:
    return await service.change_page(work, body)


@router.get(
    "/me/rates",
    dependencies=[SPECIALIST],
    responses=problems(*_OWN),
    summary="List your rates, inactive ones included",
)
async def list_own_rates(work: ReadDep) -> RatesOut:
    return RatesOut.of(await queries.own_rates(work))


@router.post(
    "/me/rates",
    status_code=201,
    response_model=RateOut,
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, *OPTIONAL_ERRORS, SpecialistNotFound, RateKindTaken, TooManyRates),
    summary="Add a rate",
)
async def add_rate(body: RateCreate, work: WorkDep, once: OptionalOnceDep) -> Response:
    async def act() -> tuple[UUID, RateOut]:
        made = await service.add_rate(work, body)
        return made.id, made

    return await once.run(work, body, act)


@router.patch(
    "/me/rates/{rate_id}",
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, RateNotFound),
    summary="Change a rate, or take it off the offer",
)
async def change_rate(rate_id: UUID, body: RatePatch, work: WorkDep) -> RateOut:
    return await service.change_rate(work, body, rate_id=rate_id)


@router.get(
    "/{specialist_id}",
    dependencies=[PUBLIC],
    responses=problems(*ALWAYS, SpecialistNotFound),
    summary="Read a specialist's page",
)
async def read_page(specialist_id: UUID, work: ReadDep) -> SpecialistOut:
    row = await queries.public_page(work, specialist_id)
    if row is None:
        raise SpecialistNotFound
    return SpecialistOut.of(row)


@router.get(
    "/{specialist_id}/rates",
    dependencies=[PUBLIC],
    responses=problems(*ALWAYS, SpecialistNotFound),
    summary="List what a specialist offers",
)
async def list_rates(specialist_id: UUID, work: ReadDep) -> RatesOut:
    if not await queries.is_visible(work, specialist_id):
        raise SpecialistNotFound
    return RatesOut.of(await queries.active_rates(work, specialist_id))
