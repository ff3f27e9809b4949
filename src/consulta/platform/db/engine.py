"""Engines: one pool per login, built here and nowhere else."""

from typing import Any

import asyncpg
import orjson
from sqlalchemy import event, exc
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from consulta.platform.db.dsn import Dsn


def build_engine(
    dsn: Dsn, *, size: int, overflow: int, name: str, behind_pooler: bool = False
) -> AsyncEngine:
    """A pool of connections for one login. Transactions are driven by `Work`, on the driver itself.

    `behind_pooler`: a transaction pooler such as PgBouncer stands between; prepared statements are
    then not kept, which is the only setting that neither fails nor leaks there.
    """
    caches: dict[str, Any] = (
        {"statement_cache_size": 0, "prepared_statement_cache_size": 0} if behind_pooler else {}
    )
    engine = create_async_engine(
        dsn.for_sqlalchemy(),
        # BEGIN and COMMIT are ours (`work.py`): SQLAlchemy must not open transactions of its own.
        isolation_level="AUTOCOMMIT",
        pool_size=size,
        max_overflow=overflow,
        pool_timeout=3,
        pool_recycle=1800,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "timeout": 5,
            "server_settings": {"application_name": name},
            **caches,
        },
    )
    event.listen(engine.sync_engine, "checkout", _refuse_dead_connection)
    event.listen(engine.sync_engine, "connect", _decode_json)
    return engine


def _refuse_dead_connection(
    dbapi_connection: DBAPIConnection, _record: object, _proxy: object
) -> None:
    """A connection that the server closed meanwhile is replaced before it is handed out; asking the
    driver costs nothing, a ping would cost a round trip.
    """
    driver: asyncpg.Connection = dbapi_connection.driver_connection
    if driver.is_closed():
        raise exc.DisconnectionError


def _decode_json(dbapi_connection: Any, _record: object) -> None:
    """Jsonb arrives as Python values on the driver's own connection, too."""

    async def set_codecs(driver: asyncpg.Connection) -> None:
        await driver.set_type_codec(
            "jsonb",
            schema="pg_catalog",
            encoder=_dump_binary,
            decoder=_load_binary,
            format="binary",
        )

    dbapi_connection.run_async(set_codecs)


def _dump_binary(value: Any) -> bytes:
    return b"\x01" + (value if isinstance(value, bytes) else _dumps(value))


def _load_binary(value: bytes) -> Any:
    return orjson.loads(value[1:])


def _dumps(value: Any) -> bytes:
    # SQLAlchemy hands over finished text where a column is JSONB.
    return value.encode() if isinstance(value, str) else orjson.dumps(value, default=_plain)


def _plain(value: Any) -> str:
    return str(value)
