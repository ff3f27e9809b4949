"""The town: specialists, clients, a past. Loaded once into a template, copied for every run."""

import asyncio
import hashlib
import os
import time
from dataclasses import dataclass

import asyncpg

from consulta.platform.db.dsn import Dsn
from consulta.platform.db.migrations import code_state, migrate
from consulta.platform.db.roles import LOGINS, DbRole, bootstrap, grant_database
from tests.bench.ground import BENCH_LOGIN, DATABASE, PASSWORD, Ground, ensure_bench_login
from tests.bench.statements import TOWN


@dataclass(frozen=True, slots=True)
class Scale:
    name: str
    specialists: int
    clients: int
    bookings: int
    """Past sessions that were held, or missed."""
    cancelled: int
    """Past bookings that were called off."""

    @property
    def template(self) -> str:
        return f"consulta_bench_town_{self.name}"


SCALES = {
    "full": Scale("full", 10_000, 100_000, 1_000_000, 1_000_000),
    "small": Scale("small", 200, 2_000, 20_000, 20_000),
}


async def fresh_town(ground: Ground, scale: Scale) -> None:
    """The database `consulta_bench` is a new copy of the town, which is loaded if need be."""
    await bootstrap(
        ground.superuser, database=scale.template, passwords=dict.fromkeys(LOGINS, PASSWORD)
    )
    await ensure_bench_login(ground)
    async with ground.connected("postgres") as connection:
        if not await _is_fit(ground, scale):
            await _build(ground, connection, scale)
        print("Copying the town", flush=True)
        await connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await connection.execute(
            f"CREATE DATABASE {DATABASE} TEMPLATE {scale.template} STRATEGY file_copy"
        )
        await grant_database(connection, DATABASE)
        await connection.execute(f"GRANT CONNECT ON DATABASE {DATABASE} TO {BENCH_LOGIN}")
        # The copy's pages must have left the machine's memory for the disk, or every durable commit
        # of the first minutes waits behind them.
        await connection.execute("CHECKPOINT")
    await asyncio.to_thread(os.sync)


async def remove_town(ground: Ground) -> None:
    """The copy is gone; the template stays for the next run."""
    async with ground.connected("postgres") as connection:
        await connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


async def _is_fit(ground: Ground, scale: Scale) -> bool:
    """Whether a template of this scale is there, complete, of the code's version, and of today:
    its future must lie ahead.
    """
    async with ground.connected(scale.template) as inside:
        if not await inside.fetchval("SELECT to_regclass('bench.loaded') IS NOT NULL"):
            return False
        made_of: str | None = await inside.fetchval(
            "SELECT made_of FROM bench.loaded WHERE on_date = current_date"
        )
        is_fit = made_of == _fingerprint(scale)
    if is_fit:
        # The code may have gone on since: nothing new, nothing is touched.
        await migrate(_migrator(ground, scale))
    return is_fit


async def _build(ground: Ground, connection: asyncpg.Connection, scale: Scale) -> None:
    print(
        f"Loading the town ({scale.bookings:,} past sessions, {scale.cancelled:,} cancellations)",
        flush=True,
    )
    begun = time.perf_counter()
    await connection.execute(f"DROP DATABASE IF EXISTS {scale.template} WITH (FORCE)")
    await bootstrap(
        ground.superuser, database=scale.template, passwords=dict.fromkeys(LOGINS, PASSWORD)
    )
    await migrate(_migrator(ground, scale))
    sizes = {
        "specialists": scale.specialists,
        "clients": scale.clients,
        "past": scale.bookings,
        "ended": scale.bookings + scale.cancelled,
    }
    async with ground.connected(scale.template) as inside:
        # Triggers and foreign keys rest: these rows are consistent by construction.
        await inside.execute(
            "SET session_replication_role = replica; SET synchronous_commit = off; SET jit = off"
        )
        for what, statement in TOWN.items():
            await inside.execute(statement.format(**sizes))
            print(f"  {time.perf_counter() - begun:5.0f} s  {what}", flush=True)
        await inside.execute("RESET session_replication_role")
        await inside.execute("VACUUM (FREEZE, ANALYZE)")
        await inside.execute(
            "CREATE TABLE bench.loaded AS SELECT $1::text AS made_of, current_date AS on_date",
            _fingerprint(scale),
        )
    print(f"  {time.perf_counter() - begun:5.0f} s  all, vacuumed and analysed", flush=True)


def _migrator(ground: Ground, scale: Scale) -> Dsn:
    return Dsn(ground.dsn(DbRole.MIGRATOR, database=scale.template))


def _fingerprint(scale: Scale) -> str:
    """The tables that the code knows and how they are filled; functions and policies may change,
    since a migration brings them up to date in place.
    """
    said = repr((code_state().revision, scale, TOWN))
    return hashlib.sha256(said.encode()).hexdigest()
