"""Alembic's entrance. `consulta migrate` passes a connection that already acts as the owner and
holds the migration lock; there is no other way to run a migration."""

from alembic import context
from sqlalchemy import text

from consulta.models.base import Base

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run `consulta migrate`: it sets the role, the lock and the time-outs")

# House rule: no migration waits for a lock for long; the runner tries again.
connection.execute(text("SET LOCAL lock_timeout = '3s'"))
connection.execute(text("SET LOCAL statement_timeout = '10min'"))
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    version_table_schema="app",
    include_schemas=True,
    transactional_ddl=True,
)
context.run_migrations()
