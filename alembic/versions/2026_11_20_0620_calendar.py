"""The calendar: weekly rules, exceptions, the lock row, and claims under their constraint (D1)."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0003_calendar"
down_revision = "0002_specialists"

TABLES = """
CREATE TABLE app.availability_rules (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid NOT NULL
        CONSTRAINT fk_availability_rules_specialist_id_specialists REFERENCES app.specialists,
    weekday smallint NOT NULL,
    starts_minute smallint NOT NULL,
    ends_minute smallint NOT NULL,
    slot_minutes smallint NOT NULL DEFAULT 30,
    buffer_minutes smallint NOT NULL DEFAULT 0,
    max_bookings_per_day smallint,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_availability_rules_weekday CHECK (weekday BETWEEN 0 AND 6),
    CONSTRAINT ck_availability_rules_window
        CHECK (starts_minute >= 0 AND ends_minute <= 1440 AND starts_minute < ends_minute),
    CONSTRAINT ck_availability_rules_slot CHECK (slot_minutes BETWEEN 5 AND 1440),
    CONSTRAINT ck_availability_rules_buffer CHECK (buffer_minutes BETWEEN 0 AND 240),
    CONSTRAINT ck_availability_rules_cap CHECK (max_bookings_per_day BETWEEN 1 AND 288)
);
CREATE INDEX ix_availability_rules_specialist_id ON app.availability_rules (specialist_id, weekday);
COMMENT ON TABLE app.availability_rules IS
    'Weekly hours in minutes of the specialist''s local day, 0-1440; weekday 0 is Sunday (D2).';

CREATE TABLE app.specialist_availability_exceptions (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid NOT NULL
        CONSTRAINT fk_specialist_availability_exceptions_specialist_id_specialists
        REFERENCES app.specialists,
    exception_date date NOT NULL,
    is_available boolean NOT NULL,
    starts_minute smallint,
    ends_minute smallint,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_specialist_availability_exceptions_id_specialist_id UNIQUE (id, specialist_id),
    CONSTRAINT ck_specialist_availability_exceptions_window CHECK (
        (starts_minute IS NULL AND ends_minute IS NULL AND NOT is_available)
        OR (starts_minute IS NOT NULL AND ends_minute IS NOT NULL AND starts_minute >= 0
            AND ends_minute <= 1440 AND starts_minute < ends_minute))
);
CREATE INDEX ix_specialist_availability_exceptions_date
    ON app.specialist_availability_exceptions (specialist_id, exception_date);
COMMENT ON TABLE app.specialist_availability_exceptions IS
    'A local date that differs: blocked (all day or part), or custom hours that replace the rules.';

CREATE TABLE app.availability_exception_reasons (
    exception_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    reason text NOT NULL,
    note text,
    -- One per exception, as the key below says; with its owner, so that a stranger's try cannot
    -- collide with a row that he may not see.
    CONSTRAINT pk_availability_exception_reasons PRIMARY KEY (exception_id, specialist_id),
    CONSTRAINT fk_availability_exception_reasons_exception FOREIGN KEY (exception_id, specialist_id)
        REFERENCES app.specialist_availability_exceptions (id, specialist_id) ON DELETE CASCADE,
    CONSTRAINT ck_availability_exception_reasons_reason CHECK (reason
        IN ('vacation', 'sick_leave', 'personal', 'training', 'conference', 'other')),
    CONSTRAINT ck_availability_exception_reasons_note CHECK (length(note) <= 500)
);
CREATE INDEX ix_availability_exception_reasons_specialist_id
    ON app.availability_exception_reasons (specialist_id);
COMMENT ON TABLE app.availability_exception_reasons IS
    'Why a date differs: the specialist and admins only. Personal: reason, note.';

CREATE TABLE app.calendars (
    specialist_id uuid PRIMARY KEY
        CONSTRAINT fk_calendars_specialist_id_specialists REFERENCES app.specialists,
    revision bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_calendars_revision CHECK (revision >= 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE app.calendars IS
    'One row per specialist: the lock of the calendar, and the count of its changes (D3).';

CREATE TABLE app.slots (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid NOT NULL
        CONSTRAINT fk_slots_specialist_id_calendars REFERENCES app.calendars,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    session_starts_at timestamptz NOT NULL,
    session_ends_at timestamptz NOT NULL,
    status text NOT NULL,
    held_until timestamptz,
    held_by uuid,
    hold_token_hash bytea,
    rate_id uuid,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_slots_id_specialist_id UNIQUE (id, specialist_id),
    CONSTRAINT fk_slots_rate_id_specialist_id_specialist_rates FOREIGN KEY (rate_id, specialist_id)
        REFERENCES app.specialist_rates (id, specialist_id),
    CONSTRAINT ck_slots_status CHECK (status IN ('held', 'booked', 'released')),
    CONSTRAINT ck_slots_order CHECK (starts_at <= session_starts_at
        AND session_starts_at < session_ends_at AND session_ends_at <= ends_at),
    CONSTRAINT ck_slots_held CHECK (status <> 'held' OR held_until IS NOT NULL),
    CONSTRAINT ck_slots_hold_token CHECK (length(hold_token_hash) = 32),
    CONSTRAINT slots_no_overlap_excl EXCLUDE USING gist
        (specialist_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
        WHERE (status IN ('held', 'booked'))
);
CREATE INDEX ix_slots_live ON app.slots (specialist_id, ends_at) WHERE status IN ('held', 'booked');
CREATE INDEX ix_slots_held_until ON app.slots (held_until) WHERE status = 'held';
CREATE INDEX ix_slots_held_by ON app.slots (held_by) WHERE status = 'held';
CREATE INDEX ix_slots_rate_id ON app.slots (rate_id);
COMMENT ON TABLE app.slots IS
    'Claims: spans with both buffers that are held or booked. People reach them through '
    'functions only (D3).';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute(
        "DROP TABLE app.slots, app.calendars, app.availability_exception_reasons,"
        " app.specialist_availability_exceptions, app.availability_rules"
    )
