"""Each public fact is due at the endpoints that want to hear it: once for each, whatever is heard
twice.
"""

from uuid import UUID

from consulta.features.subscribers import queries
from consulta.kernel.topics import PUBLIC_TOPICS, public_ids
from consulta.platform.db.work import Work
from consulta.platform.outbox import Message

_SUBJECTS = ("booking_id", "purchase_id", "series_id")

_DUE = """
INSERT INTO app.webhook_deliveries
    (endpoint_id, specialist_id, event_id, topic, payload, occurred_at)
SELECT e.id, e.specialist_id, $1, $2, $3, $4
FROM app.webhook_endpoints e
WHERE e.is_active AND (e.specialist_id IS NULL OR e.specialist_id = $5)
  AND (e.topics = '{}' OR $2 = ANY (e.topics))
ON CONFLICT (endpoint_id, event_id) DO NOTHING
"""


async def post_when_told(work: Work, message: Message) -> None:
    """Deliveries are due at the specialist's endpoints and at the platform's.

    Who the parties are is read from what the message is about: a message can be forged by whoever
    speaks SQL, and then nothing is posted.
    """
    if not await queries.anybody_listens(work):
        return
    ids = public_ids(message.payload)
    subject = next((name for name in _SUBJECTS if name in ids), None)
    if subject is None:
        return
    parties = await queries.parties_of(work, subject=subject, subject_id=UUID(ids[subject]))
    if parties is None or any(str(value) != ids.get(name) for name, value in parties.items()):
        return
    await work.execute(
        _DUE,
        message.id,
        message.topic,
        ids,
        message.created_at,
        parties["specialist_id"],
    )


HEARS = dict.fromkeys(PUBLIC_TOPICS, post_when_told)
