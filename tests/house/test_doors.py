"""Laws 5 and 6: a status has one door, reads live in `queries`, and rooms meet at open doors."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.house.plan import DOORS, Door
from tests.house.source import ROOMS, Tree, dotted, imports, modules, nodes, obey, texts, whole_tree

STATUS_DOORS = {
    # Walks along `states.path`, and writes each step together with the sums that belong to it.
    ROOMS + "payments/service/apply.py",
    # A slot has no table of moves: it is the calendar's own row, and lapses under its lock.
    ROOMS + "availability/service/holds.py",
}

_SET_CLAUSE = re.compile(r"\bSET\b(.*?)(?:\bWHERE\b|\bFROM\b|\bRETURNING\b|$)", re.DOTALL)
_SETS_STATUS = re.compile(r"(?:^|[\s,(])status\s*=|\(\s*status\s*,")


def strays_from_status_door(source: Tree) -> list[str]:
    """Where a room assigns a status, in Python or in SQL, outside of its `states.py`."""
    found = [(name, line, "SQL sets a status") for name, line in _sql_that_sets_status(source)]
    for name, node in nodes(source, ROOMS):
        if _assigns_status(node):
            assert isinstance(node, ast.stmt | ast.expr)
            found.append((name, node.lineno, "a status is assigned"))
    return [
        f"{name}:{line}: {what}"
        for name, line, what in found
        if PurePosixPath(name).name != "states.py" and name not in STATUS_DOORS
    ]


def _sql_that_sets_status(source: Tree) -> Iterator[tuple[str, int]]:
    for name, line, text in texts(source, ROOMS):
        if not re.search(r"\bUPDATE\b", text):
            continue
        if any(_SETS_STATUS.search(clause) for clause in _SET_CLAUSE.findall(text)):
            yield name, line


def _assigns_status(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return any(_is_status(target) for target in node.targets)
    if isinstance(node, ast.AnnAssign | ast.AugAssign):
        return _is_status(node.target)
    if not isinstance(node, ast.Call):
        return False
    if dotted(node.func).endswith(".values"):
        return any(keyword.arg == "status" for keyword in node.keywords)
    second = node.args[1] if dotted(node.func) == "setattr" and len(node.args) > 1 else None
    return isinstance(second, ast.Constant) and second.value == "status"


def _is_status(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and target.attr == "status"


def test_a_status_has_one_door() -> None:
    obey(
        strays_from_status_door(whole_tree()),
        law="A status has one door: `states.py` of its room, or a function of the database.",
        mend="call the room's change_status(), or a function in alembic/functions that moves the"
        " row under its lock.",
    )


@pytest.mark.parametrize(
    "bad",
    [
        "booking.status = 'confirmed'",
        "setattr(booking, 'status', 'confirmed')",
        "update(Booking).values(status='confirmed')",
        "S = 'UPDATE app.bookings SET status = $2 WHERE id = $1'",
        "S = 'UPDATE app.bookings SET note = $3, status = $2'",
        "S = f'UPDATE {table} SET status = $2'",
    ],
)
def test_a_second_door_of_a_status_is_found(bad: str) -> None:
    assert strays_from_status_door({ROOMS + "bookings/service.py": bad})
    assert not strays_from_status_door({ROOMS + "bookings/states.py": bad})


@pytest.mark.parametrize(
    "good", ["S = 'UPDATE app.bookings SET note = $2 WHERE status = $1'", "row.status == 'paid'"]
)
def test_reading_a_status_is_no_assignment(good: str) -> None:
    assert not strays_from_status_door({ROOMS + "bookings/service.py": good})


_ACTS = re.compile(r"\b(INSERT\s+INTO|UPDATE\s+\S+\s+(\w+\s+)?SET|DELETE\s+FROM)\b", re.IGNORECASE)
_READS_TABLE = re.compile(r"\b(FROM|JOIN)\s+app\.\w+\b(?!\s*\()", re.IGNORECASE)
_STARTS_READ = re.compile(r"^[\s(]*(SELECT|WITH)\b")


def reads_outside_queries(source: Tree) -> list[str]:
    """Where a room reads a table other than in its `queries`. Calls of database functions
    (`SELECT app.book(…)`) are acts, and so are statements that insert, update or delete.
    """
    found = [
        (name, line)
        for name, line, text in texts(source, ROOMS)
        if _STARTS_READ.search(text) and _READS_TABLE.search(text) and not _ACTS.search(text)
    ]
    for name, node in nodes(source, ROOMS):
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == "select":
            found.append((name, node.lineno))
    return [f"{name}:{line}: a select" for name, line in found if not _is_query(name)]


def _is_query(name: str) -> bool:
    # An export is nothing but reading: what a room tells of a person stands in one file.
    return bool({"queries", "personal_data"} & set(PurePosixPath(name).with_suffix("").parts[3:]))


def test_reads_live_in_queries() -> None:
    obey(
        reads_outside_queries(whole_tree()),
        law="Reads live in `queries`, named for what they return.",
        mend="move the select into the room's queries.py and give it the name of what comes back.",
    )


@pytest.mark.parametrize(
    "bad",
    [
        "S = 'SELECT id FROM app.bookings WHERE id = $1'",
        "S = 'SELECT f.id FROM app.lines($1) f JOIN app.bookings b ON b.id = f.id'",
        "S = 'WITH mine AS (SELECT 1 FROM app.slots) SELECT * FROM mine'",
        "statement = select(Booking.id)",
        "statement = sa.select(Booking.id)",
    ],
)
def test_a_read_outside_queries_is_found(bad: str) -> None:
    assert reads_outside_queries({ROOMS + "bookings/service.py": bad})
    assert not reads_outside_queries({ROOMS + "bookings/queries.py": bad})


@pytest.mark.parametrize(
    "good",
    [
        "S = 'SELECT app.book($1)'",
        "S = 'SELECT id FROM app.register($1, $2)'",
        "S = 'INSERT INTO app.a (b) SELECT b FROM app.c'",
        "S = 'WITH t AS (UPDATE app.a SET b = 1 RETURNING id) SELECT id FROM app.c'",
    ],
)
def test_an_act_is_no_read(good: str) -> None:
    assert not reads_outside_queries({ROOMS + "bookings/service.py": good})


def private_doors_used(source: Tree) -> list[str]:
    """Imports of another room through a door that is not open to the importer."""
    return [
        f"{name}:{line}: {imported}"
        for name, module in modules(source, ROOMS)
        for line, imported in imports(module)
        if not _may_enter(name.removeprefix(ROOMS), imported)
    ]


def _may_enter(importer: str, imported: str) -> bool:
    prefix = "consulta.features."
    parts = imported.removeprefix(prefix).split(".")
    own, *within = PurePosixPath(importer).with_suffix("").parts
    if not imported.startswith(prefix) or parts[0] == own:
        return True
    door = DOORS.get(parts[1]) if len(parts) > 1 else None
    if door is Door.ROUTERS:
        return within[:1] in (["router"], ["deps"])
    if door is Door.FLOWS:
        return within[:1] in (["router"], ["flows"], ["deps"])
    return door is Door.OPEN


def test_private_doors_stay_shut() -> None:
    obey(
        private_doors_used(whole_tree()),
        law="Rooms meet through service, queries, rules, events and errors.",
        mend="call the other room's service or queries; what is behind its other doors is its own.",
    )


@pytest.mark.parametrize(
    "bad",
    [
        "from consulta.features.payments import states",
        "from consulta.features.payments.access import may_refund",
        "import consulta.features.payments.schemas",
        "from consulta.features.payments.flows import perform",
        "from consulta.features.payments.deps import TillDep",
        "from consulta.features import payments",
    ],
)
def test_a_private_door_is_found(bad: str) -> None:
    assert private_doors_used({ROOMS + "bookings/service/book.py": bad})
    assert not private_doors_used({ROOMS + "payments/service/apply.py": bad})


def test_open_doors_are_open() -> None:
    good = "from consulta.features.payments import errors, flows, service\n"
    assert not private_doors_used({ROOMS + "bookings/flows.py": good})
