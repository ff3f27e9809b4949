"""The server under measurement, its databases, and who connects to them."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from consulta.platform.db.dsn import Dsn
from consulta.platform.db.embedded import running_server
from consulta.platform.db.roles import DbRole

PASSWORD = "a-password-of-the-benchmark"  # the logins of a server that exists to be measured
BENCH_LOGIN = "consulta_bench"
DATABASE = "consulta_bench"

_SETTINGS = {
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "max_connections": "200",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_wal_size": "8GB",
    "min_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "maintenance_work_mem": "256MB",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """A server on which we may do everything."""

    superuser: Dsn

    def dsn(self, login: str, *, database: str = DATABASE) -> str:
        return self.superuser.with_database(database).with_login(str(login), PASSWORD).text

    @asynccontextmanager
    async def connected(self, database: str = DATABASE) -> AsyncIterator[asyncpg.Connection]:
        """As superuser: what prepares and counts, never what is measured."""
        connection = await asyncpg.connect(self.superuser.with_database(database).text)
        try:
            yield connection
        finally:
            await connection.close()


@contextmanager
def running_ground(data: Path) -> Iterator[Ground]:
    """The server of `DATABASE_URL`, else an embedded one whose data stay in `data`."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield Ground(Dsn(given))
        return
    with running_server(
        data=data, durable=True, settings=_SETTINGS, tell=lambda text: print(text, flush=True)
    ) as server:
        yield Ground(Dsn(server.dsn()))


async def ensure_bench_login(ground: Ground) -> None:
    """The floor's login exists: as narrow as the service's, but it may become user and worker."""
    async with ground.connected("postgres") as connection:
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", BENCH_LOGIN):
            await connection.execute(
                f"CREATE ROLE {BENCH_LOGIN} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE"
            )
        await connection.execute(
            f"""
            ALTER ROLE {BENCH_LOGIN} PASSWORD '{PASSWORD}';
            ALTER ROLE {BENCH_LOGIN} SET search_path = app, pg_catalog, pg_temp;
            ALTER ROLE {BENCH_LOGIN} SET timezone = 'UTC';
            ALTER ROLE {BENCH_LOGIN} SET jit = off;
            ALTER ROLE {BENCH_LOGIN} SET statement_timeout = '5s';
            GRANT {DbRole.ANONYMOUS}, {DbRole.USER}, {DbRole.WORKER} TO {BENCH_LOGIN};
            """
        )


async def version_of(ground: Ground) -> str:
    async with ground.connected("postgres") as connection:
        version: str = await connection.fetchval("SHOW server_version")
        return version


async def postmaster_of(ground: Ground) -> int | None:
    """The server's process, if it runs on this machine."""
    async with ground.connected("postgres") as connection:
        text = await connection.fetchval("SELECT pg_read_file('postmaster.pid')")
    process = int(text.split("\n", 1)[0])
    return process if _name_of(process).startswith("postgres") else None


def _name_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text()
    except OSError:
        return ""
