"""Forgetting how meetings of the past were joined."""

from consulta.features.meetings.rules import LINKS_KEPT_FOR
from consulta.platform.db.work import Work

_FORGET = """
DELETE FROM app.meeting_links WHERE meeting_id IN (
    SELECT l.meeting_id FROM app.meeting_links l JOIN app.meetings m ON m.id = l.meeting_id
    WHERE m.ends_at < app.now() - $1::interval LIMIT $2)
"""


async def forget_links(work: Work, *, limit: int) -> int:
    """Links of sessions that ended a month ago are gone, at most `limit`; their meetings stay. How
    many there were. For the worker.
    """
    return await work.execute(_FORGET, LINKS_KEPT_FOR, limit)
