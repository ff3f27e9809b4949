"""Accounts: who can sign in and as what, their password hashes and refresh tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped


class User(Identified, Timestamped, Base):
    __tablename__ = "users"

    email: Mapped[str]
    role: Mapped[str] = mapped_column(server_default=text("'client'"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    email_verified_at: Mapped[datetime | None]
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    erased_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("role IN ('client', 'specialist', 'admin')", name="role"),
        CheckConstraint("length(email) BETWEEN 3 AND 254 AND email = lower(email)", name="email"),
        CheckConstraint("(issuer IS NULL) = (subject IS NULL)", name="external"),
        CheckConstraint("erased_at IS NULL OR NOT is_active", name="erased"),
        UniqueConstraint("email"),
        UniqueConstraint("issuer", "subject"),
        {"comment": "Accounts: who can sign in, and as what. Personal: email."},
    )


class Credential(Timestamped, Base):
    __tablename__ = "credentials"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"), primary_key=True)
    password_hash: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))

    __table_args__ = ({"comment": "Password hashes (argon2id). No person reads this table."},)


class UserSession(Identified, Timestamped, Base):
    __tablename__ = "user_sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    family_id: Mapped[UUID]
    token_hash: Mapped[bytes]
    expires_at: Mapped[datetime]
    family_expires_at: Mapped[datetime]
    rotated_at: Mapped[datetime | None]
    successor_id: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("length(token_hash) = 32", name="hash"),
        CheckConstraint("expires_at <= family_expires_at", name="order"),
        UniqueConstraint("token_hash"),
        Index("ix_user_sessions_user_id", "user_id", text("created_at DESC")),
        Index("ix_user_sessions_family_id", "family_id"),
        Index("ix_user_sessions_family_expires_at", "family_expires_at"),
        {"comment": "Refresh tokens by family, only as SHA-256. No person reads it."},
    )
