"""Keys rotate under all that is sealed, while it is read and written, and after a killed run."""

import asyncio
import base64
from typing import Any

from pydantic import SecretStr

from consulta.settings import SecuritySettings
from consulta.wiring import SEALED_TABLES
from tests.conftest import TestDatabase
from tests.features.bookings.stages import Stage, booked
from tests.features.intake.desk import ANSWERS, asks
from tests.features.payment_configs.account_desk import puts, stripe_keys
from tests.features.session_notes.desk import WORDS, appends, reads, writes
from tests.settings import KEYS, settings_for
from tests.world import Client, Specialist, World, running_world

OTHER_KEY = "k2:" + base64.b64encode(bytes(range(64, 96))).decode()
OURS = ("payment_config_keys", "session_notes", "session_note_amendments", "intake_answers")

_DIES_AT_THE_THIRD_NOTE = """
CREATE SEQUENCE testing.writes;
GRANT USAGE ON SEQUENCE testing.writes TO PUBLIC;
CREATE FUNCTION testing.dies() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF nextval('testing.writes') = 3 THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER dies BEFORE UPDATE ON app.session_notes
    FOR EACH ROW EXECUTE FUNCTION testing.dies();
"""


def with_keys(database: TestDatabase, text: str) -> Any:
    security = SecuritySettings(encryption_keys=SecretStr(text))
    return settings_for(database, security=security)


async def under(world: World, key_id: str) -> dict[str, int]:
    """How many rows of each table are under that key."""
    return {
        table: await world.value(f"SELECT count(*) FROM app.{table} WHERE key_id = $1", key_id)
        for table in OURS
    }


def at(world: World, stage: Stage) -> Stage:
    """The same people, at the service that runs now."""
    sarah = Specialist(world.http, id=stage.sarah.id, token=stage.sarah.token)
    anna = Client(world.http, id=stage.anna.id, token=stage.anna.token)
    return Stage(world, sarah, anna, stage.id, stage.starts_at)


async def test_every_table_with_envelopes_is_rotated(world: World) -> None:
    tables = await world.rows(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'app' AND column_name = 'wrapped_key'"
    )
    assert {row["table_name"] for row in tables} == {one.table for one in SEALED_TABLES}
    assert set(OURS) <= {one.table for one in SEALED_TABLES}


async def test_all_that_is_sealed_rotates_while_it_is_used(database: TestDatabase) -> None:
    async with running_world(database) as world:
        stage = await booked(world, method="pm_sandbox_visa")
        assert (await stage.confirm()).status == 200
        await puts(stage.sarah, "stripe", stripe_keys("a"))
        await asks(stage.sarah)
        answers = {"answers": ANSWERS}
        assert (await stage.anna.put(f"/bookings/{stage.id}/intake", answers)).status == 200
        notes = [await writes(stage, notes=f"number {number}") for number in range(6)]
        assert (await appends(stage, notes[0], "And this.")).status == 201
        assert sum((await under(world, "k2")).values()) == 0
        await world.travel(hours=25)  # Final notes rotate, too.
        late = await writes(stage)
    keys = with_keys(database, f"{OTHER_KEY},{KEYS}")
    async with running_world(database, keys) as world:
        await world.superuser.execute(_DIES_AT_THE_THIRD_NOTE)
        await world.work_off("keys.rewrap")
        halfway = await under(world, "k2")
        assert (halfway["session_notes"], halfway["intake_answers"]) == (2, 0)
    async with running_world(database, keys) as world:
        here = at(world, stage)
        await world.travel(minutes=10)  # The lease of the run that died has lapsed.

        async def uses(number: int) -> None:
            seen = await reads(here.anna, notes[number])
            assert seen.json["notes"] == f"number {number}"

        async def changes(number: int) -> None:
            path = f"/bookings/{stage.id}/notes/{late['id']}"
            changed = await here.sarah.patch(path, {"notes": f"changed {number}"})
            assert changed.status == 200, changed.json

        await asyncio.gather(
            world.work_off("keys.rewrap"),
            *(uses(number) for number in range(6)),
            *(changes(number) for number in range(4)),
        )
        await world.work_off("keys.rewrap")
        assert sum((await under(world, "k1")).values()) == 0
        revision = "SELECT revision FROM app.session_notes WHERE id = $1"
        assert await world.value(revision, late["id"]) == 4, "wrapping anew is no change"
    async with running_world(database, with_keys(database, OTHER_KEY)) as world:
        here = at(world, stage)
        seen = {one["id"]: one for one in await here.anna.sees(f"/bookings/{stage.id}/notes")}
        assert all(one["problem"] is None for one in seen.values())
        assert seen[notes[0]["id"]]["amendments"][0]["text"] == "And this."
        assert seen[late["id"]]["follow_up_actions"] == WORDS["follow_up_actions"]
        intake = await here.sarah.get(f"/bookings/{stage.id}/intake")
        assert intake.json["answers"] == ANSWERS
