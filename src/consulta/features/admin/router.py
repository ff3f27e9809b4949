"""Paths of admins: accounts, and the verification of specialists."""

from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from pydantic import Field

from consulta.features.admin import flows, queries, service
from consulta.features.admin.errors import CannotChangeYourself, UserNotFound
from consulta.features.admin.schemas import (
    AccountOut,
    AccountPatch,
    ErasureOrder,
    SpecialistReviewOut,
)
from consulta.features.compliance.bodies import ErasedOut
from consulta.features.compliance.deps import CustodyDep
from consulta.features.compliance.errors import AccountErased, ErasureBlocked
from consulta.features.specialists import service as specialists
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.kernel.errors import Forbidden, RateLimited
from consulta.platform.auth.guards import ADMIN
from consulta.platform.db.paging import BadCursor
from consulta.platform.http.deps import PageDep, PageOut, ReadDep, WorkDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable, Text

router = APIRouter(prefix="/admin", tags=["admin"])

_ADMIN = (*ALWAYS, Forbidden)
Address = Annotated[Annotated[Text, Field(max_length=254)] | None, Blankable, Query()]
Role = Annotated[Literal["client", "specialist", "admin"] | None, Blankable, Query()]
Flag = Annotated[bool | None, Blankable, Query()]


@router.get(
    "/users",
    dependencies=[ADMIN],
    responses=problems(*_ADMIN, BadCursor),
    summary="List accounts",
)
async def list_users(
    page: PageDep,
    work: ReadDep,
    email: Address = None,
    role: Role = None,
    is_active: Flag = None,
) -> PageOut[AccountOut]:
    """The newest first; `email` is the whole address."""
    found = await queries.users(work, email=email, role=role, is_active=is_active, page=page)
    return PageOut(
        items=[AccountOut(**dict(row)) for row in found.items], next_cursor=found.next_cursor
    )


@router.patch(
    "/users/{user_id}",
    dependencies=[ADMIN],
    responses=problems(*_ADMIN, UserNotFound, CannotChangeYourself, AccountErased),
    summary="Change role or state of an account",
)
async def change_user(user_id: UUID, body: AccountPatch, work: WorkDep) -> AccountOut:
    await service.change_user(work, body, user_id=user_id)
    row = await queries.user(work, user_id)
    assert row is not None
    return AccountOut(**dict(row))


@router.post(
    "/users/{user_id}/erase",
    dependencies=[ADMIN],
    responses=problems(*_ADMIN, RateLimited, UserNotFound, ErasureBlocked, AccountErased),
    summary="Erase an account at the written request of its owner",
)
async def erase_user(user_id: UUID, body: ErasureOrder, custody: CustodyDep) -> ErasedOut:
    """For good, and under the same conditions as by its owner; said again, it is no change. The
    order and its reason are on the record, refused or not. Admins' accounts are not erased.
    """
    erased_at = await flows.erase(custody, body, user_id=user_id)
    return ErasedOut.of(erased_at, custody.register)


@router.get(
    "/specialists",
    dependencies=[ADMIN],
    responses=problems(*_ADMIN, BadCursor),
    summary="List pages, verified or not",
)
async def list_specialists(
    page: PageDep, work: ReadDep, verified: Flag = None
) -> PageOut[SpecialistReviewOut]:
    """The newest first, with their private fields."""
    found = await queries.specialists(work, is_verified=verified, page=page)
    return PageOut(items=[_review(row) for row in found.items], next_cursor=found.next_cursor)


@router.post(
    "/specialists/{specialist_id}/verify",
    dependencies=[ADMIN],
    responses=problems(*_ADMIN, SpecialistNotFound, AccountErased),
    summary="Make a page public",
)
async def verify(specialist_id: UUID, work: WorkDep) -> SpecialistReviewOut:
    await service.verify_specialist(work, specialist_id=specialist_id)
    return _review(await queries.specialist(work, specialist_id))


@router.post(
    "/specialists/{specialist_id}/unverify",
    dependencies=[ADMIN],
    responses=problems(*_ADMIN, SpecialistNotFound),
    summary="Take a page out of the directory",
)
async def unverify(specialist_id: UUID, work: WorkDep) -> SpecialistReviewOut:
    """Bookings that stand are not touched."""
    await specialists.unverify(work, specialist_id=specialist_id)
    return _review(await queries.specialist(work, specialist_id))


def _review(row: asyncpg.Record | None) -> SpecialistReviewOut:
    assert row is not None
    return SpecialistReviewOut(**dict(row))
