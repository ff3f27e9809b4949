"""What `consulta doctor` looks at: settings, logins, schema, keys and clocks, told in sentences."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import asyncpg
from pydantic import SecretStr

from consulta.platform.crypto import BadKeys, Vault
from consulta.platform.db.dsn import Dsn
from consulta.platform.db.linter import lint, privilege_problems, schema_problem
from consulta.platform.db.lost_keys import lost_keys
from consulta.platform.db.migrations import SchemaState, code_state, database_state
from consulta.platform.db.restored import messages_ahead
from consulta.platform.db.roles import DbRole
from consulta.settings import Settings

_CONNECT_SECONDS = 5
_ASK_SECONDS = 10
_MOST_SKEW_SECONDS = 5.0
_LATEST_MILLISECONDS = {
    DbRole.API: {"statement": 5_000, "lock": 2_000, "idle_in_transaction_session": 10_000},
    DbRole.ADMIN: {"statement": 5_000, "lock": 2_000, "idle_in_transaction_session": 10_000},
    DbRole.WORKER: {"statement": 60_000, "lock": 5_000, "idle_in_transaction_session": 60_000},
}
_VARIABLES = {
    DbRole.API: "DATABASE_URL",
    DbRole.ADMIN: "ADMIN_DATABASE_URL",
    DbRole.WORKER: "WORKER_DATABASE_URL",
}


class Verdict(StrEnum):
    """How a check ended. A warning asks for a look, a failure forbids serving."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, in a sentence that holds no secret."""

    verdict: Verdict
    sentence: str

    def __str__(self) -> str:
        return f"{self.verdict:<4}  {self.sentence}"


@dataclass(slots=True)
class Report:
    """Everything that was looked at, in the order of looking."""

    checks: list[Check] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 where nothing failed, else 1; warnings do not fail."""
        return int(any(check.verdict is Verdict.FAIL for check in self.checks))

    def lines(self) -> list[str]:
        """A line for each check and one for the sum, ready to be printed."""
        counts = dict.fromkeys(Verdict, 0)
        for check in self.checks:
            counts[check.verdict] += 1
        total = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        return [*map(str, self.checks), total]

    def add(self, verdict: Verdict, sentence: str) -> None:
        self.checks.append(Check(verdict, sentence))

    def judge(self, problems: list[str], *, fine: str, warns: bool = False) -> None:
        """A failure or a warning for each problem, or one sentence that says what is fine."""
        for problem in problems:
            self.add(Verdict.WARN if warns else Verdict.FAIL, problem)
        if not problems:
            self.add(Verdict.OK, fine)


@dataclass(frozen=True, slots=True)
class Examination:
    """Something more to look at as the worker: its problems, or a sentence that all is well."""

    problems: Callable[[asyncpg.Connection], Awaitable[list[str]]]
    fine: str
    warns: bool = False
    """Whether its problems ask for a look, and do not forbid serving."""


async def examine(settings: Settings, *, also: Sequence[Examination] = ()) -> Report:
    """Looks at everything the service needs and changes nothing; what cannot be reached is a
    failure in the report, never an exception.
    """
    report = Report()
    report.judge(settings.problems(), fine="the settings are complete and safe")
    fine = "the outbox is numbered by this server"
    also = [*also, Examination(messages_ahead, fine=fine, warns=True)]
    vault = _examine_keys(settings, report)
    if vault is not None:
        also = [
            *also,
            Examination(_keys_of(vault), fine="all that is sealed has its key", warns=True),
        ]
    logins = {
        DbRole.API: settings.database.api,
        DbRole.ADMIN: settings.database.admin,
        DbRole.WORKER: settings.database.worker,
    }
    for login, address in logins.items():
        if address.get_secret_value():
            await _examine_login(login, address, report, also if login is DbRole.WORKER else ())
    return report


def _examine_keys(settings: Settings, report: Report) -> Vault | None:
    text = settings.security.encryption_keys.get_secret_value()
    if not text:  # The settings have said so already.
        return None
    try:
        vault = Vault.from_text(text)
    except BadKeys as error:
        report.add(Verdict.FAIL, f"ENCRYPTION_KEYS: {error}")
        return None
    report.add(Verdict.OK, f"{len(vault.keys)} encryption keys can be read, {vault.active!r} seals")
    return vault


def _keys_of(vault: Vault) -> Callable[[asyncpg.Connection], Awaitable[list[str]]]:
    async def problems(connection: asyncpg.Connection) -> list[str]:
        return await lost_keys(connection, vault.keys)

    return problems


async def _examine_login(
    login: DbRole, address: SecretStr, report: Report, also: Sequence[Examination]
) -> None:
    try:
        async with _connected(Dsn(address.get_secret_value())) as connection:
            report.add(Verdict.OK, f"{_VARIABLES[login]}: connected as {login}")
            report.judge(
                await privilege_problems(connection, expected=login),
                fine=f"{login} has no power of its own",
            )
            report.judge(
                [sentence async for sentence in _loose_timeouts(connection, login)],
                fine=f"{login} has its time-outs",
            )
            if login is DbRole.WORKER:
                await _examine_database(connection, report, also)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        report.add(Verdict.FAIL, f"{_VARIABLES[login]}: {_reason(error)}")


@asynccontextmanager
async def _connected(dsn: Dsn) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(
        dsn.text, timeout=_CONNECT_SECONDS, command_timeout=_ASK_SECONDS
    )
    try:
        yield connection
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)


def _reason(error: BaseException) -> str:
    """What went wrong, without the driver's own words: those may repeat an address."""
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():
            return "the server refuses this login or its password"
        case asyncpg.InvalidCatalogNameError():
            return "there is no such database: run `consulta db bootstrap`"
        case asyncpg.InsufficientPrivilegeError():
            return "the login may not enter this database: run `consulta db bootstrap`"
        case asyncpg.PostgresError():
            return f"the server answered with SQLSTATE {error.sqlstate}"
        case TimeoutError():
            return "the server did not answer in time"
        case _:
            return f"the server cannot be reached ({type(error).__name__})"


async def _loose_timeouts(connection: asyncpg.Connection, login: DbRole) -> AsyncIterator[str]:
    for name, latest in _LATEST_MILLISECONDS[login].items():
        milliseconds = int(
            await connection.fetchval(
                "SELECT setting FROM pg_settings WHERE name = $1", f"{name}_timeout"
            )
        )
        if not 0 < milliseconds <= latest:
            yield f"{login}: {name}_timeout is {milliseconds} ms and should be at most {latest} ms"


async def _examine_database(
    connection: asyncpg.Connection, report: Report, also: Sequence[Examination]
) -> None:
    await _examine_server(connection, report)
    code = code_state()
    found = await database_state(connection)
    problem = schema_problem(found, code)
    if problem:
        report.add(Verdict.FAIL, problem)
        return
    report.checks.extend(_told(found, code))
    findings = await lint(connection)
    report.judge([str(finding) for finding in findings], fine="the schema breaks no law")
    for one in also:
        report.judge(await one.problems(connection), fine=one.fine, warns=one.warns)


def _told(found: SchemaState, code: SchemaState) -> Iterator[Check]:
    if found == code:
        yield Check(Verdict.OK, f"the database is at {found.revision}, as this code is")
    else:
        yield Check(
            Verdict.WARN, f"the database is at {found.revision}, ahead of this code: deploy it soon"
        )


async def _examine_server(connection: asyncpg.Connection, report: Report) -> None:
    version = connection.get_server_version()
    verdict = Verdict.OK if version.major >= 15 else Verdict.FAIL
    report.add(verdict, f"PostgreSQL {version.major}.{version.minor} (15 or newer is needed)")
    if await connection.fetchval("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'"):
        report.add(Verdict.OK, "the extension btree_gist is installed")
    else:
        report.add(Verdict.FAIL, "the extension btree_gist is missing: run `consulta db bootstrap`")
    skew = await _clock_skew_seconds(connection)
    verdict = Verdict.OK if abs(skew) <= _MOST_SKEW_SECONDS else Verdict.WARN
    report.add(verdict, f"the clocks of this host and the database differ by {abs(skew):.1f} s")


async def _clock_skew_seconds(connection: asyncpg.Connection) -> float:
    """How far the host's clock is ahead of the server's; the way there and back is halved.

    The database decides about time (D5), but tokens and webhook signatures are checked by the host.
    """
    began = time.monotonic()
    theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
    ours = datetime.now(UTC)
    return (ours - theirs).total_seconds() - (time.monotonic() - began) / 2
