"""The trail of a transaction: audit entries, outbox messages and what became of its
Idempotency-Key, all written in one statement.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from consulta.kernel.actor import Actor

_ENTRIES = """
WITH entries AS (
    INSERT INTO app.audit_logs (actor_id, actor, action, subject_type, subject_id, old_values,
                                new_values, status, request_id)
    SELECT $1, $2, e.action, e.subject_type, e.subject_id, e.old_values, e.new_values, e.status, $3
    FROM jsonb_to_recordset($4) AS e (action text, subject_type text, subject_id uuid,
                                      old_values jsonb, new_values jsonb, status text)
), messages AS (
    INSERT INTO app.outbox (topic, payload)
    SELECT m.topic, m.payload FROM jsonb_to_recordset($5) AS m (topic text, payload jsonb)
)
"""
_WRITE = _ENTRIES + "SELECT 1"
_FINISH = "SELECT app.finish_idempotent($1, $2, $3, $4, $5, $6)"
_WRITE_AND_FINISH = _ENTRIES + "SELECT app.finish_idempotent($6, $7, $8, $9, $10, $11)"

KeyOutcome = tuple[str, str, str, UUID | None, int | None, bytes | None]
"""Caller, route and key of a request (D11); what it made, its status code, its sealed answer."""


@dataclass(slots=True)
class Trail:
    """What a transaction has to say about itself, collected until just before COMMIT."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    key_outcome: KeyOutcome | None = None

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
        """All is in its tables; a transaction with nothing to say costs nothing."""
        if not (self.entries or self.messages):
            if self.key_outcome is not None:
                await driver.execute(_FINISH, *self.key_outcome)
            return
        said = (
            actor.id,
            actor.label,
            request_id,
            orjson.dumps(self.entries, default=str),
            orjson.dumps(self.messages, default=str),
        )
        if self.key_outcome is None:
            await driver.execute(_WRITE, *said)
        else:
            await driver.execute(_WRITE_AND_FINISH, *said, *self.key_outcome)
