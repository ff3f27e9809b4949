"""The catalogue linter: the laws of the schema that PostgreSQL itself does not insist on (design
D4), asked of its catalogue in the tests and before the service serves.
"""

from dataclasses import dataclass

import asyncpg
import structlog

from consulta.platform.db.lint_power import FUNCTION_RULES, GRANT_RULES, MAY_BECOME, ROLE_RULES
from consulta.platform.db.lint_rules import KEY_RULES, POLICY_RULES, TABLE_RULES, Rule
from consulta.platform.db.migrations import SchemaState, database_state, knows_revision
from consulta.platform.db.roles import DbRole
from consulta.platform.db.work import Engines, driver_of

_log = structlog.get_logger("consulta.database")

RULES: tuple[Rule, ...] = (
    *TABLE_RULES,
    *POLICY_RULES,
    *KEY_RULES,
    *FUNCTION_RULES,
    *GRANT_RULES,
    *ROLE_RULES,
)
_SENTENCES = {rule.code: rule.sentence for rule in RULES}
_EVERY_RULE = " UNION ALL ".join(
    f"SELECT '{rule.code}' AS code, found::text AS object FROM ({rule.query}) q (found)"
    for rule in RULES
)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One object that breaks one law."""

    code: str
    object: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.object}: {self.sentence} [{self.code}]"


async def lint(connection: asyncpg.Connection) -> list[Finding]:
    """Everything in the schema `app`, its roles and logins that breaks a law, in a stable order.

    Any login may ask: it reads the catalogue alone, in one statement.
    """
    rows = await connection.fetch(_EVERY_RULE)
    return sorted(Finding(row["code"], row["object"], _SENTENCES[row["code"]]) for row in rows)


_PRIVILEGES = """
SELECT session_user AS login, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb,
    r.rolreplication,
    EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid
            AND c.relnamespace = to_regnamespace('app')) AS owns,
    ARRAY(SELECT x.rolname::text FROM pg_roles x
          WHERE x.oid <> r.oid AND pg_has_role(session_user, x.oid, 'MEMBER')
          ORDER BY x.rolname) AS becomes
FROM pg_roles r WHERE r.rolname = session_user
"""
_POWERS = {
    "rolbypassrls": "bypasses row-level security",
    "rolcreaterole": "may create roles",
    "rolcreatedb": "may create databases",
    "rolreplication": "may replicate",
}


async def privilege_problems(connection: asyncpg.Connection, *, expected: DbRole) -> list[str]:
    """What is wrong with the login behind this connection, a sentence each; never a password.

    `expected`: the login that belongs there. A service must not have more power than its name.
    """
    row = await connection.fetchrow(_PRIVILEGES)
    login = row["login"]
    if row["rolsuper"]:
        return [f"{login} is a superuser: no policy holds for it; sign in as {expected}"]
    found = [] if login == expected else [f"the connection of {expected} signs in as {login}"]
    found += [f"{login} {sentence}" for power, sentence in _POWERS.items() if row[power]]
    if row["owns"]:
        found.append(f"{login} owns tables or views of the service")
    surplus = sorted(set(row["becomes"]) - set(MAY_BECOME.get(expected, ())))
    if surplus:
        found.append(f"{login} can become {', '.join(surplus)}")
    return found


def schema_problem(found: SchemaState, code: SchemaState) -> str | None:
    """Why code and database do not fit; None where they do, or where the database is ahead."""
    if found == code:
        return None
    if found.revision is None:
        return "the database is empty: run `consulta migrate`"
    if found.revision == code.revision:
        return "functions and policies differ from those of this code: run `consulta migrate`"
    if knows_revision(found.revision):
        return (
            f"the database is at {found.revision}, behind {code.revision}: run `consulta migrate`"
        )
    # Rolling deploys: the newer version has migrated already, and older code still serves.
    _log.warning("database.ahead", found=found.revision, expected=code.revision)
    return None


async def boot_problems(engines: Engines, code: SchemaState) -> list[str]:
    """Why the service must not serve: privileged logins, laws of the schema broken, a database
    behind the code. Empty: it may. A database ahead of the code is only logged.

    Raises what the driver raises where a server cannot be reached.
    """
    pools = {DbRole.API: engines.api, DbRole.ADMIN: engines.admin, DbRole.WORKER: engines.worker}
    found: list[str] = []
    for login, engine in pools.items():
        async with engine.connect() as connection:
            driver = await driver_of(connection)
            # A transaction, so that a pooler in between keeps us on one server connection.
            async with driver.transaction(readonly=True):
                found += await privilege_problems(driver, expected=login)
                if login is DbRole.WORKER:
                    found += await _problems_of_database(driver, code)
    return found


async def _problems_of_database(connection: asyncpg.Connection, code: SchemaState) -> list[str]:
    problem = schema_problem(await database_state(connection), code)
    return [problem] if problem else [str(finding) for finding in await lint(connection)]
