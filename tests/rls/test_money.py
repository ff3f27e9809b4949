"""Raw SQL against the books: the ledger, receipts, sealed keys of gateways, names of clients."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from consulta.kernel.actor import Actor, Role
from consulta.platform.db.work import _begin
from tests.conftest import TestDatabase
from tests.rls.movers import MOVERS, attempt
from tests.rls.people import SPECIALISTS, uid

_AS_DEFINER = "BEGIN; SET LOCAL ROLE consulta_definer"


@pytest.fixture(scope="module")
async def clerk(standing: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """Whoever may become the definer, who alone writes the books."""
    async with standing.connected("consulta_migrator") as connection:
        yield connection


def entry(transaction: UUID, account: str, amount: int, *, currency: str = "USD") -> str:
    return (
        "INSERT INTO app.ledger_entries (transaction_id, payment_id, specialist_id, client_id,"
        " kind, account, amount_minor, currency)"
        f" VALUES ('{transaction}', '{uid('payment b1')}', '{uid('sara')}', '{uid('anna')}',"
        f" 'capture', '{account}', {amount}, '{currency}')"
    )


async def committed(connection: asyncpg.Connection, begin: str, *statements: str) -> None:
    """The statements in a transaction of their own; every one of them is accepted, and what is
    raised comes from the COMMIT.
    """
    await connection.execute(begin)
    try:
        for statement in statements:
            assert await connection.execute(statement) == "INSERT 0 1"
    except BaseException:
        await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")


async def entries_of(connection: asyncpg.Connection, transaction: UUID) -> int:
    found: int = await connection.fetchval(
        "SELECT count(*) FROM app.ledger_entries WHERE transaction_id = $1", transaction
    )
    return found


async def test_a_transaction_that_sums_to_zero_is_kept(
    clerk: asyncpg.Connection, standing: TestDatabase
) -> None:
    moved = uuid4()
    await committed(
        clerk,
        _AS_DEFINER,
        entry(moved, "gateway", 500),
        entry(moved, "specialist", -500),
        entry(moved, "by_hand", 70, currency="EUR"),
        entry(moved, "specialist", -70, currency="EUR"),
    )
    async with standing.connected() as superuser:
        assert await entries_of(superuser, moved) == 4


@pytest.mark.parametrize("writer", ["the definer", "a superuser"])
@pytest.mark.parametrize(
    "sides",
    [
        [("gateway", 500, "USD")],
        [("gateway", 500, "USD"), ("specialist", -499, "USD")],
        [("gateway", 500, "USD"), ("specialist", -500, "EUR")],
        [("gateway", 5, "USD"), ("specialist", -5, "USD"), ("disputed", 1, "AED")],
    ],
    ids=["one side", "a cent is lost", "two currencies", "one currency too many"],
)
async def test_a_transaction_that_does_not_sum_to_zero_is_refused_when_it_is_committed(
    clerk: asyncpg.Connection,
    standing: TestDatabase,
    sides: list[tuple[str, int, str]],
    writer: str,
) -> None:
    moved = uuid4()
    statements = [entry(moved, account, amount, currency=c) for account, amount, c in sides]
    async with standing.connected() as superuser:
        by_definer = writer == "the definer"
        with pytest.raises(asyncpg.CheckViolationError, match="do not sum to zero") as caught:
            await committed(
                clerk if by_definer else superuser,
                _AS_DEFINER if by_definer else "BEGIN",
                *statements,
            )
        assert caught.value.constraint_name == "sums_to_zero"
        assert await entries_of(superuser, moved) == 0


async def test_one_entry_cannot_be_added_to_a_transaction_of_the_past(
    clerk: asyncpg.Connection,
) -> None:
    moved = uuid4()
    await committed(
        clerk, _AS_DEFINER, entry(moved, "gateway", 500), entry(moved, "specialist", -500)
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await committed(clerk, _AS_DEFINER, entry(moved, "gateway", 1))


async def test_each_ledger_transaction_is_asked_by_itself(clerk: asyncpg.Connection) -> None:
    """Two wrongs do not make a right, not even when they cancel each other."""
    with pytest.raises(asyncpg.CheckViolationError):
        await committed(
            clerk,
            _AS_DEFINER,
            entry(uuid4(), "gateway", 500),
            entry(uuid4(), "specialist", -500),
        )


async def test_the_books_stay_even_for_a_superuser(standing: TestDatabase) -> None:
    async with standing.connected() as superuser:
        for table in ("ledger_entries", "receipts"):
            for statement in (
                f"UPDATE app.{table} SET amount_minor = amount_minor + 1",
                f"DELETE FROM app.{table}",
                f"TRUNCATE app.{table}",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                    await superuser.execute(statement)


async def test_only_the_definer_writes_the_books(lines: dict[str, asyncpg.Connection]) -> None:
    recount = "UPDATE app.receipt_counters SET last_number = 0"
    for statement in (entry(uuid4(), "gateway", 1), receipt(9), recount):
        for mover, (login, actor) in MOVERS.items():
            outcome = await attempt(lines[login], actor, statement)
            assert outcome.startswith("!42501"), (mover, statement, outcome)


def receipt(number: int, *, payment: str = "b1", specialist: str = "sara") -> str:
    client = {"sara": "anna", "omar": "ben"}[specialist]
    return (
        "INSERT INTO app.receipts (specialist_id, client_id, payment_id, transaction_id, number,"
        " kind, amount_minor, currency, details)"
        f" VALUES ('{uid(specialist)}', '{uid(client)}', '{uid(f'payment {payment}')}',"
        f" app.new_id(), {number}, 'receipt', 1, 'USD', '{{}}')"
    )


async def test_a_number_of_a_receipt_is_given_once_by_each_specialist(
    clerk: asyncpg.Connection,
) -> None:
    await clerk.execute(_AS_DEFINER)
    try:
        await clerk.execute(receipt(41))
        await clerk.execute(receipt(42))
        await clerk.execute(receipt(41, payment="b2", specialist="omar"))
        with pytest.raises(asyncpg.UniqueViolationError, match="uq_receipts_number"):
            await clerk.execute(receipt(42))
    finally:
        await clerk.execute("ROLLBACK")


_SECRETS = "SELECT count({column}) FROM app.payment_config_keys"


async def test_nobody_but_the_worker_reads_the_keys_of_a_gateway(
    lines: dict[str, asyncpg.Connection], clerk: asyncpg.Connection
) -> None:
    for column in ("sealed_keys", "wrapped_key"):
        statement = _SECRETS.format(column=column)
        for mover, (login, actor) in MOVERS.items():
            await lines[login].execute(_begin(actor, read_only=True))
            try:
                if mover == "system":
                    assert await lines[login].fetchval(statement) == 2
                    continue
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await lines[login].fetchval(statement)
            finally:
                await lines[login].execute("ROLLBACK")
        # What a definer function cannot read, none can give away.
        await clerk.execute(_AS_DEFINER)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await clerk.fetchval(statement)
        await clerk.execute("ROLLBACK")


async def test_rotation_wraps_anew_and_moves_no_key_to_another_account(
    lines: dict[str, asyncpg.Connection],
) -> None:
    login, actor = MOVERS["system"]
    for change, outcome in (
        ("key_id = 'k2', wrapped_key = 'new'", "2"),
        (f"specialist_id = '{uid('omar')}'", "!42501"),
        (f"config_id = '{uid('account of omar')}'", "!42501"),
    ):
        statement = f"UPDATE app.payment_config_keys SET {change}"
        assert (await attempt(lines[login], actor, statement)).startswith(outcome), change


_NAMES = "SELECT array_agg(full_name ORDER BY full_name) FROM app.profiles"


async def test_a_specialist_reads_the_names_of_buyers_and_of_clients_with_a_series(
    lines: dict[str, asyncpg.Connection],
) -> None:
    """Ben only bought a package from Sara, and Anna only has a series with Omar."""
    api = lines["consulta_api"]
    read = {}
    for name in SPECIALISTS:
        await api.execute(_begin(Actor(Role.SPECIALIST, uid(name)), read_only=True))
        read[name] = await api.fetchval(_NAMES)
        await api.execute("ROLLBACK")
    assert read == {
        "sara": ["ada", "anna", "ben", "omar", "sara"],
        "omar": ["anna", "ben", "omar"],
        "uma": ["uma"],
    }
