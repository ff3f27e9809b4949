"""Paths of saved methods, and the sandbox's stand-in for the client's browser."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from consulta.features.payments import flows as payments
from consulta.features.payments.deps import TillDep
from consulta.features.saved_methods import errors, flows, queries, schemas, service
from consulta.features.saved_methods.rules import ASKED_PER_MINUTE
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.kernel.errors import Forbidden, RateLimited
from consulta.platform.auth.guards import PERSON
from consulta.platform.db.paging import BadCursor
from consulta.platform.http.deps import ActorDep, PageDep, PageOut, ReadDep, WorkDep
from consulta.platform.http.idempotency import OPTIONAL_ERRORS, OptionalOnceDep
from consulta.platform.http.pace import pace
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable
from consulta.providers.payments.port import ChargeRefused, ProviderUnavailable

router = APIRouter(prefix="/saved-methods", tags=["payments"])
sandbox_router = APIRouter(prefix="/sandbox/saved-methods", tags=["sandbox"])

_OWN = (*ALWAYS, Forbidden, errors.SavedMethodNotFound)
_ASKS_PROVIDER = pace("saved-method", per_minute=ASKED_PER_MINUTE)


@router.get(
    "",
    response_model=PageOut[schemas.SavedMethodOut],
    dependencies=[PERSON],
    summary="My saved cards, the newest first",
    responses=problems(*ALWAYS, Forbidden, BadCursor),
)
async def list_saved_methods(
    page: PageDep,
    work: ReadDep,
    till: TillDep,
    specialist_id: Annotated[UUID | None, Blankable, Query()] = None,
) -> PageOut[schemas.SavedMethodOut]:
    """One that is `pending` says what the browser has to do to save it."""
    rows = await queries.methods_of(
        work,
        work.person,
        specialist_id=specialist_id,
        after=_position(page.after("saved_methods")),
        limit=page.limit,
    )
    found = page.page("saved_methods", rows, lambda row: (row["created_at"], row["id"]))
    return PageOut(
        items=[
            schemas.saved_method_out(row, publishable_key=payments.publishable_key(till, row))
            for row in found.items
        ],
        next_cursor=found.next_cursor,
    )


@router.post(
    "",
    status_code=201,
    response_model=schemas.SavedMethodOut,
    dependencies=[PERSON, _ASKS_PROVIDER],
    summary="Begin to save a card that a specialist may charge",
    responses=problems(
        *ALWAYS,
        *OPTIONAL_ERRORS,
        Forbidden,
        RateLimited,
        SpecialistNotFound,
        errors.CannotPayYourself,
        errors.SavedCardNotAvailable,
        errors.TooManySavedMethods,
    ),
)
async def save_method(
    body: schemas.SavedMethodCreate, actor: ActorDep, till: TillDep, once: OptionalOnceDep
) -> Response:
    return await flows.save(till, actor, once, body)


@router.post(
    "/{method_id}/refresh",
    dependencies=[PERSON, _ASKS_PROVIDER],
    summary="Ask the provider how a saved card stands",
    responses=problems(*_OWN, RateLimited, ProviderUnavailable, ChargeRefused),
)
async def refresh_method(method_id: UUID, actor: ActorDep, till: TillDep) -> schemas.SavedMethodOut:
    """For who comes back from the own bank before the provider has told us."""
    return await flows.look_again(till, actor, method_id)


@router.delete(
    "/{method_id}",
    status_code=204,
    dependencies=[PERSON],
    summary="Remove a saved card",
    responses=problems(*_OWN, errors.SavedMethodInUse),
)
async def remove_method(method_id: UUID, work: WorkDep) -> None:
    """It is charged no more. A session that waited to be paid with it has to be paid otherwise."""
    await service.remove(work, method_id=method_id)


@sandbox_router.post(
    "/{method_id}/method",
    dependencies=[PERSON],
    summary="Sandbox: the client's browser presents a card to be saved",
    responses=problems(*_OWN, errors.SavedMethodNotReady, ChargeRefused, ProviderUnavailable),
)
async def present_card(
    method_id: UUID, body: schemas.SandboxCard, actor: ActorDep, till: TillDep
) -> schemas.SavedMethodOut:
    return await flows.present_at_sandbox(till, actor, method_id, body.payment_method)


def _position(after: list[Any] | None) -> tuple[datetime, UUID] | None:
    return (datetime.fromisoformat(after[0]), UUID(after[1])) if after else None
