"""Raw SQL against what is sold: purchases, the ledger of their credits, records and coupons."""

import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest

from consulta.platform.db.work import _begin
from tests.conftest import TestDatabase
from tests.rls.movers import MOVERS, attempt
from tests.rls.people import uid

PURCHASE_STATUSES = ("pending_payment", "active", "cancelled", "expired", "refunded")
PURCHASE = uid("p1")


@pytest.fixture(scope="module")
async def unguarded(standing: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """A superuser whom no trigger holds, to put a purchase into any state."""
    async with standing.connected() as connection:
        await connection.execute("SET session_replication_role = replica")
        yield connection


async def test_nobody_but_the_service_moves_a_purchase(
    unguarded: asyncpg.Connection, lines: dict[str, asyncpg.Connection]
) -> None:
    table = {tuple(row) for row in await unguarded.fetch("SELECT * FROM app.purchase_moves()")}
    made = set()
    for before in PURCHASE_STATUSES:
        await unguarded.execute(
            f"UPDATE app.package_purchases SET status = '{before}' WHERE id = '{PURCHASE}'"
        )
        for after, (mover, (login, actor)) in itertools.product(PURCHASE_STATUSES, MOVERS.items()):
            statement = f"UPDATE app.package_purchases SET status = '{after}'"
            outcome = await attempt(lines[login], actor, f"{statement} WHERE id = '{PURCHASE}'")
            assert outcome == "1" or outcome.startswith("!42501"), outcome
            if outcome == "1" and before != after:
                made.add((before, after, mover))
    await unguarded.execute(
        f"UPDATE app.package_purchases SET status = 'active' WHERE id = '{PURCHASE}'"
    )
    assert made == {(*move, "system") for move in table}
    assert len(table) == 4


async def test_what_was_bought_stays_as_it_was(lines: dict[str, asyncpg.Connection]) -> None:
    for column, value in (
        ("id", "app.new_id()"),
        ("client_id", f"'{uid('ben')}'"),
        ("specialist_id", f"'{uid('omar')}'"),
        ("package_id", f"'{uid('old package of sara')}'"),
        ("rate_id", f"'{uid('old rate of sara')}'"),
        ("session_count", "5"),
        ("price_minor", "1"),
        ("currency", "'EUR'"),
        ("created_at", "app.now() - interval '1 year'"),
    ):
        for mover, (login, actor) in MOVERS.items():
            statement = f"UPDATE app.package_purchases SET {column} = {value}"
            outcome = await attempt(lines[login], actor, f"{statement} WHERE id = '{PURCHASE}'")
            assert outcome.startswith("!42501"), (column, mover, outcome)


_CREDITS_LEFT = f"SELECT credits_left FROM app.package_purchases WHERE id = '{PURCHASE}'"


def ledger(kind: str, credits_moved: int, *, client: str = "anna") -> str:
    return (
        "INSERT INTO app.package_credits (purchase_id, specialist_id, client_id, kind, credits)"
        f" VALUES ('{PURCHASE}', '{uid('sara')}', '{uid(client)}', '{kind}', {credits_moved})"
    )


async def test_credits_are_changed_by_the_ledger_alone(
    lines: dict[str, asyncpg.Connection],
) -> None:
    by_hand = f"UPDATE app.package_purchases SET credits_left = 1 WHERE id = '{PURCHASE}'"
    for statement in (by_hand, ledger("granted", 1)):
        for mover in ("client", "specialist", "stranger", "anonymous", "admin"):
            login, actor = MOVERS[mover]
            outcome = await attempt(lines[login], actor, statement)
            assert outcome.startswith("!42501"), (mover, statement)
    login, actor = MOVERS["system"]
    assert (await attempt(lines[login], actor, by_hand)).startswith("!42501")
    await lines[login].execute(_begin(actor, read_only=False))
    try:
        assert await lines[login].fetchval(_CREDITS_LEFT) == 4
        await lines[login].execute(ledger("refunded", -3))
        assert await lines[login].fetchval(_CREDITS_LEFT) == 1
        # What the ledger allowed itself does not last beyond its own row.
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="the ledger"):
            await lines[login].execute(by_hand.replace("= 1", "= 2"))
    finally:
        await lines[login].execute("ROLLBACK")


async def test_the_ledger_neither_overdraws_nor_overfills_nor_mixes_people(
    lines: dict[str, asyncpg.Connection],
) -> None:
    login, actor = MOVERS["system"]
    for statement, code in (
        (ledger("refunded", -5), "!23514"),
        (ledger("granted", 1), "!23514"),
        (ledger("granted", 1, client="ben"), "!23503"),
    ):
        assert (await attempt(lines[login], actor, statement)).startswith(code), statement


async def test_a_purchase_starts_without_credits_and_not_at_its_end(
    standing: TestDatabase,
) -> None:
    """Asked as the definer, who alone may write one."""
    columns = (
        "package_id, specialist_id, client_id, rate_id, name, session_count, price_minor, currency"
    )
    started = {}
    async with standing.connected("consulta_migrator") as connection:
        for status, credits_left in (*((status, 0) for status in PURCHASE_STATUSES), ("active", 4)):
            await connection.execute("BEGIN; SET LOCAL ROLE consulta_definer")
            try:
                started[status, credits_left] = await connection.execute(
                    f"INSERT INTO app.package_purchases"
                    f" ({columns}, status, credits_left, expires_at, activated_at)"
                    f" SELECT {columns}, '{status}', {credits_left}, app.now(), app.now()"
                    f" FROM app.package_purchases WHERE id = '{PURCHASE}'"
                )
            except asyncpg.InsufficientPrivilegeError as error:
                started[status, credits_left] = str(error)
            finally:
                await connection.execute("ROLLBACK")
    assert started == {
        ("pending_payment", 0): "INSERT 0 1",
        ("active", 0): "INSERT 0 1",
        ("cancelled", 0): "no purchase starts in this state",
        ("expired", 0): "no purchase starts in this state",
        ("refunded", 0): "no purchase starts in this state",
        ("active", 4): "credits come from the ledger",
    }


async def test_what_was_recorded_stays_even_for_a_superuser(standing: TestDatabase) -> None:
    async with standing.connected() as connection:
        for table, change in (
            ("package_credits", "credits = 9"),
            ("recurring_booking_occurrences", "reason = 'closed'"),
            ("booking_reschedules", "revision = 9"),
        ):
            for statement in (f"UPDATE app.{table} SET {change}", f"DELETE FROM app.{table}"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                    await connection.execute(statement)


async def test_a_specialist_changes_the_terms_of_a_coupon_and_not_its_worth(
    lines: dict[str, asyncpg.Connection],
) -> None:
    login, actor = MOVERS["specialist"]
    coupon = uid("coupon of sara")
    for change, outcome in (
        ("most_uses = 5", "1"),
        ("is_active = false", "1"),
        ("percent = 90", "!42501"),
        ("code = 'OTHER'", "!42501"),
        ("used_count = 0", "!42501"),
    ):
        statement = f"UPDATE app.coupons SET {change} WHERE id = '{coupon}'"
        assert (await attempt(lines[login], actor, statement)).startswith(outcome), change
