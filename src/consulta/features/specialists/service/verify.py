"""Verification: an admin lets a page into the directory, or takes it out again."""

from uuid import UUID

from consulta.features.specialists import queries
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.platform.db.work import Work

_VERIFY = """
UPDATE app.specialists
SET is_verified = $2, verified_at = CASE WHEN $2 THEN app.now() END
WHERE id = $1
"""
_STOP = "UPDATE app.specialists SET is_accepting = false WHERE id = $1 AND is_accepting"


async def verify(work: Work, *, specialist_id: UUID) -> None:
    """The page is public. Raises `SpecialistNotFound`; twice is as good as once."""
    await _set_verified(work, specialist_id, to=True)


async def unverify(work: Work, *, specialist_id: UUID) -> None:
    """The page is its owner's alone; bookings stand. Raises `SpecialistNotFound`."""
    await _set_verified(work, specialist_id, to=False)


async def stop_accepting(work: Work, *, specialist_id: UUID) -> None:
    """Nobody can book there from now on; nothing happens where there is no page."""
    if await work.execute(_STOP, specialist_id):
        work.audit(
            "specialist_stopped_accepting",
            subject_type="specialist",
            subject_id=specialist_id,
            old={"is_accepting": True},
            new={"is_accepting": False},
        )


async def _set_verified(work: Work, specialist_id: UUID, *, to: bool) -> None:
    was = await queries.is_verified_for_update(work, specialist_id)
    if was is None:
        raise SpecialistNotFound
    if was == to:
        return
    await work.execute(_VERIFY, specialist_id, to)
    work.audit(
        "specialist_verified" if to else "specialist_unverified",
        subject_type="specialist",
        subject_id=specialist_id,
        old={"is_verified": was},
        new={"is_verified": to},
    )
