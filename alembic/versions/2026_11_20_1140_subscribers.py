"""Outgoing webhooks and the feed of live events."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0019_subscribers"
down_revision = "0018_messages"

TABLES = """
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, "")
