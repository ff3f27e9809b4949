"""Video: where a specialist's sessions take place, and the meeting of each session."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0017_video"
down_revision = "0016_recordings"

TABLES = """
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, "")
