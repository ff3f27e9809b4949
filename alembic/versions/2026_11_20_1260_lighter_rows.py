"""What a booking pays for, once more: three keys go that ask for what the same step has just read.

A booking's history is written by the triggers of the booking itself, with its own parties. Who
booked is whoever signed the request, or the maker of the series. The rate of a claim is its
booking's, where the key stands; a hold without a booking has it from the offer, for minutes.
None of their parents is ever deleted.
"""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0031_lighter_rows"
down_revision = "0030_parked"

TABLES = """
ALTER TABLE app.booking_status_history DROP CONSTRAINT fk_booking_status_history_booking;
ALTER TABLE app.bookings DROP CONSTRAINT fk_bookings_booked_by_users;
ALTER TABLE app.slots DROP CONSTRAINT fk_slots_rate_id_specialist_id_specialist_rates;
"""

BACK = """
ALTER TABLE app.slots ADD CONSTRAINT fk_slots_rate_id_specialist_id_specialist_rates
    FOREIGN KEY (rate_id, specialist_id) REFERENCES app.specialist_rates (id, specialist_id);
ALTER TABLE app.bookings ADD CONSTRAINT fk_bookings_booked_by_users
    FOREIGN KEY (booked_by) REFERENCES app.users;
ALTER TABLE app.booking_status_history ADD CONSTRAINT fk_booking_status_history_booking
    FOREIGN KEY (booking_id, specialist_id, client_id)
    REFERENCES app.bookings (id, specialist_id, client_id);
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, BACK)
