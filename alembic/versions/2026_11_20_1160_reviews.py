"""Reviews: what clients say of completed sessions."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0021_reviews"
down_revision = "0020_intake"

TABLES = """
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, "")
