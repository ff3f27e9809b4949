"""Paths of intake: a specialist's questions, and the answers of a session."""

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Query
from starlette.responses import Response

from consulta.features.bookings.errors import BookingNotFound
from consulta.features.intake import errors, queries, schemas, service
from consulta.features.specialists.errors import RateNotFound, SpecialistNotFound
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import PERSON, PUBLIC, SPECIALIST
from consulta.platform.http.deps import ReadDep, VaultDep, WorkDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable
from consulta.platform.sealed import Unreadable

router = APIRouter(tags=["intake"])

_OWN = "/specialists/me/intake-forms"
_OF_SESSION = "/bookings/{booking_id}/intake"


@router.get(
    _OWN,
    dependencies=[SPECIALIST],
    summary="My intake forms",
    responses=problems(*ALWAYS, Forbidden),
)
async def own_forms(work: ReadDep) -> schemas.IntakeFormsOut:
    """Those in force first, then the versions before, the newest first."""
    rows = await queries.own_forms(work)
    return schemas.IntakeFormsOut(items=[_form(row) for row in rows])


@router.put(
    _OWN,
    dependencies=[SPECIALIST],
    summary="Ask these questions before sessions",
    responses=problems(
        *ALWAYS,
        Forbidden,
        SpecialistNotFound,
        RateNotFound,
        errors.TooManyIntakeForms,
    ),
)
async def put_form(body: schemas.IntakeFormPut, work: WorkDep) -> schemas.IntakeFormOut:
    """Of one rate, or of all that have no form of their own. A change is a new version: what was
    answered keeps its questions.
    """
    return _form(await service.put_form(work, **body.model_dump()))


@router.delete(
    f"{_OWN}/{{form_id}}",
    status_code=204,
    dependencies=[SPECIALIST],
    summary="Ask no more",
    responses=problems(*ALWAYS, Forbidden, errors.IntakeFormNotFound),
)
async def withdraw_form(form_id: UUID, work: WorkDep) -> Response:
    """What was answered stays."""
    await service.withdraw_form(work, form_id=form_id)
    return Response(status_code=204)


@router.get(
    "/specialists/{specialist_id}/intake-form",
    dependencies=[PUBLIC],
    summary="What a specialist asks before a session",
    responses=problems(*ALWAYS, errors.IntakeFormNotFound),
)
async def active_form(
    specialist_id: UUID,
    work: ReadDep,
    rate_id: Annotated[UUID | None, Blankable, Query()] = None,
) -> schemas.IntakeFormOut:
    """At that rate; without one, before sessions of every kind."""
    form = await queries.active_form(work, specialist_id=specialist_id, rate_id=rate_id)
    if form is None:
        raise errors.IntakeFormNotFound
    return _form(form)


# Reads write, too: each stands in the audit log before the reply starts.
@router.get(
    _OF_SESSION,
    dependencies=[PERSON],
    summary="The questions of a session, and what was answered",
    responses=problems(*ALWAYS, Forbidden, BookingNotFound, Unreadable),
)
async def intake_of(booking_id: UUID, work: WorkDep, vault: VaultDep) -> schemas.IntakeOut:
    """For its specialist and its client."""
    found = await service.intake_of(work, vault=vault, booking_id=booking_id)
    return schemas.IntakeOut.model_validate(found)


@router.put(
    _OF_SESSION,
    dependencies=[PERSON],
    summary="Answer the questions of a session",
    responses=problems(
        *ALWAYS,
        Forbidden,
        BookingNotFound,
        errors.IntakeFormNotFound,
        errors.IntakeFormChanged,
        errors.IntakeInvalid,
        errors.IntakeClosed,
        errors.IntakeChanged,
    ),
)
async def answer(
    booking_id: UUID, body: schemas.IntakePut, work: WorkDep, vault: VaultDep
) -> schemas.IntakeOut:
    """All of them at once, until the session's end; earlier answers are replaced."""
    saved = await service.answer(
        work,
        vault=vault,
        booking_id=booking_id,
        answers=body.answers,
        revision=body.revision,
    )
    return schemas.IntakeOut.model_validate(saved)


def _form(row: asyncpg.Record) -> schemas.IntakeFormOut:
    return schemas.IntakeFormOut.model_validate(dict(row))
