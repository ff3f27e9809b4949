"""${message}

The old code is still running while this runs: add nullable, back-fill in batches, enforce later.
A new table needs a file in policies/: ENABLE and FORCE row-level security, its grants, its policies.
A back-fill must wrap itself in NO FORCE ... FORCE ROW LEVEL SECURITY, or it sees no row.
"""

from alembic import op
${imports if imports else ""}
from consulta.platform.db.scripts import run

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}

TABLES = """
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    ${downgrades if downgrades else "run(op, \"\")"}
