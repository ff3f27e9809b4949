"""Field by field: what each role may read, insert and update equals the declared table."""

import asyncpg
import pytest

from tests.rls.columns import INSERTED, UPDATED
from tests.rls.oracle import LAWS
from tests.rls.people import Kind

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


def declared(table: str, kind: Kind, privilege: str, columns: list[str]) -> set[str]:
    law = LAWS[table]
    rights, lists = {
        "SELECT": (law.select, {}),
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
    for lists in (INSERTED, UPDATED):
        for table, kinds in lists.items():
            for named in kinds.values():
                assert set(named.split()) <= set(columns[table]), table
