"""What becomes of an embedded server whose owner was killed: it ends, and its data do not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from consulta.platform.db.embedded import find_binaries, free_port
from consulta.platform.db.embedded_binaries import server_account, usable_programs
from consulta.platform.db.embedded_folder import owned_folder
from tests.platform.embedded_serving import (
    ask,
    ends_within,
    postmaster,
    reachable_folder,
    serving,
)

OWNER = """
import sys, time
from pathlib import Path
from consulta.platform.db.embedded import running_server
data = Path(sys.argv[1]) if len(sys.argv) > 1 else None
with running_server(data=data, durable=data is not None) as server:
    print(server.dsn(), server.data, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    with reachable_folder() as folder:
        yield folder


@contextmanager
def owner_of_a_server(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, Path]]:
    command = [sys.executable, "-c", OWNER, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        try:
            assert owner.stdout
            dsn, folder = owner.stdout.readline().split()
            yield owner, dsn, Path(folder)
        finally:
            owner.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux is asked to do this")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_server_ends_with_its_killed_owner(place: Path, how: int) -> None:
    with owner_of_a_server(str(place / "data")) as (owner, dsn, folder):
        pid = postmaster(folder)
        connection = await asyncpg.connect(dsn, timeout=10)
        owner.send_signal(how)
        owner.wait(timeout=10)
        assert ends_within(pid, seconds=5)
        connection.terminate()


async def test_what_a_killed_owner_left_in_memory_is_swept_by_any_next_start() -> None:
    with owner_of_a_server() as (owner, _, folder):
        pid = postmaster(folder)
        assert folder.exists()
        owner.kill()
        owner.wait(timeout=10)
    with serving():
        assert not folder.exists()
        assert ends_within(pid, seconds=0)


async def test_data_survive_the_kill_of_the_owner_and_are_served_again(place: Path) -> None:
    data = place / "data"
    with owner_of_a_server(str(data)) as (owner, dsn, _):
        connection = await asyncpg.connect(dsn, timeout=10)
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        owner.kill()
        # No pause: the next start has to wait for the end of the former server by itself.
        owner.wait(timeout=10)
        with serving(data, durable=True) as server:
            assert await ask(server, "SELECT answer FROM kept") == 42
        connection.terminate()


async def test_a_server_that_lost_its_owner_is_ended_by_the_next_start(place: Path) -> None:
    data = place / "data"
    with serving(data):
        pass
    orphan = orphan_on(data)
    try:
        assert orphan.poll() is None
        with serving(data) as server:
            assert orphan.poll() == 0
            assert await ask(server, "SELECT 1") == 1
    finally:
        orphan.kill()
        orphan.wait()


def orphan_on(data: Path) -> subprocess.Popen[bytes]:
    """A server whose owner's lock is free, as it is found where the kernel kills no orphans."""
    programs = usable_programs(
        find_binaries(os.environ),
        account=server_account(),
        system_folder=data.parent / "system",
        tell=print,
    )
    with (
        owned_folder(
            data=data, durable=True, programs=programs, system_folder=data.parent / "system"
        ) as (folder, lock),
        folder.open_log(anew=True) as output,
    ):
        options = ("-clisten_addresses=127.0.0.1", f"-cport={free_port()}")
        orphan = programs.spawn(
            "postgres", "-D", str(folder.cluster), *options, output=output, keep=(lock,)
        )
        deadline = time.monotonic() + 20
        while folder.status()[7:] != ["ready   "] and time.monotonic() < deadline:
            time.sleep(0.02)
    return orphan
