"""The way into a meeting lies sealed beside the meeting, and is handed out when it is time: the
booking has none that its parties could read, or write, before.
"""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0026_no_meeting_link"
down_revision = "0025_compliance"


def upgrade() -> None:
    op.execute("ALTER TABLE app.bookings DROP COLUMN meeting_link")


def downgrade() -> None:
    run(
        op,
        """
ALTER TABLE app.bookings ADD COLUMN meeting_link text,
    ADD CONSTRAINT ck_bookings_meeting_link CHECK (length(meeting_link) <= 2000);
""",
    )
