"""Specialists: what they offer, in which languages and fields, at which rates."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0002_specialists"
down_revision = "0001_people"

TABLES = """
CREATE TABLE app.specialists (
    id uuid PRIMARY KEY CONSTRAINT fk_specialists_id_users REFERENCES app.users,
    full_name text NOT NULL,
    headline text,
    bio text,
    qualifications jsonb NOT NULL DEFAULT '[]',
    time_zone text NOT NULL,
    photo_url text,
    letterhead_url text,
    is_verified boolean NOT NULL DEFAULT false,
    verified_at timestamptz,
    is_accepting boolean NOT NULL DEFAULT true,
    auto_confirm boolean NOT NULL DEFAULT false,
    payment_provider text,
    cancellation_policy text NOT NULL DEFAULT 'standard',
    cancellation_tiers jsonb,
    minimum_notice_minutes integer NOT NULL DEFAULT 0,
    horizon_days integer NOT NULL DEFAULT 90,
    buffer_before_minutes smallint NOT NULL DEFAULT 0,
    confirmation_hours smallint NOT NULL DEFAULT 24,
    rating_average numeric(3, 2),
    rating_count integer NOT NULL DEFAULT 0,
    from_price_minor bigint,
    from_currency text,
    next_open_at timestamptz,
    next_open_checked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_specialists_full_name CHECK (length(full_name) BETWEEN 1 AND 200),
    CONSTRAINT ck_specialists_headline CHECK (length(headline) <= 200),
    CONSTRAINT ck_specialists_bio CHECK (length(bio) <= 5000),
    CONSTRAINT ck_specialists_qualifications CHECK (jsonb_typeof(qualifications) = 'array'),
    CONSTRAINT ck_specialists_time_zone CHECK (length(time_zone) BETWEEN 1 AND 64),
    CONSTRAINT ck_specialists_photo_url CHECK (length(photo_url) <= 2000),
    CONSTRAINT ck_specialists_letterhead_url CHECK (length(letterhead_url) <= 2000),
    CONSTRAINT ck_specialists_verified CHECK (is_verified = (verified_at IS NOT NULL)),
    CONSTRAINT ck_specialists_payment_provider
        CHECK (payment_provider IN ('stripe', 'razorpay', 'paytabs', 'manual', 'sandbox')),
    CONSTRAINT ck_specialists_cancellation_policy CHECK (cancellation_policy
        IN ('standard', 'flexible', 'strict', 'no_refund', 'custom')),
    CONSTRAINT ck_specialists_cancellation_tiers
        CHECK ((cancellation_policy = 'custom') = (cancellation_tiers IS NOT NULL)),
    CONSTRAINT ck_specialists_minimum_notice CHECK (minimum_notice_minutes BETWEEN 0 AND 43200),
    CONSTRAINT ck_specialists_horizon CHECK (horizon_days BETWEEN 1 AND 730),
    CONSTRAINT ck_specialists_buffer_before CHECK (buffer_before_minutes BETWEEN 0 AND 240),
    CONSTRAINT ck_specialists_confirmation CHECK (confirmation_hours BETWEEN 1 AND 168),
    CONSTRAINT ck_specialists_rating CHECK (rating_average BETWEEN 1 AND 5 AND rating_count >= 0),
    CONSTRAINT ck_specialists_from_price CHECK (from_price_minor >= 0)
);
CREATE INDEX ix_specialists_listed_rating ON app.specialists (rating_average DESC NULLS LAST, id)
    WHERE is_verified;
CREATE INDEX ix_specialists_listed_price ON app.specialists (from_price_minor, id)
    WHERE is_verified;
CREATE INDEX ix_specialists_listed_next_open ON app.specialists (next_open_at, id)
    WHERE is_verified;
CREATE INDEX ix_specialists_listed_name ON app.specialists (full_name, id) WHERE is_verified;
CREATE INDEX ix_specialists_next_open_checked ON app.specialists (next_open_checked_at NULLS FIRST)
    WHERE is_verified;
COMMENT ON TABLE app.specialists IS
    'The public face of a specialist. Personal: full_name, bio, photo_url.';

CREATE TABLE app.specialist_contacts (
    specialist_id uuid PRIMARY KEY
        CONSTRAINT fk_specialist_contacts_specialist_id_specialists REFERENCES app.specialists,
    email text,
    phone text,
    verification_documents jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_specialist_contacts_email CHECK (length(email) <= 254),
    CONSTRAINT ck_specialist_contacts_phone CHECK (phone ~ '^\\+[0-9]{6,15}$'),
    CONSTRAINT ck_specialist_contacts_documents
        CHECK (jsonb_typeof(verification_documents) = 'array')
);
COMMENT ON TABLE app.specialist_contacts IS
    'Private fields of a specialist: the owner and admins only. Personal: all.';

CREATE TABLE app.specialist_specialties (
    specialist_id uuid NOT NULL
        CONSTRAINT fk_specialist_specialties_specialist_id_specialists REFERENCES app.specialists,
    specialty text NOT NULL,
    specialty_key text GENERATED ALWAYS AS (lower(specialty)) STORED,
    CONSTRAINT pk_specialist_specialties PRIMARY KEY (specialist_id, specialty),
    CONSTRAINT ck_specialist_specialties_length CHECK (length(specialty) BETWEEN 1 AND 80)
);
CREATE INDEX ix_specialist_specialties_key
    ON app.specialist_specialties (specialty_key, specialist_id);
COMMENT ON TABLE app.specialist_specialties IS
    'Fields of work, one row each, compared with equality.';

CREATE TABLE app.specialist_languages (
    specialist_id uuid NOT NULL
        CONSTRAINT fk_specialist_languages_specialist_id_specialists REFERENCES app.specialists,
    language text NOT NULL,
    language_key text GENERATED ALWAYS AS (lower(language)) STORED,
    CONSTRAINT pk_specialist_languages PRIMARY KEY (specialist_id, language),
    CONSTRAINT ck_specialist_languages_length CHECK (length(language) BETWEEN 1 AND 80)
);
CREATE INDEX ix_specialist_languages_key ON app.specialist_languages (language_key, specialist_id);
COMMENT ON TABLE app.specialist_languages IS
    'Languages spoken, one row each, compared with equality.';

CREATE TABLE app.specialist_rates (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid NOT NULL
        CONSTRAINT fk_specialist_rates_specialist_id_specialists REFERENCES app.specialists,
    kind text NOT NULL,
    name text NOT NULL,
    description text,
    price_minor bigint NOT NULL,
    currency text NOT NULL,
    duration_minutes smallint,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_specialist_rates_specialist_id_kind UNIQUE (specialist_id, kind),
    CONSTRAINT uq_specialist_rates_id_specialist_id UNIQUE (id, specialist_id),
    CONSTRAINT ck_specialist_rates_kind CHECK (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
    CONSTRAINT ck_specialist_rates_name CHECK (length(name) BETWEEN 1 AND 120),
    CONSTRAINT ck_specialist_rates_description CHECK (length(description) <= 2000),
    CONSTRAINT ck_specialist_rates_price CHECK (price_minor BETWEEN 0 AND 10000000000),
    CONSTRAINT ck_specialist_rates_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_specialist_rates_duration CHECK (duration_minutes BETWEEN 5 AND 1440)
);
COMMENT ON TABLE app.specialist_rates IS
    'Bookable kinds of session: price in minor units (D7), length in minutes (null: the slot '
    'length).';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE app.specialist_rates, app.specialist_languages, app.specialist_specialties,"
        " app.specialist_contacts, app.specialists"
    )
