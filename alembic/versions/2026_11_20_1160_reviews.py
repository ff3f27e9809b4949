"""Reviews: what clients say of completed sessions."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0021_reviews"
down_revision = "0020_intake"

TABLES = """
CREATE TABLE app.reviews (
    id uuid PRIMARY KEY DEFAULT app.new_id(),
    booking_id uuid NOT NULL,
    specialist_id uuid NOT NULL,
    client_id uuid NOT NULL,
    rating smallint NOT NULL,
    comment text,
    shows_name boolean NOT NULL DEFAULT false,
    edited_at timestamptz,
    reply text,
    replied_at timestamptz,
    is_hidden boolean NOT NULL DEFAULT false,
    hidden_reason text,
    hidden_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT app.now(),
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    -- One per booking; with the parties, so that a stranger's try cannot collide.
    CONSTRAINT uq_reviews_booking_id UNIQUE (booking_id, specialist_id, client_id),
    CONSTRAINT fk_reviews_booking FOREIGN KEY (booking_id, specialist_id, client_id)
        REFERENCES app.bookings (id, specialist_id, client_id),
    CONSTRAINT ck_reviews_rating CHECK (rating BETWEEN 1 AND 5),
    CONSTRAINT ck_reviews_comment CHECK (length(comment) BETWEEN 1 AND 2000),
    CONSTRAINT ck_reviews_edited CHECK (edited_at >= created_at),
    CONSTRAINT ck_reviews_reply CHECK (length(reply) BETWEEN 1 AND 2000),
    CONSTRAINT ck_reviews_replied CHECK ((reply IS NULL) = (replied_at IS NULL)),
    CONSTRAINT ck_reviews_hidden CHECK (is_hidden = (hidden_at IS NOT NULL)),
    CONSTRAINT ck_reviews_hidden_reason
        CHECK (is_hidden = (hidden_reason IS NOT NULL) AND length(hidden_reason) BETWEEN 1 AND 500)
);
CREATE INDEX ix_reviews_specialist_id_created_at
    ON app.reviews (specialist_id, created_at DESC, id DESC);
CREATE INDEX ix_reviews_client_id_created_at ON app.reviews (client_id, created_at DESC);
CREATE INDEX ix_reviews_counted ON app.reviews (specialist_id, rating) WHERE NOT is_hidden;
COMMENT ON TABLE app.reviews IS
    'What a client says of a completed session, and the specialist''s one reply. The parties read '
    'it whole, the public through app.reviews_of. Personal: comment, reply.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE app.reviews")
