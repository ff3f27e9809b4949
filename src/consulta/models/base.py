"""The base of all tables: naming of constraints, the schema, ids, timestamps, keys to parents."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    Date,
    DateTime,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "%(table_name)s_pkey",
}


class Base(DeclarativeBase):
    metadata = MetaData(schema="app", naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        date: Date(),
        bytes: LargeBinary(),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        str: Text,
        UUID: Uuid(),
    }


class Identified:
    """An id made by the server, time-ordered (D10)."""

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("app.new_id()"))


class Timestamped:
    """When the row was made, and when it last changed (kept by a trigger)."""

    created_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("app.now()"))


_PARTIES = ("specialist_id", "client_id")


def key_with_parties(column: str, parent: str, *, name: str) -> ForeignKeyConstraint:
    """A key to a private parent. It carries the parent's parties, or somebody could hang a row on
    a stranger's: foreign keys check without policies.
    """
    return ForeignKeyConstraint(
        [column, *_PARTIES], [f"app.{parent}.{part}" for part in ("id", *_PARTIES)], name=name
    )
