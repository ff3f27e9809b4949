"""Law 5: every status stands in its table of moves, and the database holds the very same table."""

import importlib
import pkgutil
from enum import StrEnum
from types import ModuleType

import pytest

from consulta import features
from consulta.features.bookings import states as bookings
from consulta.features.packages import states as packages
from consulta.features.payments import states as payments
from consulta.kernel.transitions import Transitions
from tests.conftest import TestDatabase
from tests.house.source import ROOMS, obey, whole_tree

# The states from which nothing leads anywhere, as the contract promises them.
# A booking that lapsed unpaid may stand again, where its money comes a little late.
BOOKING_ENDS = {"cancelled", "declined", "refunded"}
PAYMENT_ENDS = {"failed", "cancelled"}
PURCHASE_ENDS = {"cancelled", "expired", "refunded"}


def all_states() -> dict[str, ModuleType]:
    """Every `states.py` that there is."""
    rooms = [room.name for room in pkgutil.iter_modules(features.__path__)]
    return {
        room: importlib.import_module(f"consulta.features.{room}.states")
        for room in rooms
        if f"{ROOMS}{room}/states.py" in whole_tree()
    }


def statuses_of(module: ModuleType) -> type[StrEnum]:
    """The enumeration whose members the module's table moves between."""
    sources = {type(source) for source, _target in module.MOVES._moves}
    (found,) = sources
    return found


def missing_statuses(statuses: type[StrEnum], moves: Transitions[StrEnum, StrEnum]) -> list[str]:
    """Statuses that no move reaches or leaves: nobody can come there, or it was forgotten."""
    named = {state for source, target, _ in moves.rows() for state in (source, target)}
    return [f"{statuses.__name__}.{status.name}" for status in statuses if status not in named]


@pytest.mark.parametrize("room", sorted(all_states()))
def test_every_status_stands_in_its_table(room: str) -> None:
    module = all_states()[room]
    obey(
        missing_statuses(statuses_of(module), module.MOVES),
        law=f"Every status of {room} stands in its table of moves.",
        mend=f"give it a move in features/{room}/states.py and in alembic/functions, or remove it.",
    )


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


def test_a_forgotten_status_is_found() -> None:
    moves: Transitions[StrEnum, StrEnum] = Transitions({(Light.RED, Light.GREEN): {Light.RED}})
    assert missing_statuses(Light, moves) == ["Light.BLUE"]


@pytest.mark.parametrize(
    ("module", "ends"),
    [(bookings, BOOKING_ENDS), (payments, PAYMENT_ENDS), (packages, PURCHASE_ENDS)],
    ids=["bookings", "payments", "packages"],
)
def test_an_end_is_really_an_end(module: ModuleType, ends: set[str]) -> None:
    assert {status for status in statuses_of(module) if module.MOVES.is_end(status)} == ends


async def test_the_database_holds_the_same_moves_of_a_booking(database: TestDatabase) -> None:
    async with database.connected() as connection:
        rows = await connection.fetch("SELECT * FROM app.booking_moves()")
    assert {tuple(row) for row in rows} == bookings.MOVES.rows()


async def test_the_database_holds_the_same_moves_of_a_payment(database: TestDatabase) -> None:
    async with database.connected() as connection:
        rows = await connection.fetch("SELECT * FROM app.payment_moves()")
    assert {tuple(row) for row in rows} == payments.MOVES.rows()


async def test_the_tables_know_the_same_statuses(database: TestDatabase) -> None:
    """The check constraint of the column and the enumeration have the same words."""
    tables = {"bookings": bookings, "payments": payments, "package_purchases": packages}
    for table, module in tables.items():
        async with database.connected() as connection:
            text = await connection.fetchval(
                "SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint"
                " WHERE conrelid = $1::text::regclass AND contype = 'c'"
                " AND pg_get_constraintdef(oid) LIKE '%(status = ANY%'",
                f"app.{table}",
            )
        for status in statuses_of(module):
            assert f"'{status}'" in text, f"{table}.status does not know {status}"
