"""Intake: a specialist's questions, and the sealed answers."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0020_intake"
down_revision = "0019_subscribers"

TABLES = """
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, "")
