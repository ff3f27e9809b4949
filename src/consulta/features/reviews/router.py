"""Paths of reviews: a session's one, a specialist's public list, and the admins' desk."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from consulta.features.bookings.errors import BookingNotFound
from consulta.features.reviews import errors, queries, schemas, service
from consulta.features.specialists import queries as specialists
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import ADMIN, PERSON, PUBLIC, SIGNED_IN, SPECIALIST
from consulta.platform.db.paging import BadCursor
from consulta.platform.http.deps import PageDep, PageOut, ReadDep, WorkDep
from consulta.platform.http.idempotency import OPTIONAL_ERRORS, OptionalOnceDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(tags=["reviews"])

_OF_BOOKING = "/bookings/{booking_id}/review"
_SEEN = (*ALWAYS, Forbidden, BookingNotFound)
_LIST = "reviews"


@router.post(
    _OF_BOOKING,
    status_code=201,
    response_model=schemas.ReviewOut,
    dependencies=[PERSON],
    summary="Review a session that you had",
    responses=problems(*_SEEN, *OPTIONAL_ERRORS, errors.SessionNotCompleted, errors.ReviewExists),
)
async def post(
    booking_id: UUID, body: schemas.ReviewCreate, work: WorkDep, once: OptionalOnceDep
) -> Response:
    """Once; what you wrote is public, and your name is not unless you say so."""

    async def act() -> tuple[UUID, schemas.ReviewOut]:
        row = await service.post(work, body, booking_id=booking_id)
        return row["id"], schemas.ReviewOut.model_validate(dict(row))

    return await once.run(work, body, act)


@router.patch(
    _OF_BOOKING,
    response_model=schemas.ReviewOut,
    dependencies=[PERSON],
    summary="Change your review",
    responses=problems(*_SEEN, errors.ReviewNotFound, errors.ReviewFinal),
)
async def change(booking_id: UUID, body: schemas.ReviewPatch, work: WorkDep) -> Any:
    """For thirty days."""
    changes = body.model_dump(exclude_unset=True)
    return dict(await service.change(work, changes, booking_id=booking_id))


@router.get(
    _OF_BOOKING,
    response_model=schemas.ReviewOut,
    dependencies=[SIGNED_IN],
    summary="The review of a booking",
    responses=problems(*ALWAYS, BookingNotFound, errors.ReviewNotFound),
)
async def one(booking_id: UUID, work: ReadDep) -> Any:
    return dict(await service.review_of(work, booking_id))


@router.post(
    f"{_OF_BOOKING}/reply",
    response_model=schemas.ReviewOut,
    dependencies=[SPECIALIST],
    summary="Reply to a review of yours",
    responses=problems(*_SEEN, errors.ReviewNotFound, errors.ReviewReplied),
)
async def reply(booking_id: UUID, body: schemas.ReviewReply, work: WorkDep) -> Any:
    """Once, and in public."""
    return dict(await service.reply(work, body.reply, booking_id=booking_id))


@router.get(
    "/specialists/{specialist_id}/reviews",
    dependencies=[PUBLIC],
    summary="What clients say of a specialist",
    responses=problems(*ALWAYS, SpecialistNotFound, BadCursor),
)
async def list_public(
    specialist_id: UUID, page: PageDep, work: ReadDep
) -> PageOut[schemas.PublicReviewOut]:
    """The newest first."""
    if not await specialists.is_visible(work, specialist_id):
        raise SpecialistNotFound
    rows = await queries.public_reviews(
        work, specialist_id, after=_position(page.after(_LIST)), limit=page.limit
    )
    found = page.page(_LIST, rows, lambda row: (row["created_at"], row["id"]))
    return PageOut(
        items=[
            schemas.PublicReviewOut.model_validate({**row, "reviewer": row["reviewer"] or "Client"})
            for row in found.items
        ],
        next_cursor=found.next_cursor,
    )


@router.post(
    "/admin/reviews/{review_id}/hide",
    response_model=schemas.ReviewOut,
    dependencies=[ADMIN],
    summary="Hide a review",
    responses=problems(*ALWAYS, Forbidden, errors.ReviewNotFound),
)
async def hide(review_id: UUID, body: schemas.ReviewHide, work: WorkDep) -> Any:
    """Its parties still see it, with the reason; it does not count."""
    return dict(await service.hide(work, review_id=review_id, reason=body.reason))


@router.post(
    "/admin/reviews/{review_id}/unhide",
    response_model=schemas.ReviewOut,
    dependencies=[ADMIN],
    summary="Show a hidden review again",
    responses=problems(*ALWAYS, Forbidden, errors.ReviewNotFound),
)
async def unhide(review_id: UUID, work: WorkDep) -> Any:
    return dict(await service.unhide(work, review_id=review_id))


def _position(after: list[Any] | None) -> tuple[datetime, UUID] | None:
    return (datetime.fromisoformat(after[0]), UUID(after[1])) if after else None
