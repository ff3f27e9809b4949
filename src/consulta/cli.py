"""The command line: `consulta demo | serve | migrate | seed | openapi | job run | mail | reconcile
| keys rotate | db bootstrap | doctor`. Here are the arguments and the words; the work is done by
the rooms.
"""

import argparse
import asyncio
import logging
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from consulta import __version__
from consulta.demo import DemoImpossible, mailbox, run_demo
from consulta.demo.mailbox import NoSuchMail
from consulta.features.receipts.queries import ledger_flaws
from consulta.features.reconciliation.flows import look_back
from consulta.kernel.actor import Actor
from consulta.kernel.errors import DomainError
from consulta.main import create_app, engines_of
from consulta.platform.crypto import Vault
from consulta.platform.db.doctor import Examination, Report, examine
from consulta.platform.db.dsn import Dsn
from consulta.platform.db.embedded import PostgresUnusable
from consulta.platform.db.migrations import code_state, migrate
from consulta.platform.db.roles import DbRole, bootstrap
from consulta.platform.jobs import Outcome, RunState, UnknownJob
from consulta.platform.logging import configure as configure_logging
from consulta.providers.storage.port import privacy_flaws
from consulta.seed import SeedRefused, seed
from consulta.serving import REFUSED, NotServed, contract, ensure_servable, loaded, serve
from consulta.settings import DatabaseSettings, Settings
from consulta.vendors import storage_of
from consulta.wiring import SEALED_TABLES, wire

CONTRACT = Path("openapi/openapi.json")

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; its exit code: 0 done, 1 it failed, 2 misused, 3 refused as unsafe."""
    parsed = parser().parse_args(arguments)
    command: Command = parsed.command
    try:
        return command(parsed)
    except NotServed as refusal:
        complain("The service refuses to run:")
        for reason in refusal.reasons:
            complain(f"  - {reason}")
        return REFUSED
    except (DomainError, PostgresUnusable, DemoImpossible, SeedRefused, NoSuchMail) as error:
        complain(str(error))
        return 1
    except BrokenPipeError:
        # Whoever read this has read enough, as `head` does; the flush at the end would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (OSError, asyncpg.PostgresError, SQLAlchemyError) as error:
        # The driver's own words may repeat an address.
        complain(f"The database server cannot be used ({type(error).__name__}).")
        return 1
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    top = argparse.ArgumentParser(
        prog="consulta", description="Booking and payments backend for specialists."
    )
    top.add_argument("--version", action="version", version=f"consulta {__version__}")
    commands = top.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser("demo", help="a populated service on a database of its own")
    demo.add_argument("--port", type=_port, help="default: 8000, or the next free one")
    demo.set_defaults(command=lambda parsed: run_demo(port=parsed.port))

    commands.add_parser("serve", help="serve the API").set_defaults(command=_serve)
    commands.add_parser(
        "migrate", help="bring the database to this code's version (MIGRATOR_DATABASE_URL)"
    ).set_defaults(command=_migrate)
    commands.add_parser(
        "seed", help="put the sample world into a development database"
    ).set_defaults(command=_seed)

    openapi = commands.add_parser("openapi", help="write the API document")
    openapi.add_argument("--output", type=Path, help="a file, or - (default: openapi/openapi.json)")
    openapi.add_argument("--check", action="store_true", help="write nothing; 1 if it differs")
    openapi.set_defaults(command=_openapi)

    job = commands.add_parser("job", help="scheduled work").add_subparsers(
        required=True, metavar="run"
    )
    run = job.add_parser("run", help="run a job now")
    run.add_argument("name", help="such as bookings.expire, or its name below /api/cron/")
    run.set_defaults(command=_run_job)

    _add_mail(commands)
    keys = commands.add_parser("keys", help="the keys of stored secrets").add_subparsers(
        required=True, metavar="rotate"
    )
    keys.add_parser(
        "rotate", help="put all that is sealed under the first of ENCRYPTION_KEYS"
    ).set_defaults(command=_rotate)

    reconcile = commands.add_parser(
        "reconcile", help="hold the payment providers' books against ours, and mend what differs"
    )
    reconcile.add_argument(
        "--since", type=_moment, help="look back so far, such as 2026-03-01T00:00Z"
    )
    reconcile.set_defaults(command=_reconcile)

    _add_db(commands)
    commands.add_parser(
        "doctor", help="say what is wrong with configuration, roles, policies and keys"
    ).set_defaults(command=_doctor)
    return top


def _add_db(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    db = commands.add_parser("db", help="the database server").add_subparsers(
        required=True, metavar="bootstrap"
    )
    bootstrap = db.add_parser(
        "bootstrap", help="make roles, logins, database and schema (BOOTSTRAP_DATABASE_URL)"
    )
    bootstrap.add_argument("--database", help="its name (default: that of DATABASE_URL)")
    bootstrap.set_defaults(command=_bootstrap)


def _add_mail(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    mail = commands.add_parser("mail", help="mail in a folder (MAIL_FOLDER)").add_subparsers(
        required=True, metavar="list | show"
    )
    listing = mail.add_parser("list", help="what was written, the oldest first")
    listing.add_argument("--to", metavar="ADDRESS", help="only what went there")
    listing.set_defaults(command=_list_mail)
    showing = mail.add_parser("show", help="one mail")
    showing.add_argument("number", type=int, help="as in the list")
    showing.set_defaults(command=_show_mail)


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65_535:
        raise ValueError
    return number


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def say(text: str) -> None:
    print(text, flush=True)


def complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _serve(_parsed: argparse.Namespace) -> int:
    serve(loaded())
    return 0


def _migrate(_parsed: argparse.Namespace) -> int:
    address = loaded().database.migrator.get_secret_value()
    if not address:
        raise NotServed(["MIGRATOR_DATABASE_URL is not set"])
    dsn = Dsn(address)
    say(f"Migrating {dsn.database} to {code_state().revision}")
    begun = time.monotonic()
    with _alembic_told():
        changed = asyncio.run(migrate(dsn))
    took = f"{time.monotonic() - begun:.1f} s"
    say(f"Done in {took}" if changed else "Nothing to do: the database is up to date")
    return 0


def _seed(_parsed: argparse.Namespace) -> int:
    settings = loaded()
    if settings.is_production:
        raise NotServed(["the sample world is for development: CONSULTA_ENV is production"])
    ensure_servable(settings)
    _log_little(settings)
    asyncio.run(seed(create_app(settings), tell=say))
    say("The sample world is in place")
    return 0


def _openapi(parsed: argparse.Namespace) -> int:
    text = contract()
    if str(parsed.output) == "-":
        sys.stdout.write(text)
        return 0
    path = parsed.output or CONTRACT
    if parsed.check:
        if path.is_file() and path.read_text("utf-8") == text:
            return 0
        complain(f"{path} differs from the code: run `consulta openapi` and look at the difference")
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    say(f"Wrote {path}")
    return 0


def _run_job(parsed: argparse.Namespace) -> int:
    settings = loaded()
    ensure_servable(settings)
    _log_little(settings)
    return _told(asyncio.run(_outcome(settings, parsed.name)))


def _list_mail(parsed: argparse.Namespace) -> int:
    for line in mailbox.listed(mailbox.folder_of(loaded().mail), to=parsed.to):
        say(line)
    return 0


def _show_mail(parsed: argparse.Namespace) -> int:
    for line in mailbox.shown(mailbox.folder_of(loaded().mail), parsed.number):
        say(line)
    return 0


def _reconcile(parsed: argparse.Namespace) -> int:
    settings = loaded()
    ensure_servable(settings)
    _log_little(settings)
    return _told(asyncio.run(_outcome(settings, "reconciliation.compare", since=parsed.since)))


def _told(outcome: Outcome) -> int:
    counts = outcome.counts
    say(f"{outcome.job}: {outcome.state}" + ("" if outcome.is_ours else " (another run)"))
    for name, value in (outcome.result or {}).items():
        if isinstance(value, int):
            say(f"  {name}: {value}")
    say(f"  {counts.done} done, {counts.skipped} skipped, {counts.failed} failed")
    if outcome.last_error:
        complain(f"  last error: {outcome.last_error}")
    return 1 if outcome.state is RunState.FAILED or counts.failed else 0


async def _outcome(settings: Settings, name: str, *, since: datetime | None = None) -> Outcome:
    keys = settings.security.encryption_keys.get_secret_value()
    service = wire(settings, engines_of(settings), vault=Vault.from_text(keys))
    try:
        try:
            found = service.jobs.behind_cron(name)
        except UnknownJob:
            found = service.jobs.named(name)
        if since is not None:
            await look_back(service.till, since)
        return await service.jobs.run_now(found.name, triggered_by="cli")
    finally:
        await service.stop()


def _rotate(_parsed: argparse.Namespace) -> int:
    settings = loaded()
    ensure_servable(settings)
    _log_little(settings)
    vault = Vault.from_text(settings.security.encryption_keys.get_secret_value())
    left = False
    for table, counts in asyncio.run(_rotated(settings, vault)).items():
        under = counts.pop(vault.active, 0)
        say(f"{table}: {under} are under {vault.active!r}, {sum(counts.values())} are not")
        for key_id, count in counts.items():
            complain(f"  {count} are still under {key_id!r}: keep that key, and run this again")
        left = left or bool(counts)
    return 1 if left else 0


async def _rotated(settings: Settings, vault: Vault) -> dict[str, dict[str, int]]:
    """How many rows of each table are under each key, once no run changes that any more."""
    service = wire(settings, engines_of(settings), vault=vault)
    before: dict[str, dict[str, int]] | None = None
    try:
        while True:
            await service.jobs.run_now("keys.rewrap", triggered_by="cli")
            async with service.database.read(Actor.system("cli")) as work:
                now = {one.table: await one.rows_by_key(work) for one in SEALED_TABLES}
            if now == before or all(found.keys() <= {vault.active} for found in now.values()):
                return now
            before = now
    finally:
        await service.stop()


def _bootstrap(parsed: argparse.Namespace) -> int:
    database = loaded().database
    address = database.bootstrap.get_secret_value()
    if not address:
        raise NotServed(["BOOTSTRAP_DATABASE_URL is not set: a login that may create roles"])
    server = Dsn(address)
    given = _given_logins(database)
    name = parsed.database or next((dsn.database for dsn in given.values()), "consulta")
    passwords = {login: dsn.password for login, dsn in given.items()}
    made = {login: secrets.token_urlsafe(24) for login in _NEEDED if login not in given}
    report = asyncio.run(bootstrap(server, database=name, passwords={**passwords, **made}))
    for line in report.lines:
        say(line)
    if made:
        say("\nThese addresses are shown once. Keep them where the service finds its secrets:\n")
    for login, password in made.items():
        say(f"{_NEEDED[login]}={server.with_database(name).with_login(login, password).text}")
    return 0


_NEEDED = {
    DbRole.API: "DATABASE_URL",
    DbRole.ADMIN: "ADMIN_DATABASE_URL",
    DbRole.WORKER: "WORKER_DATABASE_URL",
    DbRole.MIGRATOR: "MIGRATOR_DATABASE_URL",
}


def _given_logins(database: DatabaseSettings) -> dict[DbRole, Dsn]:
    """The service's own addresses, as far as they are set; each must be that of its login."""
    addresses = {
        DbRole.API: database.api,
        DbRole.ADMIN: database.admin,
        DbRole.WORKER: database.worker,
        DbRole.MIGRATOR: database.migrator,
    }
    given = {
        login: Dsn(address.get_secret_value())
        for login, address in addresses.items()
        if address.get_secret_value()
    }
    wrong = [
        f"{_NEEDED[login]} must be the address of {login}, with a password"
        for login, dsn in given.items()
        if dsn.user != login or not dsn.password
    ]
    if len({dsn.database for dsn in given.values()}) > 1:
        wrong.append("the addresses of the logins name different databases")
    if wrong:
        raise NotServed(wrong)
    return given


def _log_little(settings: Settings) -> None:
    """For commands that speak themselves: what goes wrong, on the standard error."""
    quiet = settings.observability.model_copy(update={"log_level": "WARNING"})
    configure_logging(quiet, stream=sys.stderr)


@contextmanager
def _alembic_told() -> Iterator[None]:
    """Each version is named while it is being applied."""
    logger = logging.getLogger("alembic.runtime.migration")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("  %(message)s"))
    handler.addFilter(lambda record: record.getMessage().startswith("Running"))
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def _doctor(_parsed: argparse.Namespace) -> int:
    books = Examination(ledger_flaws, fine="payments, ledger and receipts agree")
    report = asyncio.run(_examined(loaded(), books))
    for line in report.lines():
        say(line)
    return report.exit_code


async def _examined(settings: Settings, books: Examination) -> Report:
    report = await examine(settings, also=[books])
    if not settings.storage_problems():  # They were told already.
        flaws = await privacy_flaws(storage_of(settings))
        report.judge(flaws, fine="the storage of recordings refuses strangers")
    return report


if __name__ == "__main__":
    raise SystemExit(main())
