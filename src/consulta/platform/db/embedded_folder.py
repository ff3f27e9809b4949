"""The folder of one embedded server: its place, its owner, and what the dead left in it.

`owner.lock` is held by the process that runs the server, `server.lock` by the server and its
children. Who has the first and cannot have the second has found a server without an owner.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from consulta.platform.db.embedded_binaries import (
    PostgresUnusable,
    Programs,
    ensure_system_folder,
    is_reachable,
)

DEFAULT_FOLDER = Path(".data/pg")
MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 (our folder in it has a random name and mode)
MEMORY_BYTES_NEEDED = 512 * 1024 * 1024
TEMPORARY_PREFIX = "consulta-pg-"
FORMER_SERVER_SECONDS = 30
POLL_SECONDS = 0.02


class AlreadyRunning(PostgresUnusable):
    """A live process runs a server on this folder; `port` is its port, or None while it starts."""

    def __init__(self, path: Path, *, port: int | None) -> None:
        self.port = port
        where = f"on port {port}" if port else "and is just starting"
        super().__init__(f"A PostgreSQL server already uses {path} {where}.")


@dataclass(frozen=True, slots=True)
class Folder:
    """Names inside the folder. Only `cluster` belongs to the server account."""

    path: Path

    @property
    def cluster(self) -> Path:
        return self.path / "cluster"

    @property
    def fresh_cluster(self) -> Path:
        return self.path / "cluster.new"

    @property
    def password(self) -> Path:
        return self.path / "password"

    @property
    def log(self) -> Path:
        return self.path / "server.log"

    @property
    def owner_lock(self) -> Path:
        return self.path / "owner.lock"

    @property
    def server_lock(self) -> Path:
        return self.path / "server.lock"

    def open_log(self, *, anew: bool) -> IO[bytes]:
        """The log for appending, or emptied first; only we may read it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if anew else 0)
        return os.fdopen(os.open(self.log, flags, 0o600), "ab")

    def status(self) -> list[str]:
        """The lines of the server's `postmaster.pid`: pid, folder, start, port, …, state."""
        try:
            with (self.cluster / "postmaster.pid").open("rb") as file:
                return file.read(4096).decode("utf-8", "replace").splitlines()
        except OSError:
            return []


@contextmanager
def owned_folder(
    *, data: Path | None, durable: bool, programs: Programs, system_folder: Path
) -> Iterator[tuple[Folder, int]]:
    """A folder that is ours alone, and the descriptor of its `server.lock` for the server to keep.

    A server that was left in it without an owner has been stopped. Without `data`, a folder that
    is not durable is new, and removed at the end. Raises `AlreadyRunning`, `PostgresUnusable`.
    """
    temporary = data is None and not durable
    if temporary:
        base = _temporary_base(programs, system_folder=system_folder)
        _sweep(base, programs=programs)
        folder, owner = _new_temporary_folder(base, programs=programs)
    else:
        path = _durable_path(data or DEFAULT_FOLDER, programs, system_folder=system_folder)
        folder = Folder(path)
        taken = _take(folder.owner_lock)
        if taken is None:
            raise AlreadyRunning(folder.path, port=_port_of(folder))
        owner = taken
    try:
        server = _lock_after_former_server(folder, programs=programs)
        try:
            yield folder, server
        finally:
            os.close(server)
    finally:
        if temporary:
            shutil.rmtree(folder.path, ignore_errors=True)
        os.close(owner)


def _durable_path(data: Path, programs: Programs, *, system_folder: Path) -> Path:
    path = data.resolve()
    if programs.account and not is_reachable(path):
        ensure_system_folder(system_folder)
        words = re.sub(r"[^a-z0-9]+", "-", "-".join(path.parts[-2:]).lower()).strip("-")[:40]
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
        path = system_folder / f"{words}-{digest}"
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(_folder_mode(programs) if folder == path else 0o755)
    status = path.stat()
    if status.st_uid != os.geteuid():
        raise PostgresUnusable(f"{path} belongs to another user; use a folder of your own.")
    if status.st_mode & 0o002:
        raise PostgresUnusable(f"{path} may be written by anybody; take that permission away.")
    return path


def _folder_mode(programs: Programs) -> int:
    """As root, the server account must pass through, but neither list nor write."""
    return 0o711 if programs.account else 0o700


def _temporary_base(programs: Programs, *, system_folder: Path) -> Path:
    if (
        os.access(MEMORY_FOLDER, os.W_OK | os.X_OK)
        and shutil.disk_usage(MEMORY_FOLDER).free >= MEMORY_BYTES_NEEDED
    ):
        return MEMORY_FOLDER
    base = Path(tempfile.gettempdir())
    if programs.account and not is_reachable(base):
        ensure_system_folder(system_folder)
        return system_folder
    return base


def _new_temporary_folder(base: Path, *, programs: Programs) -> tuple[Folder, int]:
    """It gets the name by which a sweep finds it only when its lock is held."""
    unnamed = Path(tempfile.mkdtemp(dir=base, prefix="consulta-new-"))
    unnamed.chmod(_folder_mode(programs))
    owner = _take(Folder(unnamed).owner_lock)
    if owner is None:
        raise PostgresUnusable(f"{unnamed} is new, and yet somebody has locked it.")
    named = base / unnamed.name.replace("consulta-new-", TEMPORARY_PREFIX)
    unnamed.rename(named)
    return Folder(named), owner


def _sweep(base: Path, *, programs: Programs) -> None:
    """The temporary folders of owners that were killed are gone, and so are their servers."""
    for path in base.glob(f"{TEMPORARY_PREFIX}*"):
        try:
            if path.is_symlink() or path.lstat().st_uid != os.geteuid():
                continue
            owner = _take(Folder(path).owner_lock)
        except OSError:  # its owner removes it at this moment
            continue
        if owner is None:
            continue
        try:
            os.close(_lock_after_former_server(Folder(path), programs=programs))
            shutil.rmtree(path, ignore_errors=True)
        except PostgresUnusable:
            continue
        finally:
            os.close(owner)


def _lock_after_former_server(folder: Folder, *, programs: Programs) -> int:
    """`server.lock` is ours: no process of a former server lives, or `PostgresUnusable`."""
    descriptor = _take(folder.server_lock)
    if descriptor is not None:
        return descriptor
    _stop_former_server(folder, programs=programs)
    deadline = time.monotonic() + FORMER_SERVER_SECONDS
    while time.monotonic() < deadline:
        descriptor = _take(folder.server_lock)
        if descriptor is not None:
            return descriptor
        time.sleep(POLL_SECONDS)
    raise PostgresUnusable(f"A former PostgreSQL server on {folder.path} does not end.")


def _stop_former_server(folder: Folder, *, programs: Programs) -> None:
    # As the server account and not as root: the pid comes from a file which that account writes.
    seconds = str(FORMER_SERVER_SECONDS)
    arguments = ("stop", "-D", str(folder.cluster), "-m", "fast", "-w", "-t", seconds)
    with folder.open_log(anew=False) as output:
        process = programs.spawn("pg_ctl", *arguments, output=output)
        try:
            process.wait(timeout=FORMER_SERVER_SECONDS + 5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port_of(folder: Folder) -> int | None:
    lines = folder.status()
    return int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else None


def _take(path: Path) -> int | None:
    """A descriptor that holds the lock until it and its heirs are closed, or None."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
