"""Statements that are cleverer than a plain read: kept plans, conflicts, MERGE, definer doors."""

import itertools
import random
from collections.abc import AsyncIterator

import asyncpg
import pytest

from consulta.kernel.actor import Actor, Role
from consulta.platform.db.work import _begin
from tests.conftest import TestDatabase
from tests.rls.making import BOOKINGS
from tests.rls.people import uid


def acting(name: str) -> str:
    return _begin(Actor(Role.CLIENT, uid(name)), read_only=False)


@pytest.fixture
async def api(standing: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    async with standing.connected("consulta_api") as connection:
        yield connection


async def told(connection: asyncpg.Connection, begin: str, statement: str) -> str:
    """Everything a caller could learn: the rows that come back, the count, or the error."""
    await connection.execute(begin)
    try:
        rows = await connection.fetch(statement)
        return str([tuple(row) for row in rows])
    except asyncpg.PostgresError as error:
        return f"{error.sqlstate} {error.message}"
    finally:
        await connection.execute("ROLLBACK")


@pytest.mark.parametrize("mode", ["auto", "force_generic_plan", "force_custom_plan"])
async def test_one_kept_plan_serves_everybody_their_own_rows(
    standing: TestDatabase, mode: str
) -> None:
    """The plan of one person's statement is never another's."""
    mine = {
        name: sorted(uid(label) for label, *parties, _ in BOOKINGS if name in parties)
        for name in ("anna", "ben", "sara", "omar", "uma")
    }
    stamps = {name: acting(name) for name in mine}
    async with standing.connected("consulta_api") as connection:
        await connection.execute(f"SET plan_cache_mode = {mode}")
        await connection.execute(stamps["anna"])
        statement = await connection.prepare(
            "SELECT id FROM app.bookings WHERE created_at > $1::text::timestamptz ORDER BY id"
        )
        rates = await connection.prepare("SELECT count(*) FROM app.specialist_rates")
        await connection.execute("ROLLBACK")
        turns = [*itertools.chain.from_iterable([*mine, None] for _ in range(40))]
        random.Random(7).shuffle(turns)
        for name in turns:
            anonymous = _begin(Actor.anonymous(), read_only=True)
            await connection.execute(stamps[name] if name else anonymous)
            if name is None:
                assert await rates.fetchval() == 2
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await statement.fetch("2000-01-01")
            else:
                rows = await statement.fetch("2000-01-01")
                assert sorted(row["id"] for row in rows) == mine[name]
                assert await rates.fetchval() == (3 if name in ("sara", "omar") else 2) + (
                    2 if name == "uma" else 0
                )
            await connection.execute("ROLLBACK")


_CANCELLATION = (
    "INSERT INTO app.booking_cancellations (booking_id, specialist_id, client_id, cancelled_by,"
    " cancelled_by_kind, cancellation_policy_applied, currency)"
    " VALUES ('{booking}', '{specialist}', '{me}', '{me}', 'client', 'standard', 'USD')"
    " ON CONFLICT DO NOTHING"
)
_REASON = (
    "INSERT INTO app.availability_exception_reasons (exception_id, specialist_id, reason)"
    " VALUES ('{exception}', '{me}', 'other') ON CONFLICT DO NOTHING"
)


async def test_a_conflict_does_not_tell_what_is_hidden(api: asyncpg.Connection) -> None:
    """A row that exists and one that does not give the same words."""
    pairs = {
        "a stranger's cancellation": [
            _CANCELLATION.format(booking=uid(label), specialist=uid("omar"), me=uid("anna"))
            for label in ("b4", "no such booking")
        ],
        "a stranger's reason": [
            _REASON.format(exception=uid(label), me=uid("omar"))
            for label in ("exception of sara", "no such exception")
        ],
        "a stranger's profile": [
            f"INSERT INTO app.profiles (user_id, full_name) VALUES ('{uid(name)}', 'x')"
            f" ON CONFLICT (user_id) DO UPDATE SET full_name = 'x'"
            for name in ("ben", "no such person")
        ],
        "a stranger's phone": [
            f"INSERT INTO app.profile_contacts (user_id, phone)"
            f" VALUES ('{uid(name)}', '+491234567') ON CONFLICT DO NOTHING"
            for name in ("ben", "uma")
        ],
        "a stranger's old rate": [
            f"INSERT INTO app.specialist_rates (specialist_id, kind, name, price_minor, currency)"
            f" VALUES ('{uid('sara')}', '{kind}', 'x', 1, 'USD')"
            f" ON CONFLICT (specialist_id, kind) DO UPDATE SET price_minor = 1"
            for kind in ("old", "new")
        ],
    }
    for what, statements in pairs.items():
        me = "omar" if "reason" in what else "anna"
        answers = [await told(api, acting(me), statement) for statement in statements]
        assert answers[0] == answers[1], what
        assert answers[0].startswith(("42501", "23503")), what


_INTAKE = (
    "INSERT INTO app.intake_answers"
    " (booking_id, specialist_id, client_id, form_id, key_id, wrapped_key, sealed)"
    " VALUES ('{booking}', '{specialist}', '{me}', '{form}', 'k', '', '') {conflict}"
)


@pytest.mark.parametrize("conflict", ["", "ON CONFLICT DO NOTHING"])
async def test_a_key_does_not_tell_whether_a_stranger_has_answered(
    lines: dict[str, asyncpg.Connection], conflict: str
) -> None:
    """Of these sessions the first has answers, the second has none, the third does not exist."""
    statements = [
        _INTAKE.format(
            booking=uid(label),
            specialist=uid("omar"),
            me=uid("anna"),
            form=uid("form of omar"),
            conflict=conflict,
        )
        for label in ("b2", "b5", "no such booking")
    ]
    api = lines["consulta_api"]
    told_of = {await told(api, acting("anna"), statement) for statement in statements}
    assert len(told_of) == 1
    assert told_of.pop().startswith("42501")


async def test_an_id_of_ones_own_choice_cannot_be_tried(api: asyncpg.Connection) -> None:
    """Otherwise a duplicate key would tell that a hidden row has that id."""
    for table in ("specialist_rates", "availability_rules", "audit_logs", "outbox"):
        statement = f"INSERT INTO app.{table} (id) VALUES ('{uid('x')}') ON CONFLICT DO NOTHING"
        assert (await told(api, acting("sara"), statement)).startswith("42501"), table


async def test_returning_needs_the_right_to_read(api: asyncpg.Connection) -> None:
    statement = "INSERT INTO app.outbox (topic, payload) VALUES ('t', '{}') RETURNING id"
    assert (await told(api, acting("anna"), statement)).startswith("42501")


async def test_merge_and_nested_writes_touch_only_own_rows(api: asyncpg.Connection) -> None:
    strangers = f"VALUES ('{uid('ben')}'::uuid), ('{uid('sara')}')"
    merge = (
        f"MERGE INTO app.profiles p USING ({strangers}) s (id) ON p.user_id = s.id"
        " WHEN MATCHED THEN UPDATE SET full_name = 'x'"
    )
    insertion = " WHEN NOT MATCHED THEN INSERT (user_id, full_name) VALUES (s.id, 'x')"
    assert await told(api, acting("anna"), merge) == "[]"
    assert (await told(api, acting("anna"), merge + insertion)).startswith("42501")
    nested = (
        "WITH taken AS (UPDATE app.bookings SET status = 'cancelled' WHERE id = '{}'"
        " RETURNING id) SELECT count(*) FROM taken"
    )
    assert await told(api, acting("anna"), nested.format(uid("b2"))) == "[(0,)]"
    assert await told(api, acting("anna"), nested.format(uid("b1"))) == "[(1,)]"


async def test_for_update_locks_only_own_rows(api: asyncpg.Connection) -> None:
    locked = await told(
        api, acting("anna"), "SELECT count(*) FROM (SELECT 1 FROM app.bookings FOR UPDATE) q"
    )
    assert locked == "[(2,)]"
    for table in ("slots", "calendars", "payments"):
        statement = f"SELECT 1 FROM app.{table} FOR UPDATE"
        assert (await told(api, acting("anna"), statement)).startswith("42501")


async def test_deleting_an_exception_takes_only_its_own_reason(
    standing: TestDatabase, api: asyncpg.Connection
) -> None:
    counted = "SELECT count(*) FROM app.availability_exception_reasons"
    async with standing.connected() as superuser:
        before = await superuser.fetchval(counted)
        await api.execute(acting("sara"))
        await api.execute("DELETE FROM app.specialist_availability_exceptions")
        await api.execute("COMMIT")
        left = await superuser.fetch(
            "SELECT specialist_id FROM app.availability_exception_reasons ORDER BY 1"
        )
    assert before == 3
    assert [row[0] for row in left] == sorted((uid("omar"), uid("uma")))


async def test_the_doors_know_strangers(api: asyncpg.Connection) -> None:
    """Definer functions read past the policies and must ask by themselves who is calling."""
    payment, booking = uid("payment b2"), uid("b2")
    answers = {
        f"SELECT app.lock_booking('{booking}')": "[(None,)]",
        f"SELECT app.release_booking('{uid('b4')}')": "[(False,)]",
        f"SELECT app.release_hold('{uid('slot b2')}', NULL)": "[(False,)]",
        f"SELECT app.request_operation('{payment}', 'cancel', 0, 0)": "CS001 PAYMENT_NOT_FOUND",
    }
    strangers = (acting("anna"), acting("uma"))
    for statement, expected in answers.items():
        for begin in strangers:
            assert await told(api, begin, statement) == expected, statement


async def test_an_idempotency_key_is_its_callers_alone(api: asyncpg.Connection) -> None:
    """Nobody takes another's answer, or takes a key from under another's feet."""
    begin = "SELECT app.begin_idempotent('{}', 'POST /x', 'k', '\\x" + "00" * 32 + "', 60, 72)"
    finish = "SELECT app.finish_idempotent('{}', 'POST /x', 'k', NULL, 201, '\\x00')"
    anonymous = _begin(Actor.anonymous(), read_only=False)
    own = f"anonymous:{'0' * 64}"
    for statement in (begin, finish):
        for stamp in (acting("anna"), anonymous):
            answer = await told(api, stamp, statement.format(uid("ben")))
            assert answer == "CS001 FORBIDDEN"
        assert not (await told(api, acting("ben"), statement.format(uid("ben")))).startswith("CS")
        assert not (await told(api, anonymous, statement.format(own))).startswith("CS")
        assert (await told(api, acting("ben"), statement.format(own))) == "CS001 FORBIDDEN"
