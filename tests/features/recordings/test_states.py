"""The table of moves of a recording: in Python, in the database, and at the door."""

import json
from itertools import product

import pytest

from consulta.features.recordings import queries
from consulta.features.recordings.states import MOVES, Mover, change_status
from consulta.features.recordings.status import RecordingStatus
from consulta.kernel.actor import Actor
from consulta.kernel.transitions import IllegalMove
from tests.conftest import TestDatabase
from tests.features.recordings.studio import open_studio
from tests.world import World

S = RecordingStatus
DRAWN = {(S.UPLOADING, S.READY), (S.UPLOADING, S.FAILED), (S.UPLOADING, S.DELETED)} | {
    (S.READY, S.DELETED)
}


@pytest.mark.parametrize(("source", "target"), list(product(S, S)))
def test_a_move_is_legal_where_it_is_drawn_and_nowhere_else(source: S, target: S) -> None:
    assert MOVES.allows(source, target, Mover.WRITER) is ((source, target) in DRAWN)


async def test_the_database_holds_the_same_table(database: TestDatabase) -> None:
    async with database.connected() as superuser:
        rows = await superuser.fetch("SELECT * FROM app.recording_moves()")
    assert {(*row, "writer") for row in rows} == MOVES.rows()


async def test_the_door_refuses_what_the_table_does_not_have(world: World) -> None:
    studio = await open_studio(world)
    made = await studio.announces()
    async with world.app.state.database.work(Actor.system("tests")) as work:
        recording = await queries.recording_for_update(work, made["id"])
        assert recording is not None
        failed = await change_status(work, recording, S.FAILED)
        assert failed.status is S.FAILED
        with pytest.raises(IllegalMove, match="failed to ready"):
            await change_status(work, failed, S.READY)


async def test_whoever_listens_hears_of_a_recording_that_is_ready(world: World) -> None:
    studio = await open_studio(world)
    made = await studio.announces()
    async with world.app.state.database.work(Actor.system("tests")) as work:
        recording = await queries.recording_for_update(work, made["id"])
        assert recording is not None
        ready = await change_status(work, recording, S.READY)
    assert ready.status is S.READY
    (told,) = await world.rows("SELECT payload FROM app.outbox WHERE topic = 'recording.ready'")
    assert json.loads(told["payload"]) == {
        "recording_id": made["id"],
        "booking_id": str(ready.booking_id),
        "specialist_id": str(ready.specialist_id),
        "client_id": str(ready.client_id),
    }
