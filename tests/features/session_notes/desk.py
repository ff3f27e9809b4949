"""A session with notes, and what the audit log says of them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tests.features.bookings.stages import Stage
from tests.world import Person, Reply, World

WORDS = {
    "notes": "She sleeps again. KANARIENVOGEL-7301",
    "follow_up_actions": "A walk every day.",
    "next_session_recommendation": "In two weeks.",
    "metadata": {"mood": 4, "tags": ["sleep"]},
}


async def writes(stage: Stage, **more: Any) -> Any:
    """A note of Sarah's that must succeed."""
    reply = await stage.sarah.post(f"/bookings/{stage.id}/notes", {**WORDS, **more})
    assert reply.status == 201, reply.json
    return reply.json


async def reads(who: Person, note: Mapping[str, Any]) -> Reply:
    return await who.get(f"/bookings/{note['booking_id']}/notes/{note['id']}")


async def appends(stage: Stage, note: Mapping[str, Any], text: str) -> Reply:
    path = f"/bookings/{note['booking_id']}/notes/{note['id']}/amendments"
    return await stage.sarah.post(path, {"text": text})


async def entries(world: World, action: str = "") -> list[tuple[str, str, UUID | None]]:
    """Action, actor and its id of what the audit log has about notes, the oldest first."""
    rows = await world.rows(
        "SELECT action, actor, actor_id FROM app.audit_logs"
        " WHERE subject_type = 'session_note' AND action ~ $1 ORDER BY id",
        action,
    )
    return [(row["action"], row["actor"], row["actor_id"]) for row in rows]


async def everything_stored(world: World) -> str:
    """Every row of every table, as a dump has it."""
    tables = await world.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'app'")
    assert len(tables) > 40
    lines = [
        row["line"]
        for table in tables
        for row in await world.rows(f"SELECT t::text AS line FROM app.{table['tablename']} t")
    ]
    return "\n".join(lines)
