"""Who tries to move a row by raw SQL, on which login, and how a try is made."""

import asyncpg

from consulta.kernel.actor import Actor, Role
from consulta.platform.db.work import _begin
from tests.rls.people import uid

# Booking b1 and purchase p1: Anna with Sara. Everybody else is a stranger to them.
MOVERS = {
    "client": ("consulta_api", Actor(Role.CLIENT, uid("anna"))),
    "specialist": ("consulta_api", Actor(Role.SPECIALIST, uid("sara"))),
    "stranger": ("consulta_api", Actor(Role.CLIENT, uid("ben"))),
    "anonymous": ("consulta_api", Actor.anonymous()),
    "admin": ("consulta_admin", Actor(Role.ADMIN, uid("ada"))),
    "system": ("consulta_worker", Actor.system("test")),
}


async def attempt(connection: asyncpg.Connection, actor: Actor, statement: str) -> str:
    """How many rows the statement changed, or the SQLSTATE; nothing stays."""
    await connection.execute(_begin(actor, read_only=False))
    try:
        return str((await connection.execute(statement)).rpartition(" ")[2])
    except asyncpg.PostgresError as error:
        return f"!{error.sqlstate} {error.message}"
    finally:
        await connection.execute("ROLLBACK")
