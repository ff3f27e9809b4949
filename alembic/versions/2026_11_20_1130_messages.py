"""Messages: what people are told by mail, and what they want to hear."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0018_messages"
down_revision = "0017_video"

TABLES = """
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, "")
