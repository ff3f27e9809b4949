"""Compliance: what people agreed to, and accounts that were erased.

Whoever was erased keeps an id, and nothing of it says who it was.
"""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0025_compliance"
down_revision = "0024_thinner"

TABLES = """
ALTER TABLE app.users
    ADD COLUMN erased_at timestamptz,
    ADD CONSTRAINT ck_users_erased CHECK (erased_at IS NULL OR NOT is_active);
CREATE TABLE app.consents (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    version text NOT NULL,
    granted boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT fk_consents_user_id_users FOREIGN KEY (user_id) REFERENCES app.users,
    CONSTRAINT ck_consents_purpose
        CHECK (purpose IN ('terms', 'privacy', 'marketing', 'recording')),
    CONSTRAINT ck_consents_version CHECK (length(version) BETWEEN 1 AND 64)
);
CREATE INDEX ix_consents_user_id ON app.consents
    (user_id, purpose, created_at DESC, id DESC);
COMMENT ON TABLE app.consents IS
    'What a person agreed to or withdrew, for which purpose and in which version of its text; '
    'append-only, the newest of a purpose is in force.';
"""

BACK = """
DROP TABLE app.consents;
ALTER TABLE app.users DROP CONSTRAINT ck_users_erased, DROP COLUMN erased_at;
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, BACK)
