"""Series, and one row for each of their dates: what makes a dispatch happen exactly once (D13)."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0009_recurring"
down_revision = "0008_packages"

TABLES = """
CREATE TABLE app.recurring_bookings (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid NOT NULL
        CONSTRAINT fk_recurring_bookings_specialist_id_specialists REFERENCES app.specialists,
    client_id uuid NOT NULL CONSTRAINT fk_recurring_bookings_client_id_users REFERENCES app.users,
    rate_id uuid NOT NULL,
    frequency text NOT NULL,
    start_date date NOT NULL,
    end_date date,
    local_time time NOT NULL DEFAULT '10:00',
    anchor_day smallint NOT NULL,
    payment_mode text NOT NULL,
    package_purchase_id uuid,
    status text NOT NULL DEFAULT 'active',
    is_active boolean NOT NULL GENERATED ALWAYS AS (status = 'active') STORED,
    next_booking_date date,
    last_generated_date date,
    accepted_at timestamptz,
    ended_at timestamptz,
    note text,
    revision integer NOT NULL DEFAULT 0,
    failed_attempts smallint NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    last_error text,
    created_by uuid NOT NULL CONSTRAINT fk_recurring_bookings_created_by_users REFERENCES app.users,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_recurring_bookings_id_specialist_id_client_id
        UNIQUE (id, specialist_id, client_id),
    CONSTRAINT fk_recurring_bookings_rate FOREIGN KEY (rate_id, specialist_id)
        REFERENCES app.specialist_rates (id, specialist_id),
    CONSTRAINT fk_recurring_bookings_package_purchase
        FOREIGN KEY (package_purchase_id, specialist_id, client_id)
        REFERENCES app.package_purchases (id, specialist_id, client_id),
    CONSTRAINT ck_recurring_bookings_parties CHECK (client_id <> specialist_id),
    CONSTRAINT ck_recurring_bookings_frequency
        CHECK (frequency IN ('weekly', 'biweekly', 'monthly')),
    CONSTRAINT ck_recurring_bookings_dates CHECK (end_date IS NULL OR start_date <= end_date),
    CONSTRAINT ck_recurring_bookings_local_time CHECK (local_time < '24:00'),
    CONSTRAINT ck_recurring_bookings_anchor_day CHECK (anchor_day BETWEEN 1 AND 31),
    CONSTRAINT ck_recurring_bookings_payment_mode CHECK (
        payment_mode IN ('per_session', 'package', 'manual', 'saved_card')
        AND (payment_mode = 'package') = (package_purchase_id IS NOT NULL)),
    CONSTRAINT ck_recurring_bookings_status CHECK (status IN ('active', 'paused', 'ended')
        AND (status = 'ended') = (ended_at IS NOT NULL)),
    CONSTRAINT ck_recurring_bookings_next
        CHECK (status <> 'active' OR next_booking_date IS NOT NULL),
    CONSTRAINT ck_recurring_bookings_note CHECK (length(note) <= 2000),
    CONSTRAINT ck_recurring_bookings_counts CHECK (revision >= 0 AND failed_attempts >= 0)
);
CREATE INDEX ix_recurring_bookings_due ON app.recurring_bookings (is_active, next_booking_date);
CREATE INDEX ix_recurring_bookings_client_id
    ON app.recurring_bookings (client_id, created_at DESC, id DESC);
CREATE INDEX ix_recurring_bookings_specialist_id
    ON app.recurring_bookings (specialist_id, created_at DESC, id DESC);
CREATE INDEX ix_recurring_bookings_rate_id ON app.recurring_bookings (rate_id);
CREATE INDEX ix_recurring_bookings_package_purchase_id
    ON app.recurring_bookings (package_purchase_id) WHERE package_purchase_id IS NOT NULL;
CREATE INDEX ix_recurring_bookings_created_by ON app.recurring_bookings (created_by);
COMMENT ON TABLE app.recurring_bookings IS
    'A series at the specialist''s local wall time, from which a dispatcher makes ordinary '
    'bookings (D13). Personal: note.';

ALTER TABLE app.bookings
    ADD COLUMN recurring_booking_id uuid,
    ADD CONSTRAINT fk_bookings_recurring_booking
        FOREIGN KEY (recurring_booking_id, specialist_id, client_id)
        REFERENCES app.recurring_bookings (id, specialist_id, client_id);
CREATE INDEX ix_bookings_recurring_booking_id ON app.bookings (recurring_booking_id, starts_at)
    WHERE recurring_booking_id IS NOT NULL;

CREATE TABLE app.recurring_booking_occurrences (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    recurring_booking_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    local_date date NOT NULL,
    starts_at timestamptz NOT NULL,
    outcome text NOT NULL,
    reason text,
    booking_id uuid,
    series_revision integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    -- One for each date, as the key below says; with the parties, so that a stranger's try cannot
    -- collide with a row that he may not see.
    CONSTRAINT uq_recurring_booking_occurrences_date
        UNIQUE (recurring_booking_id, local_date, specialist_id, client_id),
    CONSTRAINT fk_recurring_booking_occurrences_recurring_booking
        FOREIGN KEY (recurring_booking_id, specialist_id, client_id)
        REFERENCES app.recurring_bookings (id, specialist_id, client_id),
    CONSTRAINT fk_recurring_booking_occurrences_booking
        FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT ck_recurring_booking_occurrences_outcome CHECK (
        (outcome = 'booked' AND booking_id IS NOT NULL AND reason IS NULL)
        OR (outcome = 'skipped' AND booking_id IS NULL AND reason IS NOT NULL)),
    CONSTRAINT ck_recurring_booking_occurrences_reason CHECK (reason IN ('taken', 'closed',
        'day_full', 'not_accepting', 'no_rate', 'no_credit', 'in_the_past', 'left_out'))
);
CREATE INDEX ix_recurring_booking_occurrences_booking_id
    ON app.recurring_booking_occurrences (booking_id) WHERE booking_id IS NOT NULL;
COMMENT ON TABLE app.recurring_booking_occurrences IS
    'What became of each date of a series: a booking, or the reason why there is none.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(
        op,
        """
DROP TABLE app.recurring_booking_occurrences;
ALTER TABLE app.bookings DROP COLUMN recurring_booking_id;
DROP TABLE app.recurring_bookings;
""",
    )
