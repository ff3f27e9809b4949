"""Moved and called-off sessions: the trail of each move, proposed times, the terms of a
cancellation; and exceptions over several dates.
"""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0010_moves"
down_revision = "0009_recurring"

TABLES = """
ALTER TABLE app.bookings
    ADD COLUMN tier_starts_at timestamptz,
    ADD COLUMN booked_anyway boolean NOT NULL DEFAULT false;
-- Whose names a specialist may read is asked by both at once.
CREATE INDEX ix_bookings_specialist_id_client_id ON app.bookings (specialist_id, client_id);

CREATE TABLE app.booking_reschedules (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    booking_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    revision integer NOT NULL,
    from_starts_at timestamptz NOT NULL,
    from_ends_at timestamptz NOT NULL,
    to_starts_at timestamptz NOT NULL,
    to_ends_at timestamptz NOT NULL,
    moved_by uuid CONSTRAINT fk_booking_reschedules_moved_by_users REFERENCES app.users,
    moved_by_kind text NOT NULL,
    reason text,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT fk_booking_reschedules_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT ck_booking_reschedules_kind
        CHECK (moved_by_kind IN ('client', 'specialist', 'admin')),
    CONSTRAINT ck_booking_reschedules_revision CHECK (revision > 0),
    CONSTRAINT ck_booking_reschedules_order
        CHECK (from_starts_at < from_ends_at AND to_starts_at < to_ends_at),
    CONSTRAINT ck_booking_reschedules_reason CHECK (length(reason) <= 1000)
);
CREATE UNIQUE INDEX uq_booking_reschedules_revision
    ON app.booking_reschedules (booking_id, revision);
CREATE INDEX ix_booking_reschedules_moved_by ON app.booking_reschedules (moved_by);
COMMENT ON TABLE app.booking_reschedules IS
    'Every move of a session in time: who, from, to; append-only. Personal: reason.';

CREATE TABLE app.booking_proposals (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    booking_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    anyway boolean NOT NULL DEFAULT false,
    message text,
    state text NOT NULL DEFAULT 'open',
    proposed_by uuid NOT NULL
        CONSTRAINT fk_booking_proposals_proposed_by_users REFERENCES app.users,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT fk_booking_proposals_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT ck_booking_proposals_state
        CHECK (state IN ('open', 'accepted', 'declined', 'replaced')),
    CONSTRAINT ck_booking_proposals_message CHECK (length(message) <= 1000)
);
CREATE UNIQUE INDEX uq_booking_proposals_open ON app.booking_proposals (booking_id)
    WHERE state = 'open';
CREATE INDEX ix_booking_proposals_booking_id ON app.booking_proposals (booking_id, created_at);
CREATE INDEX ix_booking_proposals_proposed_by ON app.booking_proposals (proposed_by);
COMMENT ON TABLE app.booking_proposals IS
    'Another time that the specialist proposes for a session; the client accepts or declines. '
    'Personal: message.';

ALTER TABLE app.booking_cancellations
    ADD COLUMN refund_percent smallint NOT NULL DEFAULT 0,
    ADD COLUMN credit_returned boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT ck_booking_cancellations_refund_percent CHECK (refund_percent BETWEEN 0 AND 100);

ALTER TABLE app.specialist_availability_exceptions ADD COLUMN range_id uuid;
CREATE INDEX ix_specialist_availability_exceptions_range_id
    ON app.specialist_availability_exceptions (range_id) WHERE range_id IS NOT NULL;
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(
        op,
        """
ALTER TABLE app.specialist_availability_exceptions DROP COLUMN range_id;
ALTER TABLE app.booking_cancellations DROP COLUMN refund_percent, DROP COLUMN credit_returned;
DROP TABLE app.booking_proposals, app.booking_reschedules;
DROP INDEX app.ix_bookings_specialist_id_client_id;
ALTER TABLE app.bookings DROP COLUMN tier_starts_at, DROP COLUMN booked_anyway;
""",
    )
