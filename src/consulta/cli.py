"""The command line: `consulta demo | serve | migrate | seed | openapi | job run | db bootstrap |
doctor`. Here are the arguments and the words; the work is done by the rooms.
"""

import argparse
import asyncio
import logging
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from consulta import __version__
from consulta.bootstrapping import bootstrap_from
from consulta.contract import document, drift
from consulta.demo import run_demo
from consulta.kernel.errors import DomainError
from consulta.main import engines_of
from consulta.platform.crypto import Vault
from consulta.platform.db.dsn import Dsn
from consulta.platform.db.embedded import PostgresUnusable
from consulta.platform.db.migrations import code_state, migrate
from consulta.platform.jobs import UnknownJob
from consulta.seed import seed_world
from consulta.serving import REFUSED, NotServed, loaded, serve
from consulta.settings import Settings
from consulta.wiring import Service, wire

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
    except (DomainError, PostgresUnusable) as error:
        complain(str(error))
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

    db = commands.add_parser("db", help="the database server").add_subparsers(
        required=True, metavar="bootstrap"
    )
    bootstrap = db.add_parser(
        "bootstrap", help="make roles, logins, database and schema (BOOTSTRAP_DATABASE_URL)"
    )
    bootstrap.add_argument("--database", help="its name (default: that of DATABASE_URL)")
    bootstrap.set_defaults(command=_bootstrap)

    commands.add_parser(
        "doctor", help="say what is wrong with configuration, roles, policies and keys"
    ).set_defaults(command=_doctor)
    return top


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
