"""What the house says about money: who takes it where a specialist has not chosen, and who can save
a card. The service writes it when it starts; functions that people call read it, so that nobody who
books can say otherwise.
"""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0028_house_terms"
down_revision = "0027_account_letters"

TABLES = """
CREATE TABLE app.house_terms (
    id boolean NOT NULL DEFAULT true,
    default_provider text NOT NULL,
    card_savers text[] NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT app.now(),
    CONSTRAINT pk_house_terms PRIMARY KEY (id),
    CONSTRAINT ck_house_terms_one CHECK (id),
    CONSTRAINT ck_house_terms_default_provider
        CHECK (default_provider IN ('stripe', 'razorpay', 'paytabs', 'manual', 'sandbox')),
    CONSTRAINT ck_house_terms_card_savers
        CHECK (card_savers <@ ARRAY['stripe', 'razorpay', 'paytabs', 'sandbox'])
);
COMMENT ON TABLE app.house_terms IS
    'One row, as the service''s settings have it: who takes the money where a specialist has not '
    'chosen, and which providers can save a card. Written at each start; no person reads or '
    'writes it.';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE app.house_terms")
