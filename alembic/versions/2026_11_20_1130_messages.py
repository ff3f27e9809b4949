"""Messages: what people are told by mail, and what they want to hear."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0018_messages"
down_revision = "0017_video"

TABLES = """
CREATE TABLE app.notifications (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    recipient_id uuid NOT NULL CONSTRAINT fk_notifications_recipient_id_users REFERENCES app.users,
    kind text NOT NULL,
    event_key text NOT NULL,
    specialist_id uuid NOT NULL
        CONSTRAINT fk_notifications_specialist_id_specialists REFERENCES app.specialists,
    client_id uuid CONSTRAINT fk_notifications_client_id_users REFERENCES app.users,
    booking_id uuid,
    series_id uuid,
    payment_id uuid,
    purchase_id uuid,
    revision integer NOT NULL DEFAULT 0,
    local_date date,
    language text,
    state text NOT NULL DEFAULT 'pending',
    send_at timestamptz NOT NULL DEFAULT app.now(),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT app.now(),
    lease_until timestamptz,
    fence bigint NOT NULL DEFAULT 0,
    last_error text,
    message_id text,
    sent_at timestamptz,
    settled_at timestamptz,
    read_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_notifications_event_key_recipient_id UNIQUE (event_key, recipient_id),
    CONSTRAINT fk_notifications_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT fk_notifications_series FOREIGN KEY (series_id, specialist_id, client_id)
        REFERENCES app.recurring_bookings (id, specialist_id, client_id),
    CONSTRAINT fk_notifications_payment FOREIGN KEY (payment_id, specialist_id, client_id)
        REFERENCES app.payments (id, specialist_id, client_id),
    CONSTRAINT fk_notifications_purchase FOREIGN KEY (purchase_id, specialist_id, client_id)
        REFERENCES app.package_purchases (id, specialist_id, client_id),
    CONSTRAINT ck_notifications_kind CHECK (kind IN ('booking_booked', 'booking_awaiting',
        'booking_confirmed', 'booking_declined', 'booking_cancelled', 'booking_expired',
        'booking_rescheduled', 'booking_time_proposed', 'booking_proposal_declined',
        'booking_refunded', 'reminder_24h', 'reminder_1h', 'follow_up', 'series_created',
        'series_accepted', 'series_skipped', 'series_ended', 'payment_too_late',
        'payment_expiring', 'payment_card_refused', 'payment_refund_failed', 'payment_disputed',
        'payment_dispute_closed', 'package_activated', 'package_cancelled', 'package_expired',
        'package_refunded', 'note_written', 'recording_ready', 'video_broken',
        'review_posted', 'intake_completed')),
    CONSTRAINT ck_notifications_event_key CHECK (length(event_key) BETWEEN 3 AND 120),
    CONSTRAINT ck_notifications_recipient
        CHECK (recipient_id = specialist_id OR coalesce(recipient_id = client_id, false)),
    CONSTRAINT ck_notifications_subject CHECK (
        CASE WHEN kind = 'video_broken'
            THEN num_nonnulls(client_id, booking_id, series_id, payment_id, purchase_id) = 0
            ELSE client_id IS NOT NULL
                AND num_nonnulls(booking_id, series_id, payment_id, purchase_id) > 0 END),
    CONSTRAINT ck_notifications_revision CHECK (revision >= 0),
    CONSTRAINT ck_notifications_local_date
        CHECK ((local_date IS NOT NULL) = (kind = 'series_skipped')),
    CONSTRAINT ck_notifications_language CHECK (language ~ '^[a-z]{2}$'),
    CONSTRAINT ck_notifications_state
        CHECK (state IN ('pending', 'leased', 'sent', 'skipped', 'failed')),
    CONSTRAINT ck_notifications_leased CHECK ((state = 'leased') = (lease_until IS NOT NULL)),
    CONSTRAINT ck_notifications_sent
        CHECK (state <> 'sent' OR (sent_at IS NOT NULL AND message_id IS NOT NULL)),
    CONSTRAINT ck_notifications_settled
        CHECK ((settled_at IS NOT NULL) = (state IN ('sent', 'skipped', 'failed'))),
    CONSTRAINT ck_notifications_attempts CHECK (attempts >= 0 AND fence >= 0),
    CONSTRAINT ck_notifications_last_error CHECK (length(last_error) <= 64)
);
CREATE INDEX ix_notifications_due ON app.notifications (next_attempt_at)
    WHERE state IN ('pending', 'leased');
CREATE INDEX ix_notifications_lease_until ON app.notifications (lease_until)
    WHERE state = 'leased';
CREATE INDEX ix_notifications_recipient_id
    ON app.notifications (recipient_id, send_at DESC, id DESC);
CREATE INDEX ix_notifications_settled_at ON app.notifications (settled_at)
    WHERE settled_at IS NOT NULL;
CREATE INDEX ix_notifications_specialist_id ON app.notifications (specialist_id);
CREATE INDEX ix_notifications_client_id ON app.notifications (client_id);
CREATE INDEX ix_notifications_booking_id ON app.notifications (booking_id)
    WHERE booking_id IS NOT NULL;
CREATE INDEX ix_notifications_series_id ON app.notifications (series_id)
    WHERE series_id IS NOT NULL;
CREATE INDEX ix_notifications_payment_id ON app.notifications (payment_id)
    WHERE payment_id IS NOT NULL;
CREATE INDEX ix_notifications_purchase_id ON app.notifications (purchase_id)
    WHERE purchase_id IS NOT NULL;
COMMENT ON TABLE app.notifications IS
    'Who is told what, once for each event_key and recipient. No text is kept: a mail is written '
    'from the truth at the moment of sending. revision is that of the booking.';

CREATE TABLE app.notification_preferences (
    user_id uuid PRIMARY KEY
        CONSTRAINT fk_notification_preferences_user_id_users REFERENCES app.users,
    language text,
    bookings boolean NOT NULL DEFAULT true,
    reminders boolean NOT NULL DEFAULT true,
    follow_ups boolean NOT NULL DEFAULT true,
    series boolean NOT NULL DEFAULT true,
    packages boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_notification_preferences_language CHECK (language ~ '^[a-z]{2}$')
);
COMMENT ON TABLE app.notification_preferences IS
    'Which groups of mail a person wants, and in which language (null: that of the profile). '
    'Changed or ended sessions and trouble with money are told in any case.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(op, "DROP TABLE app.notification_preferences, app.notifications")
