"""How disputes end, and payers who come back from a hosted page."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0023_disputes"
down_revision = "0022_card_charges"

TABLES = """
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, "")
