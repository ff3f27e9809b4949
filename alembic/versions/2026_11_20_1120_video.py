"""Video: where a specialist's sessions take place, and the meeting of each session."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0017_video"
down_revision = "0016_recordings"

TABLES = """
CREATE TABLE app.video_configs (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid NOT NULL
        CONSTRAINT fk_video_configs_specialist_id_specialists REFERENCES app.specialists,
    provider text NOT NULL,
    mode text NOT NULL,
    account text NOT NULL DEFAULT '',
    host text NOT NULL DEFAULT '',
    waiting_room boolean NOT NULL DEFAULT true,
    recording text NOT NULL DEFAULT 'none',
    hints jsonb NOT NULL DEFAULT '{}',
    is_active boolean NOT NULL DEFAULT true,
    state text NOT NULL DEFAULT 'connected',
    last_error text,
    checked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_video_configs_id_specialist_id UNIQUE (id, specialist_id),
    CONSTRAINT ck_video_configs_provider CHECK (provider IN ('zoom', 'teams', 'meet', 'custom')),
    CONSTRAINT ck_video_configs_mode CHECK (mode IN ('static', 'api')),
    CONSTRAINT ck_video_configs_custom_is_static CHECK (provider <> 'custom' OR mode = 'static'),
    CONSTRAINT ck_video_configs_account CHECK (length(account) <= 255),
    CONSTRAINT ck_video_configs_host CHECK (length(host) <= 254),
    CONSTRAINT ck_video_configs_recording CHECK (recording IN ('none', 'local', 'cloud')),
    CONSTRAINT ck_video_configs_state CHECK (state IN ('connected', 'broken')),
    CONSTRAINT ck_video_configs_last_error CHECK (last_error ~ '^[A-Z][A-Z_]{1,63}$')
);
CREATE UNIQUE INDEX uq_video_configs_active ON app.video_configs (specialist_id) WHERE is_active;
CREATE INDEX ix_video_configs_specialist_id ON app.video_configs (specialist_id);
COMMENT ON TABLE app.video_configs IS
    'Where a specialist''s sessions take place; at most one is active, and those of the past serve '
    'the meetings that they made. Of secrets only the last four characters are shown. '
    'Personal: host.';

CREATE TABLE app.video_config_keys (
    config_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT pk_video_config_keys PRIMARY KEY (config_id, specialist_id),
    CONSTRAINT fk_video_config_keys_config FOREIGN KEY (config_id, specialist_id)
        REFERENCES app.video_configs (id, specialist_id),
    CONSTRAINT ck_video_config_keys_key_id CHECK (key_id ~ '^[A-Za-z0-9]{1,16}$')
);
CREATE INDEX ix_video_config_keys_key_id ON app.video_config_keys (key_id);
COMMENT ON TABLE app.video_config_keys IS
    'The secrets of a video config, a static link or credentials: sealed under a data key of the '
    'row, which is wrapped by a key-encryption key (key_id). Written by people, read by the worker '
    'alone.';

CREATE TABLE app.meetings (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    booking_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    config_id uuid,
    provider text,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    is_wanted boolean NOT NULL DEFAULT true,
    wanted_revision integer NOT NULL DEFAULT 1,
    made_revision integer NOT NULL DEFAULT 0,
    generation smallint NOT NULL DEFAULT 0,
    external_id text,
    first_sent_at timestamptz,
    attempts smallint NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT app.now(),
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    parked_at timestamptz,
    last_error text,
    state text NOT NULL GENERATED ALWAYS AS (
        CASE WHEN parked_at IS NOT NULL THEN 'failed'
             WHEN made_revision = wanted_revision AND is_wanted THEN 'ready'
             WHEN made_revision = wanted_revision THEN 'deleted'
             WHEN NOT is_wanted THEN 'deleting'
             WHEN external_id IS NULL THEN 'wanted'
             ELSE 'moving' END) STORED,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_meetings_booking_id UNIQUE (booking_id),
    CONSTRAINT uq_meetings_id_specialist_id_client_id UNIQUE (id, specialist_id, client_id),
    CONSTRAINT fk_meetings_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT fk_meetings_config FOREIGN KEY (config_id, specialist_id)
        REFERENCES app.video_configs (id, specialist_id),
    CONSTRAINT ck_meetings_provider CHECK (provider IN ('zoom', 'teams', 'meet', 'custom')),
    CONSTRAINT ck_meetings_order CHECK (starts_at < ends_at),
    CONSTRAINT ck_meetings_revisions CHECK (made_revision BETWEEN 0 AND wanted_revision),
    CONSTRAINT ck_meetings_generation CHECK (generation >= 0),
    CONSTRAINT ck_meetings_external_id CHECK (length(external_id) BETWEEN 1 AND 1024),
    CONSTRAINT ck_meetings_attempts CHECK (attempts >= 0),
    CONSTRAINT ck_meetings_last_error CHECK (last_error ~ '^[A-Za-z][A-Za-z_]{1,63}$'),
    CONSTRAINT ck_meetings_ready CHECK (
        made_revision < wanted_revision OR NOT is_wanted OR external_id IS NOT NULL)
);
CREATE INDEX ix_meetings_booking ON app.meetings (booking_id, specialist_id, client_id);
CREATE INDEX ix_meetings_config ON app.meetings (config_id, specialist_id);
CREATE INDEX ix_meetings_specialist_id_starts_at ON app.meetings (specialist_id, starts_at);
CREATE INDEX ix_meetings_due ON app.meetings (next_attempt_at)
    WHERE made_revision < wanted_revision AND parked_at IS NULL;
COMMENT ON TABLE app.meetings IS
    'The meeting of a confirmed booking at a video vendor: what is wanted there, and what has been '
    'made of it. state is a summary of the rest.';

CREATE TABLE app.meeting_links (
    meeting_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT pk_meeting_links PRIMARY KEY (meeting_id, specialist_id, client_id),
    CONSTRAINT fk_meeting_links_meeting FOREIGN KEY (meeting_id, specialist_id, client_id)
        REFERENCES app.meetings (id, specialist_id, client_id),
    CONSTRAINT ck_meeting_links_key_id CHECK (key_id ~ '^[A-Za-z0-9]{1,16}$')
);
CREATE INDEX ix_meeting_links_key_id ON app.meeting_links (key_id);
COMMENT ON TABLE app.meeting_links IS
    'How a meeting is joined, address and passcode: sealed, written and read by the worker alone, '
    'and gone with the meeting.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE app.meeting_links, app.meetings, app.video_config_keys, app.video_configs"
    )
