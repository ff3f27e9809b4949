"""Indexes and checks that a booking can do without."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0024_thinner"
down_revision = "0023_disputes"

TABLES = """
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, "")
