"""The trail of a transaction: audit entries and outbox messages, written in one statement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from consulta.kernel.actor import Actor

_WRITE = """
WITH entries AS (
    INSERT INTO app.audit_logs (actor_id, actor, action, subject_type, subject_id, old_values,
                                new_values, status, request_id)
    SELECT $1, $2, e.action, e.subject_type, e.subject_id, e.old_values, e.new_values, e.status, $3
    FROM jsonb_to_recordset($4) AS e (action text, subject_type text, subject_id uuid,
                                      old_values jsonb, new_values jsonb, status text)
)
INSERT INTO app.outbox (topic, payload)
SELECT m.topic, m.payload FROM jsonb_to_recordset($5) AS m (topic text, payload jsonb)
"""


@dataclass(slots=True)
class Trail:
    """What a transaction has to say about itself, collected until just before COMMIT."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def audit(
        self,
        action: str,
        subject_type: str,
        subject_id: UUID | None,
        old: Mapping[str, Any] | None,
        new: Mapping[str, Any] | None,
        status: str,
    ) -> None:
        self.entries.append(
            {
                "action": action,
                "subject_type": subject_type,
                "subject_id": subject_id,
                "old_values": old,
                "new_values": new,
                "status": status,
            }
        )

    def send(self, topic: str, payload: Mapping[str, Any]) -> None:
        self.messages.append({"topic": topic, "payload": payload})

    async def write(self, driver: asyncpg.Connection, actor: Actor, request_id: str | None) -> None:
        """Both lists are in their tables; a transaction with nothing to say costs nothing."""
        if self.entries or self.messages:
            await driver.execute(
                _WRITE,
                actor.id,
                actor.label,
                request_id,
                orjson.dumps(self.entries, default=str),
                orjson.dumps(self.messages, default=str),
            )
