"""Meeting recordings: what is kept of a session, where, and until when."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0016_recordings"
down_revision = "0015_session_notes"

TABLES = """
CREATE TABLE app.recording_settings (
    specialist_id uuid PRIMARY KEY
        CONSTRAINT fk_recording_settings_specialist_id_specialists REFERENCES app.specialists,
    retention_days integer,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_recording_settings_retention CHECK (retention_days BETWEEN 1 AND 3650)
);
COMMENT ON TABLE app.recording_settings IS
    'How many days a specialist keeps recordings; no number: for ever.';

CREATE TABLE app.meeting_recordings (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    booking_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    number smallint NOT NULL,
    status text NOT NULL DEFAULT 'uploading',
    storage_path text NOT NULL,
    file_format text NOT NULL,
    duration_seconds integer NOT NULL,
    storage_size_bytes bigint NOT NULL,
    sha256 bytea NOT NULL,
    is_encrypted boolean NOT NULL DEFAULT true,
    upload_expires_at timestamptz NOT NULL,
    ready_at timestamptz,
    expires_at timestamptz,
    deleted_at timestamptz,
    object_deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_meeting_recordings_number UNIQUE (booking_id, specialist_id, client_id, number),
    CONSTRAINT uq_meeting_recordings_storage_path UNIQUE (storage_path),
    CONSTRAINT fk_meeting_recordings_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT ck_meeting_recordings_number CHECK (number BETWEEN 1 AND 20),
    CONSTRAINT ck_meeting_recordings_status
        CHECK (status IN ('uploading', 'ready', 'failed', 'deleted')),
    CONSTRAINT ck_meeting_recordings_storage_path CHECK (storage_path
        ~ '^sessions/[0-9]{4}-[0-9]{2}/booking-[0-9a-f-]{36}(-[0-9]{1,2})?[.](mp4|webm|mov|mkv)$'),
    CONSTRAINT ck_meeting_recordings_file_format
        CHECK (file_format IN ('mp4', 'webm', 'mov', 'mkv')),
    CONSTRAINT ck_meeting_recordings_duration CHECK (duration_seconds BETWEEN 1 AND 86400),
    CONSTRAINT ck_meeting_recordings_size CHECK (storage_size_bytes BETWEEN 1 AND 5368709120),
    CONSTRAINT ck_meeting_recordings_sha256 CHECK (octet_length(sha256) = 32),
    CONSTRAINT ck_meeting_recordings_upload CHECK (upload_expires_at > created_at),
    CONSTRAINT ck_meeting_recordings_ready CHECK (status <> 'ready' OR ready_at IS NOT NULL),
    CONSTRAINT ck_meeting_recordings_expires CHECK (expires_at > created_at),
    CONSTRAINT ck_meeting_recordings_deleted
        CHECK ((status = 'deleted') = (deleted_at IS NOT NULL)),
    CONSTRAINT ck_meeting_recordings_object
        CHECK (object_deleted_at IS NULL OR status IN ('failed', 'deleted'))
);
CREATE INDEX ix_meeting_recordings_specialist_id_created_at
    ON app.meeting_recordings (specialist_id, created_at DESC);
CREATE INDEX ix_meeting_recordings_client_id_created_at
    ON app.meeting_recordings (client_id, created_at DESC);
CREATE INDEX ix_meeting_recordings_expires_at ON app.meeting_recordings (expires_at)
    WHERE status = 'ready';
CREATE INDEX ix_meeting_recordings_upload_expires_at ON app.meeting_recordings (upload_expires_at)
    WHERE status = 'uploading';
CREATE INDEX ix_meeting_recordings_object_due ON app.meeting_recordings (id)
    WHERE object_deleted_at IS NULL AND status IN ('failed', 'deleted');
COMMENT ON TABLE app.meeting_recordings IS
    'What was recorded of a session: where the object is, never the object. It is kept until '
    'expires_at, for ever where there is none; object_deleted_at says that the object is gone.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE app.meeting_recordings, app.recording_settings")
