"""Paths of receipts: mine, those of a booking or a package, and one to print."""

from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from starlette.responses import Response

from consulta.features.bookings import queries as bookings
from consulta.features.bookings.errors import BookingNotFound
from consulta.features.packages import queries as packages
from consulta.features.packages.errors import PackagePurchaseNotFound
from consulta.features.receipts import queries, schemas
from consulta.features.receipts.errors import ReceiptNotFound
from consulta.features.receipts.router.shown import listed, paged, position
from consulta.platform.auth.guards import SIGNED_IN
from consulta.platform.db.paging import BadCursor
from consulta.platform.db.work import Work
from consulta.platform.http.answers import json_response
from consulta.platform.http.deps import PageDep, PageOut, ReadDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable

router = APIRouter(tags=["receipts"])


@router.get(
    "/receipts",
    response_model=PageOut[schemas.ReceiptOut],
    dependencies=[SIGNED_IN],
    summary="My receipts and credit notes, the newest first",
    responses=problems(*ALWAYS, BadCursor),
)
async def list_receipts(
    page: PageDep,
    work: ReadDep,
    role: Literal["client", "specialist"] | None = None,
    kind: Annotated[schemas.Kind | None, Blankable, Query()] = None,
) -> Response:
    rows = await queries.receipts_of(
        work,
        client_id=work.actor.id if role == "client" else None,
        specialist_id=work.actor.id if role == "specialist" else None,
        kind=kind,
        after=position(page.after("receipts")),
        limit=page.limit,
    )
    found = page.page("receipts", rows, lambda row: (row["issued_at"], row["id"]))
    return paged(found, schemas.receipt_out)


@router.get(
    "/receipts/{receipt_id}",
    response_model=schemas.ReceiptOut,
    dependencies=[SIGNED_IN],
    summary="A receipt or credit note",
    responses=problems(*ALWAYS, ReceiptNotFound),
)
async def one(receipt_id: UUID, work: ReadDep) -> Response:
    return json_response(schemas.receipt_out(await _receipt(work, receipt_id)))


@router.get(
    "/receipts/{receipt_id}/html",
    response_class=Response,
    dependencies=[SIGNED_IN],
    summary="A receipt or credit note as a page to print",
    responses={
        200: {"content": {"text/html": {"schema": {"type": "string"}}}},
        **problems(*ALWAYS, ReceiptNotFound),
    },
)
async def printable(receipt_id: UUID, work: ReadDep) -> Response:
    page = schemas.receipt_page(await _receipt(work, receipt_id))
    headers = {"Content-Security-Policy": page.policy}
    return Response(page.html, media_type="text/html", headers=headers)


@router.get(
    "/bookings/{booking_id}/receipts",
    response_model=schemas.Receipts,
    dependencies=[SIGNED_IN],
    summary="Receipts and credit notes of a booking, the newest first",
    responses=problems(*ALWAYS, BookingNotFound),
)
async def of_booking(booking_id: UUID, work: ReadDep) -> Response:
    if await bookings.booking(work, booking_id) is None:
        raise BookingNotFound
    return listed(await queries.receipts_of_booking(work, booking_id), schemas.receipt_out)


@router.get(
    "/package-purchases/{purchase_id}/receipts",
    response_model=schemas.Receipts,
    dependencies=[SIGNED_IN],
    summary="Receipts and credit notes of a package, the newest first",
    responses=problems(*ALWAYS, PackagePurchaseNotFound),
)
async def of_purchase(purchase_id: UUID, work: ReadDep) -> Response:
    if await packages.purchase(work, purchase_id) is None:
        raise PackagePurchaseNotFound
    return listed(await queries.receipts_of_purchase(work, purchase_id), schemas.receipt_out)


async def _receipt(work: Work, receipt_id: UUID) -> asyncpg.Record:
    row = await queries.receipt(work, receipt_id)
    if row is None:
        raise ReceiptNotFound
    return row
