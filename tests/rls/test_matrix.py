"""Every table x command x identity x row against an oracle that was written by hand."""

import asyncpg
import pytest

from tests.rls.cells import Matrix, seen_by_the_nameless
from tests.rls.oracle import LAWS
from tests.rls.people import IDENTITIES
from tests.rls.rows import WORLD


async def test_every_table_has_a_law_and_rows(architect: asyncpg.Connection) -> None:
    rows = await architect.fetch(
        "SELECT relname::text FROM pg_class"
        " WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
    )
    tables = {row[0] for row in rows}
    assert set(LAWS) == tables
    assert set(WORLD) == tables


async def test_postgres_and_the_oracle_agree_on_every_cell(
    matrix: Matrix, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [mismatch for table in LAWS for mismatch in await matrix.mismatches(table, IDENTITIES)]
    with capsys.disabled():
        print(f"\n{matrix.asked} cells over {len(LAWS)} tables and {len(IDENTITIES)} identities")
    assert not found, "\n".join(map(str, found))


async def test_the_payer_alone_sees_what_the_browser_has_to_do(matrix: Matrix) -> None:
    statement = "SELECT count(payment_next_action) FROM app.booking_views"
    seen = {who.name: await matrix.ask(who, [statement]) for who in IDENTITIES}
    assert {
        name: count for name, count in seen.items() if name in ("anna", "ben", "the worker")
    } == {
        "anna": ["1"],
        "ben": ["1"],
        "the worker": ["2"],
    }
    others = [who for who in IDENTITIES if who.name not in ("anna", "ben", "the worker")]
    assert all(seen[who.name][0] in ("0", "!42501") for who in others)


async def test_without_a_name_private_tables_are_empty_even_if_a_policy_is_wrong(
    matrix: Matrix, architect: asyncpg.Connection
) -> None:
    """The belt: with every permissive policy opened wide, nobody still sees nothing."""
    belted = await architect.fetch(
        "SELECT tablename::text AS name FROM pg_policies"
        " WHERE schemaname = 'app' AND policyname = 'belt' AND 'consulta_user' = ANY (roles)"
    )
    assert len(belted) > 5
    for (table,) in belted:
        assert await seen_by_the_nameless(architect, matrix, table) == {"0"}, table
