"""What clients say of completed sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Identified, Timestamped, key_with_parties


class Review(Identified, Timestamped, Base):
    __tablename__ = "reviews"

    booking_id: Mapped[UUID]
    specialist_id: Mapped[UUID]
    client_id: Mapped[UUID]
    rating: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str | None]
    shows_name: Mapped[bool] = mapped_column(server_default=text("false"))
    edited_at: Mapped[datetime | None]
    reply: Mapped[str | None]
    replied_at: Mapped[datetime | None]
    is_hidden: Mapped[bool] = mapped_column(server_default=text("false"))
    hidden_reason: Mapped[str | None]
    hidden_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("booking_id", "specialist_id", "client_id", name="uq_reviews_booking_id"),
        key_with_parties("booking_id", "bookings", name="fk_reviews_booking"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        CheckConstraint("length(comment) BETWEEN 1 AND 2000", name="comment"),
        CheckConstraint("edited_at >= created_at", name="edited"),
        CheckConstraint("length(reply) BETWEEN 1 AND 2000", name="reply"),
        CheckConstraint("(reply IS NULL) = (replied_at IS NULL)", name="replied"),
        CheckConstraint("is_hidden = (hidden_at IS NOT NULL)", name="hidden"),
        CheckConstraint(
            "is_hidden = (hidden_reason IS NOT NULL) AND length(hidden_reason) BETWEEN 1 AND 500",
            name="hidden_reason",
        ),
        Index(
            "ix_reviews_specialist_id_created_at",
            "specialist_id",
            text("created_at DESC"),
            text("id DESC"),
        ),
        Index("ix_reviews_client_id_created_at", "client_id", text("created_at DESC")),
        Index(
            "ix_reviews_counted",
            "specialist_id",
            "rating",
            postgresql_where=text("NOT is_hidden"),
        ),
        {
            "comment": "What a client says of a completed session, and the specialist's one reply."
            " The parties read it whole, the public through app.reviews_of. Personal: comment,"
            " reply.",
        },
    )
