"""Paths of compliance: what I agreed to, all that is held about me, and its erasure."""

from fastapi import APIRouter
from starlette.responses import Response

from consulta.features.compliance import errors, flows, queries, schemas, service
from consulta.features.compliance.bodies import ErasedOut
from consulta.features.compliance.deps import CustodyDep
from consulta.features.profiles.errors import ProfileNotFound
from consulta.kernel.errors import Forbidden, RateLimited
from consulta.platform.auth.guards import PERSON
from consulta.platform.auth.passwords import SignInBusy
from consulta.platform.http.answers import json_response
from consulta.platform.http.deps import ReadDep, WorkDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(prefix="/me", tags=["me"], dependencies=[PERSON])


@router.get(
    "/consents",
    summary="What I agreed to",
    responses=problems(*ALWAYS, Forbidden),
)
async def consents(work: ReadDep) -> schemas.ConsentsOut:
    """For each purpose what was said last, and the last 100 changes."""
    present = await queries.present_consents(work)
    history = await queries.history_of_consents(work)
    return schemas.ConsentsOut.model_validate(
        {"items": [dict(one) for one in present], "history": [dict(one) for one in history]}
    )


@router.put(
    "/consents",
    summary="Agree to something, or not any more",
    responses=problems(*ALWAYS, Forbidden, errors.TooManyConsents),
)
async def consent(body: schemas.ConsentPut, work: WorkDep) -> schemas.ConsentOut:
    """Each change is kept with its time; said again, it is no change."""
    said = await service.consent(
        work, purpose=body.purpose, version=body.version, granted=body.granted
    )
    return schemas.ConsentOut.model_validate(dict(said))


@router.get(
    "/export",
    response_model=schemas.ExportOut,
    summary="All that is held about me",
    responses=problems(*ALWAYS, Forbidden, RateLimited),
)
async def export(custody: CustodyDep) -> Response:
    """One document, five times an hour. Notes and answers in it are opened, which is written to the
    audit log; secrets and other people's details are not in it.
    """
    return json_response(await flows.export(custody))


@router.delete(
    "",
    summary="Erase my account",
    responses=problems(
        *ALWAYS,
        Forbidden,
        RateLimited,
        SignInBusy,
        ProfileNotFound,
        errors.NotConfirmed,
        errors.ErasureBlocked,
        errors.AccountErased,
    ),
)
async def erase(body: schemas.Erasure, custody: CustodyDep) -> ErasedOut:
    """For good, and at once. Refused while sessions are to come, a series stands or money moves."""
    erased_at = await flows.erase(
        custody,
        password=body.password.get_secret_value() if body.password else None,
        email=body.email,
    )
    return ErasedOut.of(erased_at, custody.register)
