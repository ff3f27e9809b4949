"""Paths of what is offered: the public list, the owner's own, and admins' many at once."""

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from consulta.features.packages import errors, queries, schemas, service
from consulta.features.packages.router.shown import position
from consulta.features.packages.rules import MOST_ACTIVE
from consulta.features.specialists import queries as specialists
from consulta.features.specialists.errors import RateNotFound, SpecialistNotFound
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import ADMIN, PUBLIC, SPECIALIST
from consulta.platform.db.paging import BadCursor
from consulta.platform.http.deps import PageDep, PageOut, ReadDep, WorkDep
from consulta.platform.http.idempotency import OPTIONAL_ERRORS, OptionalOnceDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter()

_OWN = (*ALWAYS, Forbidden)


@router.get(
    "/specialists/me/packages",
    dependencies=[SPECIALIST],
    responses=problems(*_OWN, BadCursor),
    summary="List your packages, inactive ones included",
)
async def list_own(page: PageDep, work: ReadDep) -> PageOut[schemas.PackageOut]:
    """The newest first."""
    rows = await queries.own_packages(
        work, after=position(page.after("own_packages")), limit=page.limit
    )
    found = page.page("own_packages", rows, lambda row: (row["created_at"], row["id"]))
    return PageOut(
        items=[schemas.PackageOut.of(row) for row in found.items], next_cursor=found.next_cursor
    )


@router.post(
    "/specialists/me/packages",
    status_code=201,
    response_model=schemas.PackageOut,
    dependencies=[SPECIALIST],
    responses=problems(
        *_OWN,
        *OPTIONAL_ERRORS,
        SpecialistNotFound,
        RateNotFound,
        errors.PackageNotFree,
        errors.TooManyPackages,
    ),
    summary="Offer a package",
)
async def add(body: schemas.PackageCreate, work: WorkDep, once: OptionalOnceDep) -> Response:
    async def act() -> tuple[UUID, schemas.PackageOut]:
        made = await service.add_package(work, body)
        return made.id, made

    return await once.run(work, body, act)


@router.patch(
    "/specialists/me/packages/{own_package_id}",
    dependencies=[SPECIALIST],
    responses=problems(
        *_OWN, errors.PackageNotFound, RateNotFound, errors.PackageNotFree, errors.TooManyPackages
    ),
    summary="Change a package, or take it off the offer",
)
async def change(
    own_package_id: UUID, body: schemas.PackagePatch, work: WorkDep
) -> schemas.PackageOut:
    """Purchases keep what was bought."""
    return await service.change_package(work, body, package_id=own_package_id)


@router.get(
    "/specialists/{specialist_id}/packages",
    dependencies=[PUBLIC],
    responses=problems(*ALWAYS, SpecialistNotFound),
    summary="List the packages that a specialist offers",
)
async def list_offered(specialist_id: UUID, work: ReadDep) -> schemas.PackagesOut:
    """The cheapest first; at most 100 are on offer."""
    if not await specialists.is_visible(work, specialist_id):
        raise SpecialistNotFound
    return schemas.PackagesOut.of(
        await queries.offered_packages(work, specialist_id, limit=MOST_ACTIVE)
    )


@router.post(
    "/admin/packages",
    status_code=201,
    response_model=schemas.PackagesOut,
    dependencies=[ADMIN],
    responses=problems(*_OWN, *OPTIONAL_ERRORS, errors.PackagesNotAdded),
    summary="Offer packages of many specialists: all, or none",
)
async def add_many(body: schemas.PackagesCreate, work: WorkDep, once: OptionalOnceDep) -> Response:
    async def act() -> tuple[None, schemas.PackagesOut]:
        return None, schemas.PackagesOut(items=await service.add_packages(work, body.items))

    return await once.run(work, body, act)
