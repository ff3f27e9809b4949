"""What a booking pays for: no index that nobody reads by, and none that another one covers.

Who the specialist is, the rate says. A claim belongs to one booking, for ever. An index of the next
dates of series would be written anew with every date, and who asks for them is about to read most
of the table: without it, and with room on the pages, a series moves on in its place.
"""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0024_thinner"
down_revision = "0023_disputes"

TABLES = """
ALTER TABLE app.bookings ADD CONSTRAINT uq_bookings_slot_id UNIQUE (slot_id);
DROP INDEX app.uq_bookings_live_slot, app.ix_bookings_slot_id, app.ix_bookings_rate_id,
    app.ix_bookings_booked_by, app.ix_bookings_specialist_id_client_id;
ALTER TABLE app.bookings DROP CONSTRAINT fk_bookings_specialist_id_specialists;
DROP INDEX app.ix_slots_rate_id;
DROP INDEX app.ix_recurring_bookings_due, app.ix_recurring_bookings_rate_id,
    app.ix_recurring_bookings_created_by;
ALTER TABLE app.recurring_bookings SET (fillfactor = 50);
DROP INDEX app.ix_audit_logs_timestamp, app.ix_audit_logs_actor_id;
CREATE INDEX ix_audit_logs_timestamp ON app.audit_logs ("timestamp", id);
CREATE INDEX ix_audit_logs_actor_id ON app.audit_logs (actor_id, "timestamp")
    WHERE actor_id IS NOT NULL;
"""

BACK = """
DROP INDEX app.ix_audit_logs_timestamp, app.ix_audit_logs_actor_id;
CREATE INDEX ix_audit_logs_actor_id ON app.audit_logs (actor_id, "timestamp" DESC);
CREATE INDEX ix_audit_logs_timestamp ON app.audit_logs ("timestamp" DESC, id DESC);
ALTER TABLE app.recurring_bookings RESET (fillfactor);
CREATE INDEX ix_recurring_bookings_due ON app.recurring_bookings (is_active, next_booking_date);
CREATE INDEX ix_recurring_bookings_rate_id ON app.recurring_bookings (rate_id);
CREATE INDEX ix_recurring_bookings_created_by ON app.recurring_bookings (created_by);
CREATE INDEX ix_slots_rate_id ON app.slots (rate_id);
ALTER TABLE app.bookings ADD CONSTRAINT fk_bookings_specialist_id_specialists
    FOREIGN KEY (specialist_id) REFERENCES app.specialists;
CREATE UNIQUE INDEX uq_bookings_live_slot ON app.bookings (slot_id)
    WHERE status IN ('pending_payment', 'awaiting_confirmation', 'confirmed');
CREATE INDEX ix_bookings_slot_id ON app.bookings (slot_id);
CREATE INDEX ix_bookings_rate_id ON app.bookings (rate_id);
CREATE INDEX ix_bookings_booked_by ON app.bookings (booked_by);
CREATE INDEX ix_bookings_specialist_id_client_id ON app.bookings (specialist_id, client_id);
ALTER TABLE app.bookings DROP CONSTRAINT uq_bookings_slot_id;
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, BACK)
