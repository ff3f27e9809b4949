"""Work: one transaction on behalf of one actor, all of it or none."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from consulta.kernel.actor import Actor, Role
from consulta.kernel.errors import Unavailable
from consulta.platform.db.dsn import Dsn
from consulta.platform.db.engine import build_engine
from consulta.platform.db.roles import DbRole
from consulta.platform.db.work import Database, Engines
from tests.conftest import TestDatabase


@pytest.fixture
async def doors(database: TestDatabase) -> AsyncIterator[Database]:
    def engine(role: DbRole) -> AsyncEngine:
        return build_engine(Dsn(database.dsn(role)), size=1, overflow=0, name="test")

    engines = Engines(engine(DbRole.API), engine(DbRole.ADMIN), engine(DbRole.WORKER))
    yield Database(engines)
    await engines.dispose()


ANNA = Actor(Role.CLIENT, UUID("0190f4f6-0000-7000-8000-00000000000a"))


@pytest.mark.parametrize(
    ("actor", "role"),
    [
        (Actor.anonymous(), "consulta_anonymous"),
        (ANNA, "consulta_user"),
        (Actor(Role.SPECIALIST, uuid4()), "consulta_user"),
        (Actor(Role.ADMIN, uuid4()), "consulta_admin"),
        (Actor.system("test"), "consulta_worker"),
    ],
)
async def test_every_transaction_is_stamped_with_its_actor(
    doors: Database, actor: Actor, role: str
) -> None:
    async with doors.work(actor) as work:
        row = await work.fetchrow("SELECT current_user AS role, app.user_id() AS person")
    assert row is not None
    assert (row["role"], row["person"]) == (role, actor.id)


async def test_a_pooled_connection_remembers_nobody(doors: Database) -> None:
    async with doors.work(ANNA) as work:
        await work.execute("SELECT 1")
    async with doors.work(Actor.anonymous()) as work:
        assert await work.fetchval("SELECT app.user_id()") is None
        assert await work.fetchval("SELECT current_user") == "consulta_anonymous"


async def test_a_session_and_the_driver_share_one_transaction(doors: Database) -> None:
    async with doors.work(Actor.system("test")) as work:
        first = await work.fetchval("SELECT pg_current_xact_id()::text")
        second = await work.db.scalar(text("SELECT pg_current_xact_id()::text"))
    assert first == second


async def test_what_fails_leaves_nothing_and_the_connection_is_clean(doors: Database) -> None:
    with pytest.raises(RuntimeError):
        async with doors.work(Actor.system("test")) as work:
            work.send("test.topic", {"n": 1})
            await work.execute("INSERT INTO app.outbox (topic, payload) VALUES ('direct', '{}')")
            raise RuntimeError
    async with doors.work(Actor.system("test")) as work:
        assert await work.fetchval("SELECT count(*) FROM app.outbox") == 0


async def test_the_trail_is_written_with_the_work(doors: Database) -> None:
    thing = uuid4()
    async with doors.work(ANNA) as work:
        work.audit(
            "thing.changed", subject_type="thing", subject_id=thing, old={"a": 1}, new={"a": 2}
        )
        work.send("thing.changed", {"thing_id": thing, "client_id": ANNA.id})
    async with doors.work(Actor.system("test")) as work:
        entry = await work.fetchrow("SELECT * FROM app.audit_logs")
        message = await work.fetchrow("SELECT * FROM app.outbox")
    assert entry is not None
    assert message is not None
    assert (entry["actor_id"], entry["actor"], entry["action"]) == (
        ANNA.id,
        "client",
        "thing.changed",
    )
    assert (entry["old_values"], entry["new_values"]) == ({"a": 1}, {"a": 2})
    assert message["payload"] == {"thing_id": str(thing), "client_id": str(ANNA.id)}


async def test_reading_cannot_write(doors: Database) -> None:
    with pytest.raises(Unavailable):
        async with doors.read(Actor.system("test")) as work:
            await work.execute("INSERT INTO app.outbox (topic, payload) VALUES ('x', '{}')")


async def test_an_exhausted_pool_is_unavailable_and_not_a_bug(doors: Database) -> None:
    async with doors.work(ANNA):
        with pytest.raises(Unavailable):
            async with doors.work(ANNA):
                pass


async def test_a_connection_that_the_server_closed_is_replaced(
    doors: Database, database: TestDatabase
) -> None:
    async with doors.work(ANNA) as work:
        pid = await work.fetchval("SELECT pg_backend_pid()")
    async with database.connected() as superuser:
        await superuser.execute("SELECT pg_terminate_backend($1, 5000)", pid)
    async with doors.work(ANNA) as work:
        assert await work.fetchval("SELECT pg_backend_pid()") != pid
