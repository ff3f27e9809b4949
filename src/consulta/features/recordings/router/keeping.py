"""How long a specialist keeps recordings."""

from fastapi import APIRouter

from consulta.features.recordings import queries, service
from consulta.features.recordings.schemas import RecordingSettingsBody, RecordingSettingsOut
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import SPECIALIST
from consulta.platform.http.deps import ReadDep, WorkDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(prefix="/specialists/me/recording-settings", tags=["recordings"])


@router.get(
    "",
    dependencies=[SPECIALIST],
    summary="How long your recordings are kept",
    responses=problems(*ALWAYS, Forbidden),
)
async def own(work: ReadDep) -> RecordingSettingsOut:
    return RecordingSettingsOut(retention_days=await queries.retention_days_of(work, work.person))


@router.put(
    "",
    dependencies=[SPECIALIST],
    summary="Choose how long your recordings are kept",
    responses=problems(*ALWAYS, Forbidden, SpecialistNotFound),
)
async def change(body: RecordingSettingsBody, work: WorkDep) -> RecordingSettingsOut:
    """It holds for those that are there already, too; the first of them goes a day from now."""
    days = await service.keep_for(work, retention_days=body.retention_days)
    return RecordingSettingsOut(retention_days=days)
