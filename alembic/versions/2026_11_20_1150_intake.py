"""Intake: a specialist's questions, and the sealed answers."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0020_intake"
down_revision = "0019_subscribers"

TABLES = """
CREATE TABLE app.intake_forms (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid NOT NULL
        CONSTRAINT fk_intake_forms_specialist_id_specialists REFERENCES app.specialists,
    rate_id uuid,
    version integer NOT NULL,
    title text NOT NULL,
    questions jsonb NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_intake_forms_id_specialist_id UNIQUE (id, specialist_id),
    CONSTRAINT fk_intake_forms_rate FOREIGN KEY (rate_id, specialist_id)
        REFERENCES app.specialist_rates (id, specialist_id),
    CONSTRAINT ck_intake_forms_version CHECK (version > 0),
    CONSTRAINT ck_intake_forms_title CHECK (length(title) BETWEEN 1 AND 200),
    CONSTRAINT ck_intake_forms_questions CHECK (
        jsonb_typeof(questions) = 'array' AND jsonb_array_length(questions) BETWEEN 1 AND 50)
);
CREATE UNIQUE INDEX uq_intake_forms_active ON app.intake_forms (specialist_id, rate_id)
    NULLS NOT DISTINCT WHERE is_active;
CREATE UNIQUE INDEX uq_intake_forms_version ON app.intake_forms (specialist_id, rate_id, version)
    NULLS NOT DISTINCT;
CREATE INDEX ix_intake_forms_rate_id ON app.intake_forms (rate_id);
COMMENT ON TABLE app.intake_forms IS
    'What a specialist asks before a session, of one rate or of all; a changed form is a new '
    'version, so that answers keep their questions.';

CREATE TABLE app.intake_answers (
    booking_id uuid PRIMARY KEY,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    form_id uuid NOT NULL,
    revision integer NOT NULL DEFAULT 0,
    key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    submitted_at timestamptz NOT NULL DEFAULT app.now(),
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT fk_intake_answers_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT fk_intake_answers_form FOREIGN KEY (form_id, specialist_id)
        REFERENCES app.intake_forms (id, specialist_id),
    CONSTRAINT ck_intake_answers_revision CHECK (revision >= 0),
    CONSTRAINT ck_intake_answers_key_id CHECK (key_id ~ '^[A-Za-z0-9]{1,16}$'),
    CONSTRAINT ck_intake_answers_wrapped_key CHECK (length(wrapped_key) <= 1000),
    CONSTRAINT ck_intake_answers_sealed CHECK (length(sealed) <= 1000000)
);
CREATE INDEX ix_intake_answers_form_id ON app.intake_answers (form_id, specialist_id);
CREATE INDEX ix_intake_answers_key_id ON app.intake_answers (key_id);
COMMENT ON TABLE app.intake_answers IS
    'What the client told before a session, with the questions as they were: sealed for its row, '
    'read by both parties, written by the client. Personal: sealed.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE app.intake_answers, app.intake_forms")
