"""Trying again what failed, because a person asks for it."""

from uuid import UUID

from consulta.platform.db.work import Work


async def retry(work: Work, *, booking_id: UUID) -> None:
    """The failed meeting is due again, with all its attempts. Raises MeetingNotFound,
    MeetingNotFailed, ConnectionBroken.
    """
    meeting_id: UUID = await work.fetchval("SELECT app.retry_meeting($1)", booking_id)
    work.audit(
        "meeting.retried",
        subject_type="meeting",
        subject_id=meeting_id,
        new={"booking_id": booking_id},
    )
