"""What is parked is counted every half minute: its few rows have an index of their own."""

from alembic import op

from consulta.platform.db.scripts import run

revision = "0030_parked"
down_revision = "0029_money_back"

TABLES = """
CREATE INDEX ix_outbox_parked ON app.outbox (id) WHERE state = 'parked';
CREATE INDEX ix_webhook_events_parked ON app.webhook_events (id) WHERE state = 'parked';
"""


def upgrade() -> None:
    run(op, TABLES)


def downgrade() -> None:
    op.execute("DROP INDEX app.ix_outbox_parked, app.ix_webhook_events_parked")
