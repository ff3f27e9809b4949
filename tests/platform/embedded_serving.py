"""Small embedded servers for the tests, with the proof that nothing of them is left."""

import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from consulta.platform.db.embedded import Server, running_server
from consulta.platform.db.embedded_folder import Folder

FEW: Mapping[str, str] = {"max_connections": "10", "shared_buffers": "16MB"}


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A folder that the server account can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="consulta-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def postmaster(server_data: Path) -> int:
    return int(Folder(server_data).status()[0])


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def ends_within(pid: int, *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(pid)


@contextmanager
def serving(data: Path | None = None, *, durable: bool = False) -> Iterator[Server]:
    """A small server; that nothing of it is left is part of every test that uses it."""
    with running_server(data=data, durable=durable, settings=FEW) as server:
        pid = postmaster(server.data)
        assert is_alive(pid)
        yield server
    assert not is_alive(pid)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((server.host, server.port))


async def ask(server: Server, statement: str) -> object:
    connection = await asyncpg.connect(server.dsn(), timeout=10)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()
