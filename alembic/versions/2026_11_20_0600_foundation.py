"""The schema, its extension, and the people: users, credentials, sessions, profiles."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0001_people"
down_revision = None

TABLES = """
CREATE TABLE app.users (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    email text NOT NULL,
    role text NOT NULL DEFAULT 'client',
    is_active boolean NOT NULL DEFAULT true,
    email_verified_at timestamptz,
    issuer text,
    subject text,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_users_role CHECK (role IN ('client', 'specialist', 'admin')),
    CONSTRAINT ck_users_email CHECK (length(email) BETWEEN 3 AND 254 AND email = lower(email)),
    CONSTRAINT ck_users_external CHECK ((issuer IS NULL) = (subject IS NULL)),
    CONSTRAINT uq_users_email UNIQUE (email),
    CONSTRAINT uq_users_issuer_subject UNIQUE (issuer, subject)
);
COMMENT ON TABLE app.users IS 'Accounts: who can sign in, and as what. Personal: email.';

CREATE TABLE app.credentials (
    user_id uuid PRIMARY KEY CONSTRAINT fk_credentials_user_id_users REFERENCES app.users,
    password_hash text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT app.now(),
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now()
);
COMMENT ON TABLE app.credentials IS 'Password hashes (argon2id). No person reads this table.';

CREATE TABLE app.user_sessions (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    user_id uuid NOT NULL CONSTRAINT fk_user_sessions_user_id_users REFERENCES app.users,
    family_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    family_expires_at timestamptz NOT NULL,
    rotated_at timestamptz,
    successor_id uuid,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_user_sessions_hash CHECK (length(token_hash) = 32),
    CONSTRAINT ck_user_sessions_order CHECK (expires_at <= family_expires_at),
    CONSTRAINT uq_user_sessions_token_hash UNIQUE (token_hash)
);
CREATE INDEX ix_user_sessions_user_id ON app.user_sessions (user_id, created_at DESC);
CREATE INDEX ix_user_sessions_family_id ON app.user_sessions (family_id);
CREATE INDEX ix_user_sessions_family_expires_at ON app.user_sessions (family_expires_at);
COMMENT ON TABLE app.user_sessions IS
    'Refresh tokens by family, only as SHA-256. No person reads it.';

CREATE TABLE app.profiles (
    user_id uuid PRIMARY KEY CONSTRAINT fk_profiles_user_id_users REFERENCES app.users,
    full_name text NOT NULL,
    time_zone text NOT NULL DEFAULT 'UTC',
    locale text NOT NULL DEFAULT 'en',
    photo_url text,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_profiles_full_name CHECK (length(full_name) BETWEEN 1 AND 200),
    CONSTRAINT ck_profiles_time_zone CHECK (length(time_zone) BETWEEN 1 AND 64),
    CONSTRAINT ck_profiles_locale CHECK (length(locale) BETWEEN 2 AND 16),
    CONSTRAINT ck_profiles_photo_url CHECK (length(photo_url) <= 2000)
);
COMMENT ON TABLE app.profiles IS
    'What a person is called and where. Personal: full_name, photo_url.';

CREATE TABLE app.profile_contacts (
    user_id uuid PRIMARY KEY CONSTRAINT fk_profile_contacts_user_id_users REFERENCES app.users,
    phone text,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_profile_contacts_phone CHECK (phone ~ '^\\+[0-9]{6,15}$')
);
COMMENT ON TABLE app.profile_contacts IS
    'Private contact details, the owner and admins only. Personal: phone.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE app.profile_contacts, app.profiles, app.user_sessions,"
        " app.credentials, app.users"
    )
