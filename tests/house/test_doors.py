"""Laws 2, 3, 5 and 6: a status has one door, reads live in `queries`, transactions in `platform/db`,
and whatever acts for the service itself does so in few known places.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.house.plan import DOORS, Door
from tests.house.source import ROOMS, SOURCE, Tree, dotted, imports, modules, nodes, obey, texts
from tests.house.source import whole_tree as tree

STATUS_DOORS = {
    # Walks along `states.path`, and writes each step together with the sums that belong to it.
    ROOMS + "payments/service/apply.py",
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
        strays_from_status_door(tree()),
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
    return "queries" in PurePosixPath(name).with_suffix("").parts[3:]


def test_reads_live_in_queries() -> None:
    obey(
        reads_outside_queries(tree()),
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


_BUILDERS = frozenset(
    {
        *("create_async_engine", "create_engine", "AsyncSession", "Session", "sessionmaker"),
        *("async_sessionmaker", "create_pool", "asyncpg.connect", "build_engine"),
    }
)
_ENDS = frozenset({"commit", "rollback", "begin_nested", "transaction"})
_SPOKEN = re.compile(r"^\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|START TRANSACTION)\b")
DATABASE = SOURCE + "platform/db/"
MAY_BUILD = {
    SOURCE + "main.py": {"build_engine"},  # the roof asks for the three pools, one per login
}


def transactions_elsewhere(source: Tree) -> list[str]:
    """Where a transaction is begun or ended, or a way to the database built, outside platform/db."""
    found = [
        (name, line, text.split()[0])
        for name, line, text in texts(source, SOURCE)
        if _SPOKEN.search(text)
    ]
    for name, node in nodes(source, SOURCE):
        if isinstance(node, ast.Call) and (word := _handles_transaction(node)):
            if word not in MAY_BUILD.get(name, ()):
                found.append((name, node.lineno, word))
    return [
        f"{name}:{line}: {word}" for name, line, word in found if not name.startswith(DATABASE)
    ]


def _handles_transaction(call: ast.Call) -> str | None:
    name = dotted(call.func)
    last = name.split(".")[-1]
    if name in _BUILDERS or last in _BUILDERS:
        return last
    if not isinstance(call.func, ast.Attribute):
        return None
    begins = last == "begin" and not call.args and not call.keywords
    return last if last in _ENDS or begins else None


def test_transactions_belong_to_platform_db() -> None:
    obey(
        transactions_elsewhere(tree()),
        law="A transaction is opened by Database.work or Database.read, and by nothing else.",
        mend="take a Work, or open one with database.work(actor); engines, sessions, BEGIN and"
        " COMMIT stay in platform/db.",
    )


@pytest.mark.parametrize(
    "bad",
    [
        "await work.db.commit()",
        "await session.rollback()",
        "async with session.begin(): pass",
        "async with connection.transaction(): pass",
        "engine = create_async_engine(url)",
        "session = sqlalchemy.ext.asyncio.AsyncSession(engine)",
        "connection = asyncpg.connect(dsn)",
        "S = 'COMMIT'",
        "S = f'BEGIN {mode}'",
    ],
)
def test_a_transaction_elsewhere_is_found(bad: str) -> None:
    inside = f"async def act():\n    {bad}\n"
    assert transactions_elsewhere({ROOMS + "bookings/service.py": inside})
    assert not transactions_elsewhere({DATABASE + "work.py": inside})


def test_a_beginning_of_something_else_is_no_transaction() -> None:
    assert not transactions_elsewhere({ROOMS + "a/service.py": "await_ = once.begin(work, body)"})


SYSTEM_ACTORS = {
    SOURCE + "kernel/actor.py": "the constructor itself",
    SOURCE + "cli.py": "commands of the operator",
    SOURCE + "seed.py": "a seed acts before anybody can",
    SOURCE + "demo.py": "the same, for the demo's walk-through",
    SOURCE + "platform/jobs.py": "jobs act for the service",
    SOURCE + "platform/job_execution.py": "the register of runs",
    SOURCE + "platform/job_run.py": "a job's own transactions",
    SOURCE + "platform/inbox.py": "letters are claimed and settled",
    SOURCE + "platform/outbox.py": "messages are delivered",
    ROOMS + "payments/flows.py": "a provider's answer is recorded; people cannot write payments",
    ROOMS + "webhooks/flows.py": "a provider's letter is applied; nobody is signed in",
    SOURCE + "providers/payments/sandbox_postgres.py": "the sandbox keeps the books of a provider",
}


def system_actors_elsewhere(source: Tree) -> list[str]:
    """Where the service acts for itself, other than in the places that have a reason to."""
    return [
        f"{name}:{node.lineno}: {ast.unparse(node)[:60]}"
        for name, node in nodes(source, SOURCE)
        if isinstance(node, ast.Call) and _is_system_actor(node) and name not in SYSTEM_ACTORS
    ]


def _is_system_actor(call: ast.Call) -> bool:
    if dotted(call.func).endswith("Actor.system"):
        return True
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return dotted(call.func).split(".")[-1] == "Actor" and any(
        dotted(value).endswith("Role.SYSTEM") for value in values
    )


def test_the_service_acts_for_itself_in_known_places() -> None:
    obey(
        system_actors_elsewhere(tree()),
        law="Actor.system is the worker: a role with rights that no person has.",
        mend="act as the person who asked; where the service itself must act, add the place to"
        " SYSTEM_ACTORS in tests/house/test_doors.py with its reason.",
    )


@pytest.mark.parametrize(
    "bad", ["Actor.system('me')", "actor.Actor.system('me')", "Actor(Role.SYSTEM, None, 'me')"]
)
def test_a_system_actor_elsewhere_is_found(bad: str) -> None:
    assert system_actors_elsewhere({ROOMS + "bookings/service.py": bad})


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
    own, here = importer.split("/")[0], PurePosixPath(importer).with_suffix("").parts[1:2]
    if not imported.startswith(prefix) or parts[0] == own:
        return True
    door = DOORS.get(parts[1]) if len(parts) > 1 else None
    if door is Door.ROUTERS:
        return here in {("router",), ("deps",)}
    if door is Door.FLOWS:
        return here in {("router",), ("flows",), ("deps",)}
    return door is Door.OPEN


def test_private_doors_stay_shut() -> None:
    obey(
        private_doors_used(tree()),
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


READS_ENVIRONMENT = {
    SOURCE + "settings.py": "the one place",
    SOURCE + "platform/db/embedded.py": "PG_BIN_DIR, which names programs of the machine",
}


def environment_read_elsewhere(source: Tree) -> list[str]:
    """Where somebody reads the environment who is not the settings."""
    return [
        f"{name}:{node.lineno}: {dotted(node)}"
        for name, node in nodes(source, SOURCE)
        if isinstance(node, ast.Attribute | ast.Name)
        and dotted(node) in {"os.environ", "os.getenv", "environ", "getenv"}
        and name not in READS_ENVIRONMENT
    ]


def test_only_settings_read_the_environment() -> None:
    obey(
        environment_read_elsewhere(tree()),
        law="Settings are read once and passed down; nobody else reads the environment.",
        mend="add a field to a group in settings.py and pass it down from main.py or wiring.py.",
    )


@pytest.mark.parametrize("bad", ["os.environ['A']", "os.getenv('A')"])
def test_a_reader_of_the_environment_is_found(bad: str) -> None:
    assert environment_read_elsewhere({ROOMS + "bookings/service.py": bad})
