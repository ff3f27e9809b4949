"""`consulta demo`: a server, a migrated database, a sample world, the API, and a walk-through.

Not here: what the walk-through says (walkthrough), who lives in the world (seed).
"""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import uvicorn
from pydantic import SecretStr

from consulta.demo.keys import Keys, write_private
from consulta.demo.walkthrough import Guide, banner, printed, script
from consulta.main import create_app
from consulta.platform import logging
from consulta.platform.db.dsn import Dsn
from consulta.platform.db.embedded import running_server
from consulta.platform.db.migrations import migrate
from consulta.platform.db.neighbours import neighbours_of
from consulta.platform.db.roles import LOGINS, DbRole, bootstrap
from consulta.seed import SampleWorld, seed
from consulta.serving import exit_cleanly_on_signals, loaded, server_options, settle_memory
from consulta.settings import (
    AuthSettings,
    DatabaseSettings,
    HttpSettings,
    MailSettings,
    ObservabilitySettings,
    PaymentSettings,
    ScheduleSettings,
    SecuritySettings,
    Settings,
    StorageSettings,
    SubscriberSettings,
)

DATABASE = "consulta_demo"
FOLDER = Path(".data")
MAIL = "mail"
"""The folder of mail, beside the other data."""
HOST = "127.0.0.1"
LOOPBACK = "127.0.0.0/8"
FIRST_PORT = 8000
PORTS_TRIED = 100
TOKENS_LAST_MINUTES = 1440
DRAIN_SECONDS = 5


class DemoImpossible(RuntimeError):
    """The demo cannot run; the message says why and what to do."""


def run_demo(*, port: int | None = None, folder: Path = FOLDER) -> int:
    """Serves the demo until Ctrl-C or SIGTERM, and leaves nothing running; 0.

    The data are below `folder` and survive. Raises `DemoImpossible`, and for an embedded server
    `PostgresUnusable`.
    """
    exit_cleanly_on_signals()
    listener = _listener(port)
    given = loaded().database.api.get_secret_value()
    folder.mkdir(exist_ok=True)
    with listener, _server(given, folder) as (server, home):
        keys = Keys.beside(home)
        _prepare(server, keys, is_ours=not given)
        settings = _settings(server, keys, folder, port=listener.getsockname()[1])
        logging.configure(settings.observability)
        app = create_app(settings)
        tell("Filling it with a small world")
        world = asyncio.run(seed(app, tell=tell))
        settle_memory()
        guide = _guide(settings, world, folder)
        _Announcing(uvicorn.Config(app, **server_options(settings)), guide).run([listener])
    return 0


def tell(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the demo speaks to the person in front of it


class _Announcing(uvicorn.Server):
    """Says what can be done as soon as it can be done."""

    def __init__(self, config: uvicorn.Config, guide: Guide) -> None:
        super().__init__(config)
        self.guide = guide

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            tell(banner(self.guide))
            tell(printed(self.guide))


@contextmanager
def _server(given: str, folder: Path) -> Iterator[tuple[Dsn, Path]]:
    """A server on which we may do everything, and where to keep what belongs to its data."""
    if given:
        tell("Using the server of DATABASE_URL")
        yield Dsn(given), folder
        return
    with running_server(data=folder / "pg", durable=True, tell=tell) as server:
        yield Dsn(server.dsn()), server.data


def _prepare(server: Dsn, keys: Keys, *, is_ours: bool) -> None:
    """Roles, logins and the database are there and up to date."""
    passwords = {login: keys.password_of(login) for login in LOGINS}
    try:
        if not is_ours:
            _ensure_alone(server)
        asyncio.run(bootstrap(server, database=DATABASE, passwords=passwords))
        tell("Migrating the database")
        asyncio.run(migrate(_login(server, keys, DbRole.MIGRATOR)))
    except (OSError, asyncpg.PostgresError) as error:
        raise DemoImpossible(
            f"The server of DATABASE_URL cannot be used ({type(error).__name__}). The demo needs a"
            " login that may create roles and databases; without DATABASE_URL it brings its own."
        ) from error


def _ensure_alone(server: Dsn) -> None:
    """New passwords for the logins would lock out another Consulta on the same server."""
    others = asyncio.run(neighbours_of(server, database=DATABASE))
    if others:
        raise DemoImpossible(
            f"Another Consulta lives on this server, in {others[0]}: the demo would change the"
            " passwords of its logins. Take another server, or unset DATABASE_URL."
        )


def _login(server: Dsn, keys: Keys, login: DbRole) -> Dsn:
    return server.with_database(DATABASE).with_login(login, keys.password_of(login))


def _settings(server: Dsn, keys: Keys, folder: Path, *, port: int) -> Settings:
    """Development settings around the demo's own secrets. Whatever keys of a payment provider the
    environment has, they are left alone: a demo charges nobody.
    """

    def address(login: DbRole) -> SecretStr:
        return SecretStr(_login(server, keys, login).text)

    return Settings(
        environment="development",
        database=DatabaseSettings(
            api=address(DbRole.API), admin=address(DbRole.ADMIN), worker=address(DbRole.WORKER)
        ),
        auth=AuthSettings(
            jwt_secret=SecretStr(keys.jwt_secret), access_minutes=TOKENS_LAST_MINUTES
        ),
        payments=PaymentSettings(
            provider="sandbox",
            stripe_secret_key=SecretStr(""),
            stripe_publishable_key="",
            stripe_webhook_secret=SecretStr(""),
            razorpay_key_id="",
            paytabs_profile_id=0,
        ),
        http=HttpSettings(
            host=HOST,
            port=port,
            workers=1,
            public_url=f"http://{HOST}:{port}",
            docs=True,
            drain_seconds=DRAIN_SECONDS,
        ),
        schedule=ScheduleSettings(enabled=True, cron_secret=SecretStr(keys.cron_secret)),
        # The walk-through listens to webhooks on this machine.
        subscribers=SubscriberSettings(allow_private=(LOOPBACK,)),
        mail=MailSettings(delivery="folder", folder=str(folder / MAIL)),
        storage=StorageSettings(provider="local", folder=str(folder / "recordings")),
        observability=ObservabilitySettings(
            sentry_dsn=SecretStr(""), log_level="WARNING", log_format="text"
        ),
        security=SecuritySettings(encryption_keys=SecretStr(keys.encryption_keys)),
    )


def _guide(settings: Settings, world: SampleWorld, folder: Path) -> Guide:
    """The walk-through also lies in a file, for those who would rather run than paste."""
    path = folder / "walkthrough.sh"
    guide = Guide(
        root=settings.http.public_url,
        world=world,
        cron_secret=settings.schedule.cron_secret.get_secret_value(),
        file=path,
        mail=folder / MAIL,
    )
    write_private(path, script(guide), mode=0o700)
    return guide


def _listener(port: int | None) -> socket.socket:
    """A bound socket: `port` or nothing, else 8000 or the next one that is free."""
    wanted = range(FIRST_PORT, FIRST_PORT + PORTS_TRIED) if port is None else (port,)
    for number in wanted:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, number))
        except OSError:
            listener.close()
        else:
            return listener
    raise DemoImpossible(f"Port {wanted[0]} of {HOST} is taken: choose another with --port.")
