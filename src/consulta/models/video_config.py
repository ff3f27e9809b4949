"""Where a specialist's sessions take place, and the sealed secrets of that."""

from datetime import datetime
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


class VideoConfig(Identified, Timestamped, Base):
    __tablename__ = "video_configs"

    specialist_id: Mapped[UUID] = mapped_column(ForeignKey("app.specialists.id"))
    provider: Mapped[str]
    mode: Mapped[str]
    account: Mapped[str] = mapped_column(server_default=text("''"))
    host: Mapped[str] = mapped_column(server_default=text("''"))
    waiting_room: Mapped[bool] = mapped_column(server_default=text("true"))
    recording: Mapped[str] = mapped_column(server_default=text("'none'"))
    hints: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    state: Mapped[str] = mapped_column(server_default=text("'connected'"))
    last_error: Mapped[str | None]
    checked_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("id", "specialist_id", name="uq_video_configs_id_specialist_id"),
        CheckConstraint("provider IN ('zoom', 'teams', 'meet', 'custom')", name="provider"),
        CheckConstraint("mode IN ('static', 'api')", name="mode"),
        CheckConstraint("provider <> 'custom' OR mode = 'static'", name="custom_is_static"),
        CheckConstraint("length(account) <= 255", name="account"),
        CheckConstraint("length(host) <= 254", name="host"),
        CheckConstraint("recording IN ('none', 'local', 'cloud')", name="recording"),
        CheckConstraint("state IN ('connected', 'broken')", name="state"),
        CheckConstraint("last_error ~ '^[A-Z][A-Z_]{1,63}$'", name="last_error"),
        Index(
            "uq_video_configs_active",
            "specialist_id",
            unique=True,
            postgresql_where=text("is_active"),
        ),
        Index("ix_video_configs_specialist_id", "specialist_id"),
        {
            "comment": "Where a specialist's sessions take place; at most one is active, and those"
            " of the past serve the meetings that they made. Of secrets only the last four"
            " characters are shown. Personal: host.",
        },
    )


class VideoConfigKey(Timestamped, Base):
    __tablename__ = "video_config_keys"

    config_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    key_id: Mapped[str]
    wrapped_key: Mapped[bytes]
    sealed: Mapped[bytes]

    __table_args__ = (
        PrimaryKeyConstraint("config_id", "specialist_id", name="pk_video_config_keys"),
        ForeignKeyConstraint(
            ["config_id", "specialist_id"],
            ["app.video_configs.id", "app.video_configs.specialist_id"],
            name="fk_video_config_keys_config",
        ),
        CheckConstraint("key_id ~ '^[A-Za-z0-9]{1,16}$'", name="key_id"),
        Index("ix_video_config_keys_key_id", "key_id"),
        {
            "comment": "The secrets of a video config, a static link or credentials: sealed under a"
            " data key of the row, which is wrapped by a key-encryption key (key_id). Written by"
            " people, read by the worker alone.",
        },
    )
