"""Session notes: sealed texts of a session, and what was appended to them."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0015_session_notes"
down_revision = "0014_saved_cards"

TABLES = """
CREATE TABLE app.session_notes (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    booking_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    revision integer NOT NULL DEFAULT 0,
    key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    editable_until timestamptz NOT NULL DEFAULT app.now() + interval '24 hours',
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_session_notes_id_specialist_id_client_id UNIQUE (id, specialist_id, client_id),
    CONSTRAINT fk_session_notes_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT ck_session_notes_revision CHECK (revision >= 0),
    CONSTRAINT ck_session_notes_key_id CHECK (key_id ~ '^[A-Za-z0-9]{1,16}$'),
    CONSTRAINT ck_session_notes_wrapped_key CHECK (length(wrapped_key) <= 1000),
    CONSTRAINT ck_session_notes_sealed CHECK (length(sealed) <= 400000),
    CONSTRAINT ck_session_notes_editable CHECK (created_at < editable_until)
);
CREATE INDEX ix_session_notes_booking_id ON app.session_notes (booking_id, created_at);
CREATE INDEX ix_session_notes_specialist_id_created_at
    ON app.session_notes (specialist_id, created_at DESC, id DESC);
CREATE INDEX ix_session_notes_client_id_created_at
    ON app.session_notes (client_id, created_at DESC, id DESC);
CREATE INDEX ix_session_notes_key_id ON app.session_notes (key_id);
COMMENT ON TABLE app.session_notes IS
    'What the specialist wrote about a session: sealed for its row, read by both parties, changed '
    'by the author until editable_until. Personal: sealed.';

CREATE TABLE app.session_note_amendments (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    note_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT fk_session_note_amendments_note FOREIGN KEY (note_id, specialist_id, client_id)
        REFERENCES app.session_notes (id, specialist_id, client_id) ON DELETE CASCADE,
    CONSTRAINT ck_session_note_amendments_key_id CHECK (key_id ~ '^[A-Za-z0-9]{1,16}$'),
    CONSTRAINT ck_session_note_amendments_wrapped_key CHECK (length(wrapped_key) <= 1000),
    CONSTRAINT ck_session_note_amendments_sealed CHECK (length(sealed) <= 100000)
);
CREATE INDEX ix_session_note_amendments_note_id
    ON app.session_note_amendments (note_id, created_at);
CREATE INDEX ix_session_note_amendments_key_id ON app.session_note_amendments (key_id);
COMMENT ON TABLE app.session_note_amendments IS
    'What the author appended to a note: sealed for its row, append-only. Personal: sealed.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE app.session_note_amendments, app.session_notes")
