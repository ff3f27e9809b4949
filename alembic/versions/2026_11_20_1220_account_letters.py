"""Letters about an account: an address is confirmed, a forgotten password replaced. A token stands
in the mail alone, and here only as its hash.
"""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0027_account_letters"
down_revision = "0026_no_meeting_link"

TABLES = """
CREATE TABLE app.account_letters (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    user_id uuid NOT NULL,
    kind text NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    token_hash bytea,
    expires_at timestamptz,
    used_at timestamptz,
    asked_at timestamptz NOT NULL DEFAULT app.now(),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT app.now(),
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT fk_account_letters_user_id_users FOREIGN KEY (user_id) REFERENCES app.users,
    CONSTRAINT uq_account_letters_user_id_kind UNIQUE (user_id, kind),
    CONSTRAINT uq_account_letters_token_hash UNIQUE (token_hash),
    CONSTRAINT ck_account_letters_kind
        CHECK (kind IN ('verify_email', 'reset_password', 'password_changed')),
    CONSTRAINT ck_account_letters_state
        CHECK (state IN ('pending', 'leased', 'sent', 'failed')),
    CONSTRAINT ck_account_letters_hash CHECK (length(token_hash) = 32),
    CONSTRAINT ck_account_letters_token
        CHECK (token_hash IS NULL OR expires_at IS NOT NULL AND kind <> 'password_changed'),
    CONSTRAINT ck_account_letters_lease CHECK ((state = 'leased') = (lease_until IS NOT NULL)),
    CONSTRAINT ck_account_letters_attempts CHECK (attempts >= 0),
    CONSTRAINT ck_account_letters_last_error CHECK (length(last_error) <= 200)
);
CREATE INDEX ix_account_letters_due ON app.account_letters (next_attempt_at, id)
    WHERE state IN ('pending', 'leased');
COMMENT ON TABLE app.account_letters IS
    'One letter of each kind for an account: when it is due, and the SHA-256 of the token that the '
    'last one carried, for one use. No person reads it.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE app.account_letters")
