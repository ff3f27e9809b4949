"""What the house says about money: one row, which the service writes when it starts."""

from datetime import datetime

from sqlalchemy import CheckConstraint, PrimaryKeyConstraint, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base


class HouseTerms(Base):
    __tablename__ = "house_terms"

    id: Mapped[bool] = mapped_column(server_default=text("true"))
    default_provider: Mapped[str]
    card_savers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = (
        PrimaryKeyConstraint("id", name="pk_house_terms"),
        CheckConstraint("id", name="one"),
        CheckConstraint(
            "default_provider IN ('stripe', 'razorpay', 'paytabs', 'manual', 'sandbox')",
            name="default_provider",
        ),
        CheckConstraint(
            "card_savers <@ ARRAY['stripe', 'razorpay', 'paytabs', 'sandbox']", name="card_savers"
        ),
        {
            "comment": "One row, as the service's settings have it: who takes the money where a"
            " specialist has not chosen, and which providers can save a card. Written at each"
            " start; no person reads or writes it.",
        },
    )
