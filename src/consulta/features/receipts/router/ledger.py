"""Paths of the ledger: a specialist's own entries, everybody's for admins, and its examination."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from consulta.features.receipts import queries, schemas
from consulta.features.receipts.queries import LedgerAsked
from consulta.features.receipts.router.shown import listed, paged, position
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import ADMIN, SPECIALIST
from consulta.platform.db.paging import BadCursor, PageAsked
from consulta.platform.db.work import Work
from consulta.platform.http.deps import PageDep, PageOut, ReadDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable, Moment

router = APIRouter()

Id = Annotated[UUID | None, Blankable, Query()]
From = Annotated[Moment | None, Blankable, Query(alias="from")]
Until = Annotated[Moment | None, Blankable, Query(alias="to")]


@router.get(
    "/specialists/me/ledger",
    response_model=PageOut[schemas.LedgerEntryOut],
    dependencies=[SPECIALIST],
    tags=["specialists"],
    summary="How your money moved, the newest first, with running totals",
    responses=problems(*ALWAYS, Forbidden, BadCursor),
)
async def own(
    page: PageDep,
    work: ReadDep,
    payment_id: Id = None,
    starts_at: From = None,
    ends_at: Until = None,
) -> Response:
    asked = LedgerAsked(payment_id, work.person, starts_at, ends_at)
    return await _entries(work, asked, page, name="own_ledger")


@router.get(
    "/admin/ledger",
    response_model=PageOut[schemas.LedgerEntryOut],
    dependencies=[ADMIN],
    tags=["admin"],
    summary="How money moved, the newest first",
    responses=problems(*ALWAYS, Forbidden, BadCursor),
)
async def everybody(
    page: PageDep,
    work: ReadDep,
    payment_id: Id = None,
    specialist_id: Id = None,
    starts_at: From = None,
    ends_at: Until = None,
) -> Response:
    """Totals run over the payment or the specialist that is asked for."""
    asked = LedgerAsked(payment_id, specialist_id, starts_at, ends_at)
    return await _entries(work, asked, page, name="ledger")


@router.get(
    "/admin/ledger/mismatches",
    response_model=schemas.LedgerMismatches,
    dependencies=[ADMIN],
    tags=["admin"],
    summary="Payments of which the books disagree",
    responses=problems(*ALWAYS, Forbidden),
)
async def mismatches(work: ReadDep, limit: Annotated[int, Query(ge=1, le=100)] = 100) -> Response:
    """All are written in one transaction, so that none is ever expected."""
    return listed(await queries.ledger_mismatches(work, limit=limit), schemas.mismatch_out)


async def _entries(work: Work, asked: LedgerAsked, page: PageAsked, *, name: str) -> Response:
    rows = await queries.ledger_entries(
        work, asked, after=position(page.after(name)), limit=page.limit
    )
    found = page.page(name, rows, lambda row: (row["created_at"], row["id"]))
    return paged(found, schemas.entry_out)
