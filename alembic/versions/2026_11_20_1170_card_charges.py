"""Charges of saved cards."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0022_card_charges"
down_revision = "0021_reviews"

TABLES = """
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, "")
