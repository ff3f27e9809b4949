"""Cells of the matrix: what a role can do with each row of a table, asked of the real database."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from tests.rls.law import Law, Rights, Row
from tests.rls.oracle import LAWS
from tests.rls.people import IDENTITIES, Identity, Kind
from tests.rls.rows import ALREADY_THERE, NOT_OURS_TO_NAME, VIEWS, WORLD

REFUSED = "!42501"

# Each statement runs with the caller's rights in a sub-transaction of its own and is undone; what
# comes back is its text or its number of rows, or ! and the SQLSTATE.
PROBE = """
CREATE SCHEMA probe;
GRANT USAGE ON SCHEMA probe TO PUBLIC;
CREATE FUNCTION probe.outcomes(statements text[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    statement text;
    found text;
    outcomes text[] := '{}';
BEGIN
    FOREACH statement IN ARRAY statements LOOP
        BEGIN
            found := NULL;
            IF statement ~ '^(SELECT|WITH)' THEN
                EXECUTE statement INTO found;
            ELSE
                EXECUTE statement;
                GET DIAGNOSTICS found = ROW_COUNT;
            END IF;
            RAISE EXCEPTION USING ERRCODE = 'UNDO0';
        EXCEPTION
            WHEN SQLSTATE 'UNDO0' THEN outcomes := outcomes || coalesce(found, '');
            WHEN OTHERS THEN outcomes := outcomes || ('!' || SQLSTATE);
        END;
    END LOOP;
    RETURN outcomes;
END
$$;
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One question to the wall, and the answer that the oracle gives."""

    what: str
    statement: str
    expected: str
    weight: int
    """How many (row, command) pairs it settles."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    table: str
    identity: str
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return (
            f"{self.table}: {self.what} as {self.identity}:"
            f" expected {self.expected!r}, found {self.found!r}"
        )


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    return "'" + str(value).replace("'", "''") + "'"


def _insertion(table: str, values: Mapping[str, object]) -> str:
    columns = ", ".join(f'"{name}"' for name in values)
    literals = ", ".join(_literal(value) for value in values.values())
    return f"INSERT INTO app.{table} ({columns}) VALUES ({literals})"


def world_statements() -> Iterator[str]:
    """What builds the world, parents before children; to be run with triggers off."""
    for table, rows in WORLD.items():
        if table not in ALREADY_THERE:
            yield from (_insertion(table, row.values) for row in rows if not row.candidate)


def _key(law: Law, row: Row) -> str:
    parts = (row.values[name] for name in law.key)
    return "|".join(str(v).lower() if isinstance(v, bool) else str(v) for v in parts)


def _set(keys: Iterable[str]) -> str:
    return ",".join(sorted(keys))


def _allowed(rights: Rights, who: Identity, rows: Iterable[Row]) -> list[Row] | None:
    """The rows that the oracle gives; None where the role may not even ask."""
    predicate = rights.get(who.kind)
    return None if predicate is None else [row for row in rows if predicate(who.person, row)]


def cells(table: str, who: Identity) -> list[Cell]:
    """All cells of one table for one identity."""
    law = LAWS[table]
    present = [row for row in WORLD[table] if not row.candidate]
    found = [_reading(table, law, who, present)]
    if table in VIEWS:
        return found
    found += _changing(table, law, who, present)
    found += _removing(table, law, who, present)
    found += [_adding(table, law, who, row) for row in WORLD[table]]
    return found


def _key_text(law: Law) -> str:
    """SQL of the key as text."""
    return "concat_ws('|', " + ", ".join(_as_text(name) for name in law.key) + ")"


def _as_text(column: str) -> str:
    return f'"{column}"::text'


def _gathered(law: Law, source: str) -> str:
    return f"""SELECT string_agg(k, ',' ORDER BY k COLLATE "C") FROM ({source}) q (k)"""


def _reading(table: str, law: Law, who: Identity, rows: list[Row]) -> Cell:
    seen = _allowed(law.select, who, rows)
    return Cell(
        "SELECT",
        _gathered(law, f"SELECT {_key_text(law)} FROM app.{table}"),
        REFUSED if seen is None else _set(_key(law, row) for row in seen),
        len(rows),
    )


def _changing(table: str, law: Law, who: Identity, rows: list[Row]) -> Iterator[Cell]:
    column, value = law.touch or (law.key[0], "NULL")
    statement = f'UPDATE app.{table} SET "{column}" = {value}'
    yield from _writing("UPDATE", statement, law.update, law, who, rows)


def _removing(table: str, law: Law, who: Identity, rows: list[Row]) -> Iterator[Cell]:
    yield from _writing("DELETE", f"DELETE FROM app.{table}", law.delete, law, who, rows)


def _writing(
    what: str, statement: str, rights: Rights, law: Law, who: Identity, rows: list[Row]
) -> Iterator[Cell]:
    # Without WHERE and RETURNING the policies of SELECT have no say: the write must stand alone.
    written = _allowed(rights, who, rows)
    blind = REFUSED if written is None else str(len(written))
    yield Cell(f"{what} of everything", statement, blind, len(rows))
    seen = _allowed(law.select, who, rows) or []
    if written is not None and law.touch and law.touch[0] not in law.key:
        both = _set(_key(law, row) for row in written if row in seen)
        returning = f"{statement} RETURNING {_key_text(law)} AS k"
        gathered = """SELECT string_agg(k, ',' ORDER BY k COLLATE "C") FROM w"""
        yield Cell(
            f"{what} of what is seen", f"WITH w AS ({returning}) {gathered}", both, len(rows)
        )


def _adding(table: str, law: Law, who: Identity, row: Row) -> Cell:
    made_by_database = ("id",) if table not in ("users", "specialists", "schema_state") else ()
    left_out = (*made_by_database, *NOT_OURS_TO_NAME.get(table, ()))
    values = {name: value for name, value in row.values.items() if name not in left_out}
    allowed = _allowed(law.insert, who, [row])
    expected = "in" if allowed else REFUSED
    return Cell(f"INSERT of {row.label}", _insertion(table, values), expected, 1)


def _judged(cell: Cell, outcome: str) -> str:
    """A policy is asked before a constraint: a violated constraint (class 23) means the wall let
    the row through.
    """
    if cell.what.startswith("INSERT") and (outcome == "1" or outcome.startswith("!23")):
        return "in"
    return outcome


class Matrix:
    """Asks the cells on one connection per login; nothing that is written stays."""

    def __init__(self, connections: Mapping[str, asyncpg.Connection]) -> None:
        self._connections = connections
        self.asked = 0

    async def mismatches(self, table: str, identities: Iterable[Identity]) -> list[Mismatch]:
        """Where the database and the oracle differ on this table."""
        found = []
        for who in identities:
            asked = cells(table, who)
            self.asked += sum(cell.weight for cell in asked)
            outcomes = await self.ask(who, [cell.statement for cell in asked])
            for cell, outcome in zip(asked, outcomes, strict=True):
                judged = _judged(cell, outcome)
                if judged != cell.expected:
                    found.append(Mismatch(table, who.name, cell.what, cell.expected, judged))
        return found

    async def ask(self, who: Identity, statements: list[str]) -> list[str]:
        """The outcomes of the statements under that identity."""
        connection = self._connections[who.login]
        await connection.execute(who.begin)
        try:
            outcomes: Any = await connection.fetchval("SELECT probe.outcomes($1)", statements)
        finally:
            await connection.execute("ROLLBACK")
        return list(outcomes)


async def seen_by_the_nameless(
    architect: asyncpg.Connection, matrix: Matrix, table: str
) -> set[str]:
    """How many rows people without a name see once a careless policy opens the table to all."""
    nameless = [who for who in IDENTITIES if who.kind is Kind.PERSON and who.person is None]
    assert len(nameless) == 3
    await architect.execute(
        f"CREATE POLICY careless ON app.{table} FOR SELECT TO consulta_user USING (true)"
    )
    try:
        statement = f"SELECT count(*) FROM app.{table}"
        return {(await matrix.ask(who, [statement]))[0] for who in nameless}
    finally:
        await architect.execute(f"DROP POLICY careless ON app.{table}")
