"""Field by field: what each role may read, insert and update equals the declared table."""

import asyncpg
import pytest

from tests.rls.cells import REFUSED, Matrix
from tests.rls.columns import INSERTED, SELECTED, UPDATED
from tests.rls.law import EVERY_ROW
from tests.rls.oracle import LAWS
from tests.rls.people import IDENTITIES, Identity, Kind
from tests.rls.rows import VIEWS, WORLD

# Its owner may name every column of a table; that it gets no row is the matrix's business.
KINDS = [kind for kind in Kind if kind is not Kind.OWNER]

_GRANTED = """
SELECT c.relname::text AS "table", r.rolname::text AS role, w.privilege, a.attname::text AS "column"
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped,
     pg_roles r, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) w (privilege)
WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'v') AND r.rolname = ANY ($1)
  AND has_column_privilege(r.oid, c.oid, a.attnum, w.privilege)
"""


async def columns_of(connection: asyncpg.Connection) -> dict[str, list[str]]:
    rows = await connection.fetch(
        "SELECT attrelid::regclass::text AS t, array_agg(attname::text) AS columns"
        " FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
        " WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'v')"
        " AND attnum > 0 AND NOT attisdropped GROUP BY attrelid"
    )
    return {row["t"].removeprefix("app."): row["columns"] for row in rows}


GENERATED = {
    "bookings": {"total_minor"},
    "recurring_bookings": {"is_active"},
    "specialist_specialties": {"specialty_key"},
    "specialist_languages": {"language_key"},
    "meetings": {"state"},
}
"""Columns that PostgreSQL computes: it refuses before it asks who wants to write them."""


def declared(table: str, kind: Kind, privilege: str, columns: list[str]) -> set[str]:
    law = LAWS[table]
    rights, lists = {
        "SELECT": (law.select, SELECTED),
        "INSERT": (law.insert, INSERTED),
        "UPDATE": (law.update, UPDATED),
    }[privilege]
    if kind not in rights:
        return set()
    named = lists.get(table, {}).get(kind)
    return set(columns if named is None else named.split())


async def test_every_column_is_granted_as_declared(
    architect: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = await columns_of(architect)
    wanted = {
        (table, str(kind), privilege, column)
        for table in LAWS
        for kind in KINDS
        for privilege in ("SELECT", "INSERT", "UPDATE")
        for column in declared(table, kind, privilege, columns[table])
    }
    rows = await architect.fetch(_GRANTED, [str(kind) for kind in KINDS])
    granted = {tuple(row.values()) for row in rows}
    cells = sum(map(len, columns.values())) * len(KINDS) * 3
    with capsys.disabled():
        print(f"\n{cells} column privileges")
    assert sorted(granted - wanted) == []
    assert sorted(wanted - granted) == []


async def test_a_declared_column_exists(architect: asyncpg.Connection) -> None:
    """A renamed column must not linger in the table above as a permission for nothing."""
    columns = await columns_of(architect)
    for lists in (SELECTED, INSERTED, UPDATED):
        for table, kinds in lists.items():
            for named in kinds.values():
                assert set(named.split()) <= set(columns[table]), table


def reading(table: str, who: Identity, column: str) -> tuple[str, str]:
    """The statement that reads one column of everything, and what it should bring."""
    rows = [row for row in WORLD[table] if not row.candidate]
    predicate = LAWS[table].select.get(who.kind)
    statement = f'SELECT count(*) FROM (SELECT "{column}" FROM app.{table}) q'
    if predicate is None or not readable(table, who.kind, column):
        return statement, REFUSED
    return statement, str(sum(predicate(who.person, row) for row in rows))


def readable(table: str, kind: Kind, column: str) -> bool:
    """Whether a role that may read the table may read this column of it."""
    named = SELECTED.get(table, {}).get(kind)
    return named is None or column in named.split()


def writing(table: str, who: Identity, column: str, columns: list[str]) -> tuple[str, str]:
    """The statement that writes one column of everything with itself, and how many rows it is
    to change: reading the old value needs the right to see the row.
    """
    law = LAWS[table]
    rows = [row for row in WORLD[table] if not row.candidate]
    statement = f'UPDATE app.{table} SET "{column}" = "{column}"'
    if column in GENERATED.get(table, ()):
        return statement, "!428C9"
    if who.kind is not Kind.OWNER and column not in declared(table, who.kind, "UPDATE", columns):
        return statement, REFUSED
    if not readable(table, who.kind, column):
        return statement, REFUSED
    may, sees = law.update[who.kind], law.select.get(who.kind, EVERY_ROW)
    return statement, str(sum(may(who.person, row) and sees(who.person, row) for row in rows))


async def test_every_column_of_every_row_for_every_identity(
    matrix: Matrix, architect: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same once more, not asked of the catalogue but done."""
    cells, wrong = 0, []
    for table, columns in (await columns_of(architect)).items():
        for who in IDENTITIES:
            asked = [reading(table, who, column) for column in columns]
            if table not in VIEWS:
                asked += [writing(table, who, column, columns) for column in columns]
            cells += len(asked) * sum(not row.candidate for row in WORLD[table])
            outcomes = await matrix.ask(who, [statement for statement, _ in asked])
            wrong += [
                f"{who.name}: {statement}: expected {expected}, found {found}"
                for (statement, expected), found in zip(asked, outcomes, strict=True)
                if found != expected
            ]
    with capsys.disabled():
        print(f"\n{cells} cells of single columns")
    assert not wrong, "\n".join(wrong)
