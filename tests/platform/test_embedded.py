"""The embedded server: who gets in, what survives, and what is left behind (nothing)."""

import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from consulta.platform.db.embedded import (
    AlreadyRunning,
    NotStarted,
    PostgresUnusable,
    Server,
    find_binaries,
    running_server,
)
from consulta.platform.db.embedded_folder import Folder
from tests.platform.embedded_serving import FEW, ask, postmaster, reachable_folder, serving

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
MEGABYTE = 1024 * 1024


@pytest.fixture
def place() -> Iterator[Path]:
    with reachable_folder() as folder:
        yield folder


async def test_only_the_right_password_gets_in() -> None:
    with serving() as server:
        assert await ask(server, "SELECT current_user") == "postgres"
        for wrong in ("", "postgres", server.password + "x"):
            with pytest.raises(asyncpg.InvalidPasswordError):
                await asyncpg.connect(
                    host=server.host, port=server.port, user="postgres", password=wrong, timeout=10
                )
        rules = await ask(
            server, "SELECT string_agg(DISTINCT auth_method, ' ') FROM pg_hba_file_rules"
        )
        assert rules == "scram-sha-256"


def test_the_password_is_kept_from_prying_eyes(place: Path) -> None:
    with serving(place / "data") as server:
        assert server.password not in repr(server)
        assert Folder(server.data).password.stat().st_mode & 0o777 == 0o600
        assert Folder(server.data).cluster.stat().st_mode & 0o777 == 0o700
        command = Path(f"/proc/{postmaster(server.data)}/cmdline").read_text()
        assert "listen_addresses=127.0.0.1" in command
        assert server.password not in command


def test_a_dsn_quotes_what_it_is_given() -> None:
    server = Server(host="127.0.0.1", port=5, superuser="postgres", password="p@/s", data=Path())
    assert server.dsn() == "postgresql://postgres:p%40%2Fs@127.0.0.1:5/postgres"
    assert server.dsn(user="a b", database="x/y") == "postgresql://a%20b@127.0.0.1:5/x%2Fy"
    assert server.dsn(user="api", password=":") == "postgresql://api:%3A@127.0.0.1:5/postgres"


async def test_only_the_loopback_is_served_whatever_the_settings_say() -> None:
    wide = {**FEW, "listen_addresses": "*", "port": "1"}
    with running_server(durable=False, settings=wide) as server:
        assert await ask(server, "SHOW listen_addresses") == "127.0.0.1"
        assert await ask(server, "SHOW unix_socket_directories") == ""
        with socket.socket() as probe:  # it could not bind if every address were served
            probe.bind(("127.0.0.2", server.port))


@pytest.mark.parametrize(
    ("folder", "provider"),
    [
        pytest.param(None, "builtin", id="wheel"),
        pytest.param(
            DEBIAN_15,
            "libc",
            id="debian-15",
            marks=pytest.mark.skipif(not DEBIAN_15.is_dir(), reason="no PostgreSQL 15 here"),
        ),
    ],
)
async def test_time_and_letters_are_the_same_everywhere(
    folder: Path | None, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Karachi")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("PGOPTIONS", "-c no.such=thing")
    named = {"PG_BIN_DIR": str(folder)} if folder else {}
    with running_server(
        durable=False, settings=FEW, find=lambda _environment: find_binaries(named)
    ) as server:
        monkeypatch.undo()
        assert await ask(server, "SHOW timezone") == "UTC"
        assert await ask(server, "SELECT upper('é') || getdatabaseencoding()") == "ÉUTF8"
        assert (
            await ask(
                server, "SELECT string_agg(x, '' ORDER BY x) FROM unnest('{a,B,b,A}'::text[]) x"
            )
            == "ABab"
        )
        kinds = "CASE datlocprovider WHEN 'b' THEN 'builtin' WHEN 'c' THEN 'libc' END"
        assert await ask(server, f"SELECT DISTINCT {kinds} FROM pg_database") == provider


async def test_data_and_password_survive_a_restart_and_a_kill_of_the_server(place: Path) -> None:
    data = place / "data"
    with serving(data, durable=True) as first:
        assert await ask(first, "SHOW fsync") == "on"
        await ask(first, "CREATE TABLE kept AS SELECT 42 AS answer")
    with serving(data, durable=True) as second:
        assert await ask(second, "UPDATE kept SET answer = 43 RETURNING answer") == 43
        os.kill(postmaster(data), signal.SIGKILL)
    assert Folder(data).status()[7].strip() == "ready", "the dead server's file is still there"
    with serving(data, durable=True) as third:
        assert await ask(third, "SELECT answer FROM kept") == 43
        assert third.password == first.password


async def test_a_server_without_durability_is_fast_and_leaves_nothing() -> None:
    with serving() as server:
        for name in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
            assert await ask(server, f"SHOW {name}") == "off"
        assert await ask(server, "SHOW wal_level") == "minimal"
        assert await ask(server, "SHOW max_connections") == FEW["max_connections"]
        assert server.data.exists()
    assert not server.data.exists()


def test_a_server_without_durability_lives_in_memory_where_there_is_room() -> None:
    memory = os.statvfs("/dev/shm")
    has_room = memory.f_bavail * memory.f_frsize >= 512 * MEGABYTE
    with serving() as server:
        expected = "/dev/shm" if has_room else tempfile.gettempdir()
        assert server.data.is_relative_to(expected)


async def test_two_servers_do_not_meet() -> None:
    with serving() as one, serving() as other:
        assert one.port != other.port
        assert one.data != other.data
        await ask(one, "CREATE TABLE mine ()")
        assert await ask(other, "SELECT to_regclass('mine')::text") is None
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(other.dsn(user="postgres", password=one.password), timeout=10)


async def test_a_folder_in_use_is_refused_with_its_port(place: Path) -> None:
    with serving(place / "data") as server:
        with pytest.raises(AlreadyRunning) as refusal, serving(place / "data"):
            pass
        assert refusal.value.port == server.port
        assert str(server.port) in str(refusal.value)
        assert await ask(server, "SELECT 1") == 1


async def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken, socket.socket() as probe:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
        probe.close()
        ports = iter([taken.getsockname()[1], free])
        with running_server(durable=False, settings=FEW, choose_port=lambda: next(ports)) as server:
            assert server.port == free
            assert await ask(server, "SELECT 1") == 1


def test_a_failed_start_shows_the_log_and_leaves_nothing() -> None:
    before = set(Path("/dev/shm").glob("consulta-pg-*"))
    broken = {"shared_buffers": "a few"}
    with (
        pytest.raises(NotStarted, match='invalid value for parameter "shared_buffers"'),
        running_server(durable=False, settings=broken),
    ):
        pass
    assert set(Path("/dev/shm").glob("consulta-pg-*")) <= before


async def test_a_half_made_cluster_is_made_anew(place: Path) -> None:
    data = place / "data"
    with serving(data) as whole:
        password = whole.password
    Folder(data).cluster.rename(Folder(data).fresh_cluster)
    (Folder(data).fresh_cluster / "PG_VERSION").unlink()

    with serving(data) as server:
        assert await ask(server, "SELECT 1") == 1
        assert server.password != password


def test_a_folder_that_anybody_may_write_is_refused(place: Path) -> None:
    (place / "data").mkdir()
    (place / "data").chmod(0o777)
    with pytest.raises(PostgresUnusable, match="written by anybody"), serving(place / "data"):
        pass
