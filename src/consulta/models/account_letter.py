"""Letters about an account, and the hashes of the tokens that they carry."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped


class AccountLetter(Identified, Timestamped, Base):
    __tablename__ = "account_letters"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    token_hash: Mapped[bytes | None]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    asked_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    last_error: Mapped[str | None]

    __table_args__ = (
        CheckConstraint(
            "kind IN ('verify_email', 'reset_password', 'password_changed')", name="kind"
        ),
        CheckConstraint("state IN ('pending', 'leased', 'sent', 'failed')", name="state"),
        CheckConstraint("length(token_hash) = 32", name="hash"),
        CheckConstraint(
            "token_hash IS NULL OR expires_at IS NOT NULL AND kind <> 'password_changed'",
            name="token",
        ),
        CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name="lease"),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("length(last_error) <= 200", name="last_error"),
        UniqueConstraint("user_id", "kind"),
        UniqueConstraint("token_hash"),
        Index(
            "ix_account_letters_due",
            "next_attempt_at",
            "id",
            postgresql_where=text("state IN ('pending', 'leased')"),
        ),
        {
            "comment": "One letter of each kind for an account: when it is due, and the SHA-256 of "
            "the token that the last one carried, for one use. No person reads it."
        },
    )
