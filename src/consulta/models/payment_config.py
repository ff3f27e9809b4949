"""Gateway accounts of specialists, and their sealed keys."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped


class PaymentConfig(Identified, Timestamped, Base):
    __tablename__ = "payment_configs"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    provider: Mapped[str]
    account: Mapped[str]
    is_live: Mapped[bool]
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    publishable_key: Mapped[str | None]
    hints: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))

    __table_args__ = (
        UniqueConstraint("id", "specialist_id"),
        UniqueConstraint("account"),
        CheckConstraint("provider IN ('stripe', 'razorpay', 'paytabs')", name="provider"),
        CheckConstraint("account ~ '^[A-Za-z0-9_-]{16,64}$'", name="account"),
        CheckConstraint("length(publishable_key) <= 255", name="publishable_key"),
        Index(
            "uq_payment_configs_active",
            "specialist_id",
            "provider",
            unique=True,
            postgresql_where=text("is_active"),
        ),
        Index("ix_payment_configs_specialist_id", "specialist_id"),
        {
            "comment": "Which gateway account a specialist is paid through; of its secrets only the"
            " last four characters are shown. account is the part of webhook addresses that tells"
            " it apart.",
        },
    )


class PaymentConfigKey(Timestamped, Base):
    __tablename__ = "payment_config_keys"

    config_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    key_id: Mapped[str]
    wrapped_key: Mapped[bytes]
    sealed_keys: Mapped[bytes]

    __table_args__ = (
        PrimaryKeyConstraint("config_id", "specialist_id", name="pk_payment_config_keys"),
        ForeignKeyConstraint(
            ["config_id", "specialist_id"],
            ["app.payment_configs.id", "app.payment_configs.specialist_id"],
            name="fk_payment_config_keys_config",
        ),
        CheckConstraint("key_id ~ '^[A-Za-z0-9]{1,16}$'", name="key_id"),
        Index("ix_payment_config_keys_key_id", "key_id"),
        {
            "comment": "The secrets of a gateway account: sealed under a data key of the row, which"
            " is wrapped by a key-encryption key (key_id). Written by people, read by the worker"
            " alone.",
        },
    )
