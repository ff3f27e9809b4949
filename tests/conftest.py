"""The database of the tests: migrated once as a template, cloned for each test, with real logins,
roles and policies. Time is the database's and can be moved."""

import importlib
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from pytest_socket import socket_allow_hosts

from consulta.platform.db.dsn import Dsn
from consulta.platform.db.embedded import running_server
from consulta.platform.db.migrations import migrate
from consulta.platform.db.roles import LOGINS, DbRole, bootstrap, grant_database

PASSWORD = "a-password-of-the-tests"  # the servers live for one run, on loopback
TEMPLATE = f"consulta_template_{os.getpid()}"

# `app.now()` reads a stored offset here, so that tests travel in time with the database's own
# clock (D5). The table stands outside the schema `app`: it is no part of the product.
TIME_MACHINE = """
CREATE SCHEMA testing;
CREATE TABLE testing.clock (ahead interval NOT NULL);
INSERT INTO testing.clock VALUES ('0');
GRANT USAGE ON SCHEMA testing TO PUBLIC;
GRANT SELECT ON testing.clock TO PUBLIC;
CREATE OR REPLACE FUNCTION app.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT pg_catalog.now() + (SELECT ahead FROM testing.clock) $$;
"""


@dataclass(frozen=True, slots=True)
class TestDatabase:
    """One database of its own, with an address for each login."""

    __test__ = False

    superuser: Dsn

    @property
    def name(self) -> str:
        return self.superuser.database

    @property
    def superuser_dsn(self) -> str:
        return self.superuser.text

    def dsn(self, login: str) -> str:
        """The address for one of the service's logins, such as `consulta_api`."""
        return self.superuser.with_login(str(login), PASSWORD).text

    @asynccontextmanager
    async def connected(self, login: str | None = None) -> AsyncIterator[asyncpg.Connection]:
        """A plain connection: as superuser, or as one of the logins."""
        connection = await asyncpg.connect(self.superuser_dsn if login is None else self.dsn(login))
        try:
            yield connection
        finally:
            await connection.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: two processes share all files, and neither is to end alone."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Dsn]:
    """A server for this run: `DATABASE_URL` if set, else an embedded one that dies with us."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield Dsn(given)
        return
    with running_server(durable=False, settings={"max_connections": "300"}) as server:
        yield Dsn(server.dsn())


@pytest.fixture(scope="session")
async def template(cluster: Dsn) -> Dsn:
    """The migrated template that every test's database is cloned from."""
    return await migrated_template(cluster)


async def migrated_template(cluster: Dsn) -> Dsn:
    """The template exists on that server, whose address may create databases and roles."""
    await bootstrap(cluster, database=TEMPLATE, passwords=dict.fromkeys(LOGINS, PASSWORD))
    made = cluster.with_database(TEMPLATE)
    await migrate(made.with_login(DbRole.MIGRATOR, PASSWORD))
    connection = await asyncpg.connect(made.text)
    await connection.execute(TIME_MACHINE)
    await connection.execute("ANALYZE")
    await connection.close()
    return made


@asynccontextmanager
async def cloned(template: Dsn) -> AsyncIterator[TestDatabase]:
    """A fresh copy of the template, dropped afterwards."""
    name = f"consulta_test_{secrets.token_hex(6)}"
    server = await asyncpg.connect(template.with_database("postgres").text)
    try:
        await server.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
        await grant_database(server, name)
        try:
            yield TestDatabase(template.with_database(name))
        finally:
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await server.close()


@pytest.fixture
async def database(template: Dsn) -> AsyncIterator[TestDatabase]:
    async with cloned(template) as made:
        yield made


@pytest.fixture(scope="module")
async def module_database(template: Dsn) -> AsyncIterator[TestDatabase]:
    """One clone for a whole module, where its tests do not disturb each other."""
    async with cloned(template) as made:
        yield made


@pytest.fixture
async def world(database: TestDatabase) -> AsyncIterator[Any]:
    """The service on a database of its own, with the sandbox as its payment provider."""
    # Imported here: the world is built of what this file defines.
    module = importlib.import_module("tests.world")
    async with module.running_world(database) as made:
        yield made


def pytest_runtest_setup() -> None:
    """Nothing outside this machine is ever reached."""
    socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
