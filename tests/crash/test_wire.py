"""The proxy numbers every statement, changes nothing, and stops what it is told to stop."""

import asyncio
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.crash.conftest import Connect, Place
from tests.crash.killer import swallow_commit
from tests.crash.wire import Hook, Statement, Verdict, WireProxy

INSERT = "INSERT INTO letters (body) VALUES ($1)"


def counted(proxy: WireProxy) -> list[tuple[str, str]]:
    return [(one.kind, one.sql) for one in proxy.trace if one.ordinal]


def judge(verdict: Verdict, *, sql: str) -> Hook:
    async def hook(statement: Statement) -> Verdict:
        return verdict if sql in statement.sql else Verdict.PASS

    return hook


class Gate:
    """Stops whoever comes with this SQL until it is opened."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self, statement: Statement) -> Verdict:
        if self.sql in statement.sql:
            self.reached.set()
            await self.opened.wait()
        return Verdict.PASS


async def backends(place: Place, *, application: str) -> int:
    count: int = await place.direct.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1", application
    )
    return count


async def gone(place: Place, *, application: str) -> None:
    """The server has noticed that the application hung up; TimeoutError after 5 seconds."""
    async with asyncio.timeout(5):
        # The server tells nobody when a backend ends, so there is nothing to wait for but its list.
        while await backends(place, application=application):
            await asyncio.sleep(0.01)


async def test_a_transaction_is_traced_with_its_prepared_statements(
    place: Place, connect: Connect
) -> None:
    connection = await connect(server_settings={"application_name": "web"})
    async with connection.transaction():
        await connection.execute(INSERT, "one")
        await connection.execute(INSERT, "two")
        await connection.fetch("SELECT body FROM letters")

    assert counted(place.proxy) == [
        ("begin", "BEGIN;"),
        ("statement", INSERT),
        ("statement", INSERT),
        ("statement", "SELECT body FROM letters"),
        ("commit", "COMMIT;"),
    ]
    seen = [one for one in place.proxy.trace if one.ordinal]
    assert [one.ordinal for one in seen] == [1, 2, 3, 4, 5]
    assert {(one.user, one.application_name, one.connection) for one in seen} == {
        ("postgres", "web", 1)
    }
    prepared = [one.sql for one in place.proxy.trace if one.kind == "prepare"]
    assert prepared == [INSERT, "SELECT body FROM letters"]


async def test_several_statements_in_one_message_are_one_unit(
    place: Place, connect: Connect
) -> None:
    both = "BEGIN; SELECT set_config('app.user_id', 'x', true)"
    connection = await connect()
    await connection.execute(both)
    await connection.execute("INSERT INTO letters VALUES ('one'); COMMIT")

    assert [kind for kind, _sql in counted(place.proxy)] == ["begin", "commit"]
    assert await place.letters() == ["one"]


async def test_many_rows_of_one_statement_are_one_unit(place: Place, connect: Connect) -> None:
    connection = await connect()
    await connection.executemany(INSERT, [(f"{number:05}",) for number in range(20_000)])

    assert counted(place.proxy) == [("statement", INSERT)]
    assert len(await place.letters()) == 20_000


async def test_what_the_driver_asks_for_itself_has_no_number(
    place: Place, connect: Connect
) -> None:
    await place.direct.execute("CREATE TYPE colour AS ENUM ('red'); CREATE TABLE c (v colour[])")
    connection = await connect()
    await connection.fetch("SELECT v FROM c WHERE v = $1", ["red"])
    await connection.reset()

    assert counted(place.proxy) == [("statement", "SELECT v FROM c WHERE v = $1")]
    assert "setup" in {one.kind for one in place.proxy.trace}


async def test_sqlalchemy_is_traced_as_the_service_uses_it(place: Place) -> None:
    dsn = place.proxied_dsn.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(dsn, pool_pre_ping=True)
    insert = text("INSERT INTO letters (body) VALUES (:body)")
    for body in ("one", "two"):
        async with engine.begin() as connection:
            await connection.execute(insert, {"body": body})
    await engine.dispose()

    transaction = ["begin", "statement", "commit"]
    asks_the_server_who_it_is = pings = ["begin", "rollback"]
    assert [kind for kind, _sql in counted(place.proxy)] == [
        *asks_the_server_who_it_is,
        *transaction,
        *pings,
        *transaction,
    ]


async def test_a_commit_of_a_failed_transaction_is_told_as_a_rollback(
    place: Place, connect: Connect
) -> None:
    connection = await connect()
    await connection.execute("BEGIN")
    with pytest.raises(asyncpg.PostgresError):
        await connection.execute("SELECT 1 / 0")
    await connection.execute("COMMIT")

    assert counted(place.proxy)[-1] == ("rollback", "COMMIT")


async def test_a_refused_statement_does_not_spoil_the_connection(
    place: Place, connect: Connect
) -> None:
    connection = await connect()
    with pytest.raises(asyncpg.UndefinedTableError):
        await connection.fetch("SELECT $1::int FROM nowhere", 1)

    assert await connection.fetchval("SELECT $1::int", 7) == 7


async def test_a_wrong_password_is_refused_by_the_server_itself(
    place: Place, connect: Connect
) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connect(password="wrong")


async def test_before_nothing_was_forwarded(place: Place, connect: Connect) -> None:
    gate = Gate("INSERT")
    place.proxy.before(gate)
    connection = await connect()

    writing = asyncio.create_task(connection.execute(INSERT, "one"))
    await gate.reached.wait()
    assert await place.letters() == []
    gate.opened.set()
    await writing
    assert await place.letters() == ["one"]


async def test_after_the_server_has_executed_and_the_client_has_not_heard(
    place: Place, connect: Connect
) -> None:
    gate = Gate("COMMIT")
    place.proxy.after(gate)
    connection = await connect()
    await connection.execute("BEGIN")
    await connection.execute(INSERT, "one")

    committing = asyncio.create_task(connection.execute("COMMIT"))
    await gate.reached.wait()
    assert await place.letters() == ["one"]
    await asyncio.sleep(0.05)
    assert not committing.done()
    gate.opened.set()
    assert await committing == "COMMIT"


@pytest.mark.parametrize(("phase", "rows"), [("before", []), ("after", ["one"])])
async def test_a_dropped_statement_is_executed_only_after(
    place: Place, connect: Connect, phase: str, rows: list[str]
) -> None:
    getattr(place.proxy, phase)(judge(Verdict.DROP, sql="INSERT"))
    connection = await connect()

    with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
        await connection.execute(INSERT, "one")

    assert await place.letters() == rows


@pytest.mark.parametrize(("phase", "rows"), [("before", []), ("after", ["one"])])
async def test_a_held_client_hears_nothing_and_its_hanging_up_frees_the_server(
    place: Place, connect: Connect, phase: str, rows: list[str]
) -> None:
    getattr(place.proxy, phase)(judge(Verdict.HOLD_FOREVER, sql="INSERT"))
    connection = await connect(server_settings={"application_name": "held"})

    waiting = asyncio.create_task(connection.execute(INSERT, "one"))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    assert await backends(place, application="held") == 1
    connection.terminate()
    with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
        await waiting

    await gone(place, application="held")
    assert await place.letters() == rows


async def test_a_swallowed_commit_holds_though_its_client_lost_the_connection(
    place: Place, connect: Connect
) -> None:
    swallow_commit(place.proxy)
    connection = await connect()

    with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
        async with connection.transaction():
            await connection.execute(INSERT, "one")

    assert await place.letters() == ["one"]
    again = await connect()
    async with again.transaction():
        await again.execute(INSERT, "two")
    assert await place.letters() == ["one", "two"]


async def test_ordinals_count_over_all_connections_and_start_again_after_a_reset(
    place: Place, connect: Connect
) -> None:
    place.proxy.before(judge(Verdict.DROP, sql="SELECT 3"))
    first, second = await connect(), await connect()
    await first.execute("SELECT 1")
    await second.execute("SELECT 2")
    assert [(one.ordinal, one.connection) for one in place.proxy.trace] == [(1, 1), (2, 2)]

    place.proxy.reset()
    await first.execute("SELECT 3")

    assert [(one.ordinal, one.sql) for one in place.proxy.trace] == [(1, "SELECT 3")]


async def test_answers_beyond_the_buffer_arrive_whole_and_their_end_waits_for_the_hook(
    place: Place, connect: Connect
) -> None:
    gate = Gate("generate_series")
    place.proxy.after(gate)
    connection = await connect()
    reading = asyncio.create_task(
        connection.fetch("SELECT i, repeat('x', 1000) FROM generate_series(1, 20000) i")
    )
    await gate.reached.wait()
    assert not reading.done()
    gate.opened.set()

    rows = await reading
    assert len(rows) == 20_000
    assert all(later["i"] - earlier["i"] == 1 for earlier, later in pairwise(rows))


async def test_requests_beyond_the_buffer_pass_whole(place: Place, connect: Connect) -> None:
    connection = await connect()
    body = "x" * (9 * 1024 * 1024)
    assert await connection.fetchval("SELECT length($1::text)", body) == len(body)
    await connection.execute("CREATE TEMP TABLE big (body text)")
    await connection.executemany(
        "INSERT INTO big VALUES ($1)", [(body[: 1024 * 1024],) for _ in range(12)]
    )

    assert await connection.fetchval("SELECT sum(length(body)) FROM big") == 12 * 1024 * 1024
    assert counted(place.proxy)[2] == ("statement", "INSERT INTO big VALUES ($1)")


async def test_copy_flows_both_ways(place: Place, connect: Connect) -> None:
    connection = await connect()
    await connection.copy_records_to_table("letters", records=[("one",), ("two",)])
    parts: list[bytes] = []

    async def keep(part: bytes) -> None:
        parts.append(part)

    await connection.copy_from_query("SELECT body FROM letters ORDER BY 1", output=keep)

    assert b"".join(parts) == b"one\ntwo\n"
    assert [kind for kind, _sql in counted(place.proxy)] == ["statement", "statement"]


async def test_a_cursor_reads_in_parts(place: Place, connect: Connect) -> None:
    connection = await connect()
    async with connection.transaction():
        numbers = "SELECT generate_series(1, 120)"
        assert [row[0] async for row in connection.cursor(numbers)] == list(range(1, 121))

    assert {sql for kind, sql in counted(place.proxy) if kind == "statement"} == {numbers}


async def test_a_cancellation_reaches_the_server(place: Place, connect: Connect) -> None:
    connection = await connect()
    with pytest.raises(TimeoutError):
        await connection.execute("SELECT pg_sleep(30)", timeout=0.2)

    async with asyncio.timeout(5):
        assert await connection.fetchval("SELECT 1") == 1


async def test_the_servers_last_words_reach_the_client(place: Place, connect: Connect) -> None:
    connection = await connect()
    pid = connection.get_server_pid()
    sleeping = asyncio.create_task(connection.execute("SELECT pg_sleep(30)"))
    await asyncio.sleep(0.1)
    await place.direct.execute("SELECT pg_terminate_backend($1)", pid)

    with pytest.raises(asyncpg.PostgresConnectionError, match="administrator command") as caught:
        await sleeping
    assert isinstance(caught.value.__cause__, asyncpg.AdminShutdownError)


async def test_a_failing_hook_fails_the_test_that_has_it(place: Place) -> None:
    async def broken(_statement: Statement) -> Verdict:
        raise LookupError("no such verdict")

    port = int(place.direct_dsn.rsplit(":", 1)[1].split("/")[0])
    with pytest.raises(ExceptionGroup) as caught:
        async with WireProxy(upstream_host="127.0.0.1", upstream_port=port) as proxy:
            proxy.before(broken)
            dsn = place.direct_dsn.replace(f":{port}/", f":{proxy.port}/")
            connection: Any = await asyncpg.connect(dsn)
            with pytest.raises((asyncpg.PostgresConnectionError, ConnectionError)):
                await connection.execute("SELECT 1")

    assert caught.group_contains(LookupError)
