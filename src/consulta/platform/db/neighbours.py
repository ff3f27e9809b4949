"""Neighbours: other databases of one server that the service's logins may enter. Roles belong to a
whole server, so whoever sets their passwords sets them for all.
"""

import asyncpg

from consulta.platform.db.dsn import Dsn
from consulta.platform.db.roles import DbRole

_NEIGHBOURS = """
SELECT datname FROM pg_database
WHERE datname <> $1 AND EXISTS (
    SELECT FROM aclexplode(datacl) g JOIN pg_roles r ON r.oid = g.grantee WHERE r.rolname = $2)
ORDER BY datname
"""


async def neighbours_of(server: Dsn, *, database: str) -> list[str]:
    """The names of databases but `database` that are open to the service's own login."""
    connection = await asyncpg.connect(server.text, timeout=10)
    try:
        rows = await connection.fetch(_NEIGHBOURS, database, str(DbRole.API))
    finally:
        await connection.close()
    return [row["datname"] for row in rows]
