"""Raw SQL against the tables of moves: nobody makes a move that the table does not give."""

import itertools
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.rls.movers import MOVERS, attempt
from tests.rls.people import uid

STATUSES = (
    "pending_payment",
    "awaiting_confirmation",
    "confirmed",
    "completed",
    "no_show",
    "cancelled",
    "declined",
    "expired",
    "refunded",
)
PAYMENT_STATUSES = (
    "pending",
    "requires_action",
    "processing",
    "authorized",
    "paid",
    "partially_refunded",
    "refunded",
    "failed",
    "cancelled",
)
BOOKING = uid("b1")
PAYMENT = uid("payment b1")


@pytest.fixture(scope="module")
async def superuser(standing: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    async with standing.connected() as connection:
        # Money in question would forbid some moves by itself; that has a test of its own.
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(f"UPDATE app.payments SET status = 'paid' WHERE id = '{PAYMENT}'")
        yield connection


async def moves_made(
    superuser: asyncpg.Connection, lines: dict[str, asyncpg.Connection], *, begun: bool
) -> set[tuple[str, str, str]]:
    """Every (from, to, mover) that a plain UPDATE achieves, for a session past or to come."""
    shift = "- interval '1 hour'" if begun else "+ interval '1 day'"
    await superuser.execute(
        f"UPDATE app.bookings SET starts_at = now() {shift},"
        f" ends_at = now() {shift} + interval '30 minutes' WHERE id = '{BOOKING}'"
    )
    made = set()
    for before in STATUSES:
        await superuser.execute(
            f"UPDATE app.bookings SET status = '{before}' WHERE id = '{BOOKING}'"
        )
        for after, (mover, (login, actor)) in itertools.product(STATUSES, MOVERS.items()):
            statement = f"UPDATE app.bookings SET status = '{after}' WHERE id = '{BOOKING}'"
            outcome = await attempt(lines[login], actor, statement)
            assert outcome in ("0", "1") or outcome[1:6] in ("42501", "CS001"), outcome
            if outcome == "1" and before != after:
                made.add((before, after, mover))
    return made


async def test_every_pair_of_statuses_moves_only_by_the_table(
    superuser: asyncpg.Connection, lines: dict[str, asyncpg.Connection]
) -> None:
    table = {tuple(row) for row in await superuser.fetch("SELECT * FROM app.booking_moves()")}
    to_come = await moves_made(superuser, lines, begun=False)
    begun = await moves_made(superuser, lines, begun=True)
    # The clock decides about people, never about the service itself.
    ends = ("completed", "no_show")
    stops = ("cancelled", "declined")
    assert to_come == {m for m in table if not (m[1] in ends and m[2] != "system")}
    assert begun == {m for m in table if not (m[1] in stops and m[2] != "system")}
    assert to_come | begun == table
    assert {mover for _, _, mover in table} == {"client", "specialist", "admin", "system"}


async def test_a_booking_is_not_confirmed_before_its_money_is_taken(
    superuser: asyncpg.Connection, lines: dict[str, asyncpg.Connection]
) -> None:
    await superuser.execute(
        f"UPDATE app.bookings SET status = 'awaiting_confirmation',"
        f" starts_at = now() + interval '1 day', ends_at = now() + interval '2 days'"
        f" WHERE id = '{BOOKING}'"
    )
    outcomes = {}
    for status in ("authorized", "paid"):
        await superuser.execute(
            f"UPDATE app.payments SET status = '{status}' WHERE id = '{PAYMENT}'"
        )
        outcomes[status] = [
            await attempt(
                lines[MOVERS[mover][0]],
                MOVERS[mover][1],
                f"UPDATE app.bookings SET status = 'confirmed' WHERE id = '{BOOKING}'",
            )
            for mover in ("specialist", "admin")
        ]
    assert all(outcome.startswith("!42501") for outcome in outcomes["authorized"])
    assert outcomes["paid"] == ["1", "1"]


async def test_people_change_nothing_of_a_booking_but_its_status(
    lines: dict[str, asyncpg.Connection],
) -> None:
    for column, value in (
        ("price_minor", "1"),
        ("client_id", f"'{uid('ben')}'"),
        ("specialist_id", f"'{uid('omar')}'"),
        ("starts_at", "now()"),
        ("slot_id", f"'{uid('slot b2')}'"),
        ("policy", "'flexible'"),
        ("booked_by", f"'{uid('ben')}'"),
        ("expires_at", "now() + interval '1 year'"),
    ):
        for mover in ("client", "specialist", "admin"):
            login, actor = MOVERS[mover]
            statement = f"UPDATE app.bookings SET {column} = {value} WHERE id = '{BOOKING}'"
            assert (await attempt(lines[login], actor, statement)).startswith("!42501"), column


async def test_nobody_but_the_service_moves_money(
    superuser: asyncpg.Connection, lines: dict[str, asyncpg.Connection]
) -> None:
    table = {tuple(row) for row in await superuser.fetch("SELECT * FROM app.payment_moves()")}
    made = set()
    for before in PAYMENT_STATUSES:
        await superuser.execute(
            f"UPDATE app.payments SET status = '{before}' WHERE id = '{PAYMENT}'"
        )
        for after, (mover, (login, actor)) in itertools.product(PAYMENT_STATUSES, MOVERS.items()):
            statement = f"UPDATE app.payments SET status = '{after}' WHERE id = '{PAYMENT}'"
            outcome = await attempt(lines[login], actor, statement)
            assert outcome == "1" or outcome.startswith("!42501"), outcome
            if outcome == "1" and before != after:
                made.add((before, after, mover))
    # The bank's moves are those of a sum that falls.
    assert made == {move for move in table if move[2] == "system"}


async def test_operations_are_nobodys_to_write(lines: dict[str, asyncpg.Connection]) -> None:
    for statement in (
        "UPDATE app.payment_operations SET state = 'done'",
        f"INSERT INTO app.payment_operations (payment_id, kind, amount_minor)"
        f" VALUES ('{PAYMENT}', 'refund', 1)",
        "DELETE FROM app.payment_operations",
    ):
        for mover in ("client", "specialist", "anonymous", "admin"):
            login, actor = MOVERS[mover]
            outcome = await attempt(lines[login], actor, statement)
            assert outcome.startswith("!42501"), (mover, statement)
