"""Packages, their purchases and the ledger of credits; a payment may be for a purchase."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0008_packages"
down_revision = "0007_coupons"

TABLES = """
CREATE TABLE app.booking_packages (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid NOT NULL
        CONSTRAINT fk_booking_packages_specialist_id_specialists REFERENCES app.specialists,
    rate_id uuid NOT NULL,
    name text NOT NULL,
    description text,
    session_count smallint NOT NULL,
    price_minor bigint NOT NULL,
    currency text NOT NULL,
    discount_percentage smallint NOT NULL DEFAULT 0,
    valid_for_days smallint,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_booking_packages_id_specialist_id UNIQUE (id, specialist_id),
    CONSTRAINT fk_booking_packages_rate FOREIGN KEY (rate_id, specialist_id)
        REFERENCES app.specialist_rates (id, specialist_id),
    CONSTRAINT ck_booking_packages_name CHECK (length(name) BETWEEN 1 AND 120),
    CONSTRAINT ck_booking_packages_description CHECK (length(description) <= 2000),
    CONSTRAINT ck_booking_packages_session_count CHECK (session_count BETWEEN 1 AND 500),
    CONSTRAINT ck_booking_packages_price CHECK (price_minor BETWEEN 0 AND 10000000000),
    CONSTRAINT ck_booking_packages_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_booking_packages_discount CHECK (discount_percentage BETWEEN 0 AND 100
        AND (discount_percentage < 100 OR price_minor = 0)),
    CONSTRAINT ck_booking_packages_valid_for_days CHECK (valid_for_days BETWEEN 1 AND 3650)
);
CREATE INDEX ix_booking_packages_specialist_id
    ON app.booking_packages (specialist_id, created_at DESC, id DESC);
CREATE INDEX ix_booking_packages_rate_id ON app.booking_packages (rate_id);
COMMENT ON TABLE app.booking_packages IS
    'Several sessions sold at once: price_minor is what the buyer pays, already discounted; a '
    'credit buys the named rate.';

CREATE TABLE app.package_purchases (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    package_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL CONSTRAINT fk_package_purchases_client_id_users REFERENCES app.users,
    rate_id uuid NOT NULL,
    name text NOT NULL,
    session_count smallint NOT NULL,
    credits_left smallint NOT NULL DEFAULT 0,
    price_minor bigint NOT NULL,
    currency text NOT NULL,
    valid_for_days smallint,
    status text NOT NULL,
    expires_at timestamptz,
    activated_at timestamptz,
    valid_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT uq_package_purchases_id_specialist_id_client_id
        UNIQUE (id, specialist_id, client_id),
    CONSTRAINT fk_package_purchases_package FOREIGN KEY (package_id, specialist_id)
        REFERENCES app.booking_packages (id, specialist_id),
    CONSTRAINT fk_package_purchases_rate FOREIGN KEY (rate_id, specialist_id)
        REFERENCES app.specialist_rates (id, specialist_id),
    CONSTRAINT ck_package_purchases_parties CHECK (client_id <> specialist_id),
    CONSTRAINT ck_package_purchases_credits
        CHECK (session_count > 0 AND credits_left BETWEEN 0 AND session_count),
    CONSTRAINT ck_package_purchases_price CHECK (price_minor >= 0),
    CONSTRAINT ck_package_purchases_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_package_purchases_status
        CHECK (status IN ('pending_payment', 'active', 'cancelled', 'expired', 'refunded')),
    CONSTRAINT ck_package_purchases_expires
        CHECK ((status = 'pending_payment') <= (expires_at IS NOT NULL)),
    CONSTRAINT ck_package_purchases_activated
        CHECK ((status = 'active') <= (activated_at IS NOT NULL))
);
CREATE INDEX ix_package_purchases_package_id ON app.package_purchases (package_id);
CREATE INDEX ix_package_purchases_rate_id ON app.package_purchases (rate_id);
CREATE INDEX ix_package_purchases_client_id
    ON app.package_purchases (client_id, created_at DESC, id DESC);
CREATE INDEX ix_package_purchases_specialist_id
    ON app.package_purchases (specialist_id, created_at DESC, id DESC);
CREATE INDEX ix_package_purchases_expires_at ON app.package_purchases (expires_at)
    WHERE status = 'pending_payment';
CREATE INDEX ix_package_purchases_valid_until ON app.package_purchases (valid_until)
    WHERE status = 'active';
COMMENT ON TABLE app.package_purchases IS
    'A package as it was bought, and how many credits are left: always the sum of its ledger.';

ALTER TABLE app.bookings
    ADD COLUMN package_purchase_id uuid,
    ADD CONSTRAINT fk_bookings_package_purchase
        FOREIGN KEY (package_purchase_id, specialist_id, client_id)
        REFERENCES app.package_purchases (id, specialist_id, client_id),
    ADD CONSTRAINT ck_bookings_one_discount
        CHECK (coupon_id IS NULL OR package_purchase_id IS NULL);
CREATE INDEX ix_bookings_package_purchase_id ON app.bookings (package_purchase_id)
    WHERE package_purchase_id IS NOT NULL;

CREATE TABLE app.package_credits (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    purchase_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    kind text NOT NULL,
    credits smallint NOT NULL,
    booking_id uuid,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT fk_package_credits_purchase FOREIGN KEY (purchase_id, specialist_id, client_id)
        REFERENCES app.package_purchases (id, specialist_id, client_id),
    CONSTRAINT fk_package_credits_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT ck_package_credits_kind CHECK (CASE kind
        WHEN 'granted' THEN credits > 0 AND booking_id IS NULL
        WHEN 'reserved' THEN credits = -1 AND booking_id IS NOT NULL
        WHEN 'used' THEN credits = 0 AND booking_id IS NOT NULL
        WHEN 'returned' THEN credits = 1 AND booking_id IS NOT NULL
        WHEN 'expired' THEN credits < 0 AND booking_id IS NULL
        WHEN 'refunded' THEN credits < 0 AND booking_id IS NULL
        ELSE false END)
);
CREATE INDEX ix_package_credits_purchase_id ON app.package_credits (purchase_id, created_at, id);
CREATE INDEX ix_package_credits_booking_id ON app.package_credits (booking_id)
    WHERE booking_id IS NOT NULL;
CREATE UNIQUE INDEX uq_package_credits_reserved ON app.package_credits (booking_id)
    WHERE kind = 'reserved';
CREATE UNIQUE INDEX uq_package_credits_settled ON app.package_credits (booking_id)
    WHERE kind IN ('used', 'returned');
COMMENT ON TABLE app.package_credits IS
    'The ledger of credits, append-only: granted, reserved for a booking, used or returned by it, '
    'expired, refunded. The sum of a purchase is what is left of it.';

ALTER TABLE app.payments
    ALTER COLUMN booking_id DROP NOT NULL,
    ADD COLUMN package_purchase_id uuid,
    ADD CONSTRAINT fk_payments_package_purchase
        FOREIGN KEY (package_purchase_id, specialist_id, client_id)
        REFERENCES app.package_purchases (id, specialist_id, client_id),
    ADD CONSTRAINT ck_payments_subject CHECK (
        (purpose = 'booking') = (booking_id IS NOT NULL)
        AND (purpose = 'package') = (package_purchase_id IS NOT NULL));
CREATE INDEX ix_payments_package_purchase_id ON app.payments (package_purchase_id)
    WHERE package_purchase_id IS NOT NULL;
CREATE UNIQUE INDEX uq_payments_live_package ON app.payments (package_purchase_id)
    WHERE package_purchase_id IS NOT NULL AND status NOT IN ('failed', 'cancelled');
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(
        op,
        """
ALTER TABLE app.payments DROP COLUMN package_purchase_id;
DROP TABLE app.package_credits;
ALTER TABLE app.bookings DROP COLUMN package_purchase_id;
DROP TABLE app.package_purchases, app.booking_packages;
""",
    )
