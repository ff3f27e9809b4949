"""The calendar's lock: whoever changes what is offered takes it first (D3)."""

from uuid import UUID

from consulta.platform.db.work import Work


async def lock_calendar(work: Work, *, specialist_id: UUID) -> int:
    """The calendar is ours until the transaction ends; its new revision.

    The specialist, an admin and the service may; raises `SpecialistNotFound` for anybody else, and
    where there is no such calendar. What the lock protects is read in a later statement.
    """
    revision: int = await work.fetchval("SELECT app.lock_calendar($1)", specialist_id)
    return revision
