"""Meeting recordings: what is kept of a session, where, and until when."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0016_recordings"
down_revision = "0015_session_notes"

TABLES = """
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, "")
