"""Paths of a person's own details."""

from fastapi import APIRouter

from consulta.features.profiles import queries, service
from consulta.features.profiles.errors import ProfileNotFound
from consulta.features.profiles.queries import Me
from consulta.features.profiles.schemas import MeOut, MePatch
from consulta.platform.auth.guards import SIGNED_IN
from consulta.platform.http.deps import ReadDep, WorkDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(prefix="/me", tags=["me"])


@router.get(
    "",
    response_model=MeOut,
    dependencies=[SIGNED_IN],
    responses=problems(*ALWAYS, ProfileNotFound),
    summary="Who am I",
)
async def show(work: ReadDep) -> Me:
    """The account and details of the person who asks."""
    return await queries.me(work)


@router.patch(
    "",
    response_model=MeOut,
    dependencies=[SIGNED_IN],
    responses=problems(*ALWAYS, ProfileNotFound),
    summary="Change my details",
)
async def change(body: MePatch, work: WorkDep) -> Me:
    """What is absent stays, what is emptied is cleared where a person may be without it."""
    return await service.change(work, asked=body.model_dump(exclude_unset=True))
