"""Profiles: what a person is called and where, and the private ways to reach them."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from consulta.models.base import Base, Timestamped


class Profile(Timestamped, Base):
    __tablename__ = "profiles"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"), primary_key=True)
    full_name: Mapped[str]
    time_zone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    locale: Mapped[str] = mapped_column(server_default=text("'en'"))
    photo_url: Mapped[str | None]

    __table_args__ = (
        CheckConstraint("length(full_name) BETWEEN 1 AND 200", name="full_name"),
        CheckConstraint("length(time_zone) BETWEEN 1 AND 64", name="time_zone"),
        CheckConstraint("length(locale) BETWEEN 2 AND 16", name="locale"),
        CheckConstraint("length(photo_url) <= 2000", name="photo_url"),
        {"comment": "What a person is called and where. Personal: full_name, photo_url."},
    )


class ProfileContact(Timestamped, Base):
    __tablename__ = "profile_contacts"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"), primary_key=True)
    phone: Mapped[str | None]

    __table_args__ = (
        CheckConstraint(r"phone ~ '^\+[0-9]{6,15}$'", name="phone"),
        {"comment": "Private contact details, the owner and admins only. Personal: phone."},
    )
