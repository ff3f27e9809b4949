"""Bookings, their history and their cancellations."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0004_bookings"
down_revision = "0003_calendar"

TABLES = """
CREATE TABLE app.bookings (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid NOT NULL
        CONSTRAINT fk_bookings_specialist_id_specialists REFERENCES app.specialists,
    client_id uuid NOT NULL CONSTRAINT fk_bookings_client_id_users REFERENCES app.users,
    rate_id uuid NOT NULL,
    slot_id uuid NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    revision integer NOT NULL DEFAULT 0,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    price_minor bigint NOT NULL,
    discount_minor bigint NOT NULL DEFAULT 0,
    total_minor bigint NOT NULL GENERATED ALWAYS AS (price_minor - discount_minor) STORED,
    currency text NOT NULL,
    policy text NOT NULL,
    policy_tiers jsonb,
    auto_confirm boolean NOT NULL DEFAULT false,
    expires_at timestamptz,
    capture_requested_at timestamptz,
    meeting_link text,
    intake_completed boolean NOT NULL DEFAULT false,
    note text,
    booked_by uuid NOT NULL CONSTRAINT fk_bookings_booked_by_users REFERENCES app.users,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_bookings_id_specialist_id_client_id UNIQUE (id, specialist_id, client_id),
    CONSTRAINT fk_bookings_rate FOREIGN KEY (rate_id, specialist_id)
        REFERENCES app.specialist_rates (id, specialist_id),
    CONSTRAINT fk_bookings_slot FOREIGN KEY (slot_id, specialist_id)
        REFERENCES app.slots (id, specialist_id),
    CONSTRAINT ck_bookings_status CHECK (status IN ('pending_payment', 'awaiting_confirmation',
        'confirmed', 'completed', 'no_show', 'cancelled', 'declined', 'expired', 'refunded')),
    CONSTRAINT ck_bookings_order CHECK (starts_at < ends_at),
    CONSTRAINT ck_bookings_revision CHECK (revision >= 0),
    CONSTRAINT ck_bookings_parties CHECK (client_id <> specialist_id),
    CONSTRAINT ck_bookings_price
        CHECK (price_minor >= 0 AND discount_minor BETWEEN 0 AND price_minor),
    CONSTRAINT ck_bookings_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_bookings_expires CHECK (status <> 'pending_payment' OR expires_at IS NOT NULL),
    CONSTRAINT ck_bookings_note CHECK (length(note) <= 2000),
    CONSTRAINT ck_bookings_meeting_link CHECK (length(meeting_link) <= 2000)
);
CREATE UNIQUE INDEX uq_bookings_live_slot ON app.bookings (slot_id)
    WHERE status IN ('pending_payment', 'awaiting_confirmation', 'confirmed');
CREATE INDEX ix_bookings_slot_id ON app.bookings (slot_id);
CREATE INDEX ix_bookings_rate_id ON app.bookings (rate_id);
CREATE INDEX ix_bookings_booked_by ON app.bookings (booked_by);
CREATE INDEX ix_bookings_client_id_created_at ON app.bookings (client_id, created_at DESC, id DESC);
CREATE INDEX ix_bookings_specialist_id_created_at
    ON app.bookings (specialist_id, created_at DESC, id DESC);
CREATE INDEX ix_bookings_specialist_id_starts_at ON app.bookings (specialist_id, starts_at);
CREATE INDEX ix_bookings_expires_at ON app.bookings (expires_at)
    WHERE status IN ('pending_payment', 'awaiting_confirmation');
CREATE INDEX ix_bookings_confirmed_ends_at ON app.bookings (ends_at) WHERE status = 'confirmed';
COMMENT ON TABLE app.bookings IS
    'One session between a client and a specialist; price and policy are snapshots (D7). '
    'Personal: note.';

CREATE TABLE app.booking_status_history (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    booking_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    from_status text,
    to_status text NOT NULL,
    actor_id uuid,
    actor_kind text NOT NULL,
    reason text,
    request_id text,
    at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT fk_booking_status_history_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT ck_booking_status_history_actor_kind
        CHECK (actor_kind IN ('client', 'specialist', 'admin', 'system'))
);
CREATE INDEX ix_booking_status_history_booking_id ON app.booking_status_history (booking_id, at);
COMMENT ON TABLE app.booking_status_history IS
    'Every move of a booking''s status, written by the trigger alone; append-only.';

CREATE TABLE app.booking_cancellations (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    booking_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    cancelled_by uuid NOT NULL
        CONSTRAINT fk_booking_cancellations_cancelled_by_users REFERENCES app.users,
    cancelled_by_kind text NOT NULL,
    reason text,
    reason_code text,
    cancellation_policy_applied text NOT NULL,
    refund_minor bigint NOT NULL DEFAULT 0,
    currency text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    -- One per booking, as the key below says; with the parties, so that a stranger's try cannot
    -- collide with a row that he may not see.
    CONSTRAINT uq_booking_cancellations_booking_id UNIQUE (booking_id, specialist_id, client_id),
    CONSTRAINT fk_booking_cancellations_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT ck_booking_cancellations_kind
        CHECK (cancelled_by_kind IN ('client', 'specialist', 'admin')),
    CONSTRAINT ck_booking_cancellations_reason CHECK (length(reason) <= 1000),
    CONSTRAINT ck_booking_cancellations_reason_code CHECK (reason_code IN ('schedule_conflict',
        'illness', 'emergency', 'no_longer_needed', 'found_alternative', 'price',
        'technical_problem', 'specialist_unavailable', 'duplicate', 'other')),
    CONSTRAINT ck_booking_cancellations_refund CHECK (refund_minor >= 0)
);
CREATE INDEX ix_booking_cancellations_cancelled_by ON app.booking_cancellations (cancelled_by);
CREATE INDEX ix_booking_cancellations_specialist_id
    ON app.booking_cancellations (specialist_id, created_at DESC);
COMMENT ON TABLE app.booking_cancellations IS
    'One immutable record per cancelled or declined booking: who, why, by which policy, how '
    'much. Personal: reason.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE app.booking_cancellations, app.booking_status_history, app.bookings")
