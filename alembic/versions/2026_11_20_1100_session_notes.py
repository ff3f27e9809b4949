"""Session notes: sealed texts of a session, and what was appended to them."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0015_session_notes"
down_revision = "0014_saved_cards"

TABLES = """
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, "")
