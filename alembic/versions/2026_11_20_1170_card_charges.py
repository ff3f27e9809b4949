"""Set-ups of saved cards are called for like operations: leased, fenced, tried again."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0022_card_charges"
down_revision = "0021_reviews"

TABLES = """
ALTER TABLE app.saved_methods
    ADD COLUMN attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN fence bigint NOT NULL DEFAULT 0,
    ADD COLUMN first_sent_at timestamptz,
    ADD COLUMN next_attempt_at timestamptz,
    ADD COLUMN last_error text,
    ADD CONSTRAINT ck_saved_methods_attempts CHECK (attempts >= 0 AND fence >= 0);
CREATE INDEX ix_saved_methods_next_attempt_at ON app.saved_methods (next_attempt_at)
    WHERE next_attempt_at IS NOT NULL;
CREATE INDEX ix_saved_methods_pending ON app.saved_methods (created_at) WHERE status = 'pending';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(
        op,
        """
ALTER TABLE app.saved_methods DROP CONSTRAINT ck_saved_methods_attempts,
    DROP COLUMN attempts, DROP COLUMN fence, DROP COLUMN first_sent_at,
    DROP COLUMN next_attempt_at, DROP COLUMN last_error;
""",
    )
