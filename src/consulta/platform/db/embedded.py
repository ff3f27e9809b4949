"""A PostgreSQL server of our own, for `consulta demo` and the tests; never for production.

A caller that has a `DATABASE_URL` uses that server and does not come here.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from consulta.platform.db.embedded_binaries import (
    SYSTEM_FOLDER,
    NoPostgres,
    PostgresUnusable,
    Programs,
    Tell,
    find_binaries,
    server_account,
    usable_programs,
)
from consulta.platform.db.embedded_folder import AlreadyRunning, Folder, owned_folder

__all__ = [
    "AlreadyRunning",
    "Finder",
    "NoPostgres",
    "NotStarted",
    "PostgresUnusable",
    "Server",
    "find_binaries",
    "running_server",
]

HOST = "127.0.0.1"
SUPERUSER = "postgres"
INITDB_SECONDS = 120
READY_SECONDS = 60
STOP_SECONDS = 30
POLL_SECONDS = 0.01
PORT_ATTEMPTS = 5
LOG_TAIL_BYTES = 4096
LOG_TAIL_LINES = 15

Finder = Callable[[Mapping[str, str]], Path]

DEFAULT_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "timezone": "UTC",
        "log_timezone": "UTC",
        "unix_socket_directories": "",
        # Statements and refused rows may hold what people told us; the log is no place for that.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
)
FAST_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "autovacuum": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "min_wal_size": "32MB",
        "max_wal_size": "64MB",
    }
)
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


class NotStarted(PostgresUnusable):
    """The server ended, or was not ready in time; the message ends with the end of its log."""


class _PortTaken(NotStarted):
    pass


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready. `data` is its folder, which may be another than was asked for."""

    host: str
    port: int
    superuser: str
    password: str = field(repr=False)
    data: Path

    def dsn(
        self, *, database: str = "postgres", user: str | None = None, password: str | None = None
    ) -> str:
        """`postgresql://…`, quoted; without `user` that of the superuser, with its password."""
        if user is None:
            user, password = self.superuser, password or self.password
        secret = "" if password is None else ":" + quote(password, safe="")
        place = f"{self.host}:{self.port}/{quote(database, safe='')}"
        return f"postgresql://{quote(user, safe='')}{secret}@{place}"


def free_port() -> int:
    """A port of the loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _say_nothing(_text: str) -> None:
    pass


@contextmanager
def running_server(
    *,
    data: Path | None = None,
    durable: bool,
    settings: Mapping[str, str] = NO_SETTINGS,
    find: Finder = find_binaries,
    tell: Tell = _say_nothing,
    choose_port: Callable[[], int] = free_port,
    system_folder: Path = SYSTEM_FOLDER,
) -> Iterator[Server]:
    """A server is ready inside the block, and gone after it.

    Every connection needs a password (SCRAM), and only the loopback is served; `settings` (names
    of postgresql.conf) can change anything but the address and the port.

    Durable: the data stay in `data` (`./.data/pg`), with the password beside them, and survive a
    kill of anything. Not durable: a power cut or a kill may spoil them; without `data` they are
    in a new folder, in memory where there is room, which is removed at the end.

    As root the server runs as `nobody`; what that account cannot reach is kept below
    `system_folder` instead. No folder that was there before gets another mode or owner.

    On Linux the server also ends with the thread that entered the block, even at `kill -9`: enter
    it from the main thread. Elsewhere the next start on the same folder (or, for temporary ones,
    any next start) ends a server that has lost its owner.

    Raises `NoPostgres`, `AlreadyRunning`, `NotStarted` and, for an unfit folder,
    `PostgresUnusable`, of which the others are kinds.
    """
    programs = usable_programs(
        find(os.environ), account=server_account(), system_folder=system_folder, tell=tell
    )
    effective = {**DEFAULT_SETTINGS, **({} if durable else FAST_SETTINGS), **settings}
    with owned_folder(
        data=data, durable=durable, programs=programs, system_folder=system_folder
    ) as (folder, lock):
        password = _ensure_cluster(folder, programs, durable=durable, lock=lock, tell=tell)
        tell("Starting PostgreSQL")
        process, port = _start(
            folder, programs, settings=effective, lock=lock, choose_port=choose_port
        )
        try:
            yield Server(
                host=HOST, port=port, superuser=SUPERUSER, password=password, data=folder.path
            )
        finally:
            _stop(process, gently=durable)


def _ensure_cluster(
    folder: Folder, programs: Programs, *, durable: bool, lock: int, tell: Tell
) -> str:
    """There is a complete cluster; its superuser's password. One half made is made anew."""
    if folder.cluster.exists():
        try:
            return folder.password.read_text("ascii").strip()
        except OSError as error:
            raise PostgresUnusable(f"The password of {folder.cluster} is lost: {error}") from error
    tell(f"Creating a PostgreSQL {programs.major} database in {folder.path}")
    shutil.rmtree(folder.fresh_cluster, ignore_errors=True)
    password = secrets.token_urlsafe(24)
    _write_password(folder, programs, password=password)
    folder.fresh_cluster.mkdir(mode=0o700)
    _give_to_server(folder.fresh_cluster, programs)
    arguments = [
        *("-D", str(folder.fresh_cluster), "-U", SUPERUSER, "--encoding=UTF8"),
        *("--auth=scram-sha-256", f"--pwfile={folder.password}", *_locale(programs)),
    ]
    if not durable:
        arguments.append("--no-sync")
    with folder.open_log(anew=True) as output:
        process = programs.spawn("initdb", *arguments, output=output, keep=(lock,))
        try:
            code = process.wait(timeout=INITDB_SECONDS)
        except BaseException:
            process.kill()
            process.wait()
            raise
    if code != 0:
        raise NotStarted(f"initdb failed.\n{_log_tail(folder)}")
    folder.fresh_cluster.rename(folder.cluster)
    return password


def _locale(programs: Programs) -> tuple[str, ...]:
    """Code point order and Unicode letters everywhere; before 17 only libc has that locale."""
    if programs.major < 17:
        return ("--locale=C.UTF-8",)
    return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")


def _write_password(folder: Folder, programs: Programs, *, password: str) -> None:
    folder.password.unlink(missing_ok=True)
    descriptor = os.open(folder.password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(password + "\n")
        file.flush()
        os.fsync(file.fileno())
    _give_to_server(folder.password, programs)  # initdb reads it


def _give_to_server(path: Path, programs: Programs) -> None:
    if programs.account:
        os.chown(path, programs.account.uid, programs.account.gid)


def _start(
    folder: Folder,
    programs: Programs,
    *,
    settings: Mapping[str, str],
    lock: int,
    choose_port: Callable[[], int],
) -> tuple[subprocess.Popen[bytes], int]:
    for attempt in range(1, PORT_ATTEMPTS + 1):
        port = choose_port()
        fixed = {"listen_addresses": HOST, "port": str(port)}
        options = [f"-c{name}={value}" for name, value in {**settings, **fixed}.items()]
        with folder.open_log(anew=True) as output:
            process = programs.spawn(
                *("postgres", "-D", str(folder.cluster), *options), output=output, keep=(lock,)
            )
        try:
            _wait_until_ready(folder, process)
        except _PortTaken:
            if attempt == PORT_ATTEMPTS:
                raise
        except BaseException:
            _stop(process, gently=False)
            raise
        else:
            return process, port
    raise AssertionError("the last attempt returns or raises")


def _wait_until_ready(folder: Folder, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None:
        lines = folder.status()
        # The pid is compared because the file of a server that was killed still says "ready".
        if len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
            return
        if time.monotonic() > deadline:
            raise NotStarted(f"Not ready after {READY_SECONDS} s.\n{_log_tail(folder)}")
        time.sleep(POLL_SECONDS)
    tail = _log_tail(folder)
    if "Address already in use" in tail:
        raise _PortTaken(f"The port was taken {PORT_ATTEMPTS} times.\n{tail}")
    raise NotStarted(f"PostgreSQL ended with code {process.returncode}.\n{tail}")


def _stop(process: subprocess.Popen[bytes], *, gently: bool) -> None:
    """The server has ended: with its work on the disk when `gently`, at once otherwise."""
    for request in (signal.SIGINT, signal.SIGQUIT) if gently else (signal.SIGQUIT,):
        process.send_signal(request)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=STOP_SECONDS)
            return
    process.kill()
    process.wait()


def _log_tail(folder: Folder) -> str:
    with folder.log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LOG_TAIL_BYTES))
        text = file.read().decode("utf-8", "replace")
    return "\n".join(text.splitlines()[-LOG_TAIL_LINES:])
