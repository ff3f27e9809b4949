"""Laws 2 and 3: transactions belong to `platform/db`, and whatever acts for the service itself, or
reads the environment, does so in few known places.
"""

import ast
import re

import pytest

from tests.house.source import ROOMS, SOURCE, Tree, dotted, nodes, obey, texts, whole_tree

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
MAY_SAY = {
    SOURCE + "platform/calendar_file.py": {"BEGIN"},  # of an event: a word of calendar files
}


def transactions_elsewhere(source: Tree) -> list[str]:
    """Where else a transaction is begun or ended, or a way to the database is built."""
    found = [
        (name, line, text.split()[0])
        for name, line, text in texts(source, SOURCE)
        if _SPOKEN.search(text) and text not in MAY_SAY.get(name, ())
    ]
    for name, node in nodes(source, SOURCE):
        word = _handles_transaction(node) if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and word and word not in MAY_BUILD.get(name, ()):
            found.append((name, node.lineno, word))
    return [f"{name}:{line}: {word}" for name, line, word in found if not name.startswith(DATABASE)]


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
        transactions_elsewhere(whole_tree()),
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
    SOURCE + "seed/world.py": "a seed acts before anybody can",
    SOURCE + "platform/jobs.py": "jobs act for the service",
    SOURCE + "platform/job_execution.py": "the register of runs",
    SOURCE + "platform/job_run.py": "a job's own transactions",
    SOURCE + "platform/health.py": "readiness asks which schema is there, which people may not",
    SOURCE + "platform/inbox.py": "letters are claimed and settled",
    SOURCE + "platform/outbox.py": "messages are delivered",
    SOURCE + "platform/db/restored.py": "messages of a restored dump are numbered anew",
    ROOMS + "compliance/flows.py": "a password hash is read and compared; the web pool may not",
    ROOMS + "auth/flows.py": "password hashes are read and compared; the web pool may not",
    ROOMS
    + "payments/flows/till.py": "a provider's answer is recorded; people cannot write payments",
    ROOMS + "payment_configs/flows/safe.py": "sealed keys are opened; people may not read them",
    ROOMS + "video_configs/flows/studio.py": "sealed links and keys are opened; people may not",
    ROOMS + "meetings/flows/join.py": "sealed links are opened; people may not read them",
    ROOMS + "notifications/flows/mailroom.py": "mail is claimed and recorded; people send none",
    ROOMS + "notifications/flows/account_letters.py": "tokens are made, and nobody reads them",
    ROOMS + "recurring/flows.py": "a new series is dispatched at once, as the nightly run would",
    ROOMS + "compat/flows.py": "a cron daemon is nobody, and hears what a run has made",
    ROOMS + "recordings/flows/shelf.py": "what the storage did is recorded; people only look",
    ROOMS + "live/flows/feed.py": "one reader follows the outbox, which people may not read",
    ROOMS + "subscribers/flows/courier.py": "deliveries are claimed and settled for everybody",
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
        system_actors_elsewhere(whole_tree()),
        law="Actor.system is the worker: a role with rights that no person has.",
        mend="act as the person who asked; where the service itself must act, add the place to"
        " SYSTEM_ACTORS in tests/house/test_ways_in.py with its reason.",
    )


@pytest.mark.parametrize(
    "bad", ["Actor.system('me')", "actor.Actor.system('me')", "Actor(Role.SYSTEM, None, 'me')"]
)
def test_a_system_actor_elsewhere_is_found(bad: str) -> None:
    assert system_actors_elsewhere({ROOMS + "bookings/service.py": bad})


READS_ENVIRONMENT = {
    SOURCE + "settings/groups.py": "the one place",
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
        environment_read_elsewhere(whole_tree()),
        law="Settings are read once and passed down; nobody else reads the environment.",
        mend="add a field to a group of the settings, and pass it down from main.py or wiring.py.",
    )


@pytest.mark.parametrize("bad", ["os.environ['A']", "os.getenv('A')"])
def test_a_reader_of_the_environment_is_found(bad: str) -> None:
    assert environment_read_elsewhere({ROOMS + "bookings/service.py": bad})


LOADS_SETTINGS = {
    SOURCE + "settings/__init__.py": "where they are made",
    SOURCE + "serving.py": "the roof of `consulta serve`",
    SOURCE + "cli.py": "the roof of the other commands",
    SOURCE + "demo/run.py": "the roof of `consulta demo`, which makes them up",
}


def settings_loaded_elsewhere(source: Tree) -> list[str]:
    """Where settings are made anew, instead of being taken from whoever has them."""
    return [
        f"{name}:{node.lineno}: {ast.unparse(node)[:60]}"
        for name, node in nodes(source, SOURCE)
        if isinstance(node, ast.Call)
        and re.search(r"(^|\.)\w*Settings(\.load)?$", dotted(node.func))
        and name not in LOADS_SETTINGS
    ]


def test_settings_are_loaded_once() -> None:
    obey(
        settings_loaded_elsewhere(whole_tree()),
        law="Settings are read once, at the roof, and passed down.",
        mend="take the group of settings as an argument; main.py or wiring.py passes it.",
    )


@pytest.mark.parametrize("bad", ["Settings.load()", "settings.AuthSettings()", "Settings()"])
def test_settings_loaded_elsewhere_are_found(bad: str) -> None:
    assert settings_loaded_elsewhere({ROOMS + "bookings/service.py": bad})
