"""Coupons and what became of them; a booking keeps a copy of the one that was used (D7)."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0007_coupons"
down_revision = "0006_plumbing"

TABLES = """
CREATE TABLE app.coupons (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    specialist_id uuid
        CONSTRAINT fk_coupons_specialist_id_specialists REFERENCES app.specialists,
    code text NOT NULL,
    description text,
    kind text NOT NULL,
    percent smallint,
    amount_minor bigint,
    currency text,
    minimum_minor bigint,
    most_uses integer,
    most_uses_per_client integer,
    used_count integer NOT NULL DEFAULT 0,
    valid_from timestamptz NOT NULL DEFAULT app.now(),
    valid_until timestamptz,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT ck_coupons_code CHECK (code ~ '^[A-Z0-9][A-Z0-9_-]{2,39}$'),
    CONSTRAINT ck_coupons_description CHECK (length(description) <= 500),
    CONSTRAINT ck_coupons_kind CHECK (
        (kind = 'percent' AND percent BETWEEN 1 AND 100 AND amount_minor IS NULL)
        OR (kind = 'fixed' AND amount_minor BETWEEN 1 AND 10000000000 AND percent IS NULL
            AND currency IS NOT NULL)),
    CONSTRAINT ck_coupons_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_coupons_minimum
        CHECK (minimum_minor IS NULL OR (minimum_minor > 0 AND currency IS NOT NULL)),
    CONSTRAINT ck_coupons_most_uses CHECK (most_uses BETWEEN 1 AND 1000000),
    CONSTRAINT ck_coupons_most_uses_per_client CHECK (most_uses_per_client BETWEEN 1 AND 1000),
    CONSTRAINT ck_coupons_used_count CHECK (used_count >= 0),
    CONSTRAINT ck_coupons_valid CHECK (valid_until IS NULL OR valid_from < valid_until)
);
CREATE UNIQUE INDEX uq_coupons_specialist_id_code ON app.coupons (specialist_id, code)
    NULLS NOT DISTINCT;
COMMENT ON TABLE app.coupons IS
    'Discounts by code: of one specialist, or of the house where there is none. used_count is the '
    'number of usages that are counted; what was returned is counted off by the next use.';

ALTER TABLE app.bookings
    ADD COLUMN coupon_id uuid CONSTRAINT fk_bookings_coupon_id_coupons REFERENCES app.coupons,
    ADD COLUMN coupon_code text,
    ADD CONSTRAINT ck_bookings_coupon CHECK ((coupon_id IS NULL) = (coupon_code IS NULL));
CREATE INDEX ix_bookings_coupon_id ON app.bookings (coupon_id) WHERE coupon_id IS NOT NULL;

CREATE TABLE app.coupon_usages (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    coupon_id uuid NOT NULL
        CONSTRAINT fk_coupon_usages_coupon_id_coupons REFERENCES app.coupons,
    booking_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    discount_minor bigint NOT NULL,
    currency text NOT NULL,
    state text NOT NULL DEFAULT 'used',
    is_counted boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    returned_at timestamptz,
    CONSTRAINT uq_coupon_usages_booking_id UNIQUE (booking_id, specialist_id, client_id),
    CONSTRAINT fk_coupon_usages_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT ck_coupon_usages_discount CHECK (discount_minor >= 0),
    CONSTRAINT ck_coupon_usages_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT ck_coupon_usages_state
        CHECK (state IN ('used', 'returned') AND (state = 'returned') = (returned_at IS NOT NULL)),
    CONSTRAINT ck_coupon_usages_counted CHECK (is_counted OR state = 'returned')
);
CREATE INDEX ix_coupon_usages_coupon_id ON app.coupon_usages (coupon_id, client_id, state);
CREATE INDEX ix_coupon_usages_coupon_id_id ON app.coupon_usages (coupon_id, id);
CREATE INDEX ix_coupon_usages_returned ON app.coupon_usages (coupon_id)
    WHERE state = 'returned' AND is_counted;
CREATE INDEX ix_coupon_usages_client_id ON app.coupon_usages (client_id, created_at DESC);
COMMENT ON TABLE app.coupon_usages IS
    'One row for each booking that used a coupon; returned when the booking came to nothing. '
    'is_counted until the coupon''s used_count is told of the return.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    run(
        op,
        """
DROP TABLE app.coupon_usages;
ALTER TABLE app.bookings DROP COLUMN coupon_id, DROP COLUMN coupon_code;
DROP TABLE app.coupons;
""",
    )
