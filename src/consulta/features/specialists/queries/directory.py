"""The directory's search, the one query that is built.

It is read under row-level security as it is: orders and bounds lean on the partial indexes over
verified pages, specialties and languages are compared with equality on their keys, and `q` looks
into the bounded set of verified pages (no index serves LIKE under RLS).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from consulta.features.specialists.queries.pages import cards
from consulta.models import (
    AvailabilityException,
    AvailabilityRule,
    Specialist,
    SpecialistLanguage,
    SpecialistSpecialty,
)
from consulta.platform.db.paging import Page, PageAsked
from consulta.platform.db.work import Work

MOST_EXAMINED = 200
"""How many pages are asked for a free time on a date before the list ends with a cursor."""

_BATCH = 50
_MOST_WORDS = 5
_OPEN_ON = "SELECT app.open_on($1, $2)"


class Sort(StrEnum):
    """A minus means: from the highest down. Who has no value for it comes last, either way."""

    BEST_RATED = "-rating"
    WORST_RATED = "rating"
    CHEAPEST = "price"
    DEAREST = "-price"
    NEXT_OPEN = "next_open"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is asked of the directory; prices in minor units."""

    q: str | None = None
    specialty: str | None = None
    language: str | None = None
    min_price: int | None = None
    max_price: int | None = None
    currency: str | None = None
    available_on: date | None = None
    sort: Sort = Sort.BEST_RATED


@dataclass(frozen=True, slots=True)
class _Order:
    """An order that an index has, forwards or backwards: its key, then the id."""

    key: InstrumentedAttribute[Any]
    read: Any
    """From a cursor's text back to the key's type."""
    key_rises: bool = True
    id_rises: bool = True
    nulls_first: bool = False

    @property
    def clauses(self) -> tuple[Any, ...]:
        key = self.key.asc() if self.key_rises else self.key.desc()
        return (
            key.nulls_first() if self.nulls_first else key.nulls_last(),
            Specialist.id.asc() if self.id_rises else Specialist.id.desc(),
        )

    def after(self, key: Any, after_id: UUID) -> ColumnElement[bool]:
        """The rows behind that position, among those with a key."""
        if self.key_rises == self.id_rises:
            ours, theirs = tuple_(self.key, Specialist.id), tuple_(key, after_id)
            return ours > theirs if self.key_rises else ours < theirs
        behind = self.key > key if self.key_rises else self.key < key
        return or_(behind, and_(self.key == key, self.after_id(after_id)))

    def after_id(self, after_id: UUID) -> ColumnElement[bool]:
        return Specialist.id > after_id if self.id_rises else Specialist.id < after_id


_ORDERS = {
    Sort.BEST_RATED: _Order(Specialist.rating_average, Decimal, key_rises=False),
    Sort.WORST_RATED: _Order(Specialist.rating_average, Decimal, id_rises=False, nulls_first=True),
    Sort.CHEAPEST: _Order(Specialist.from_price_minor, int),
    Sort.DEAREST: _Order(
        Specialist.from_price_minor, int, key_rises=False, id_rises=False, nulls_first=True
    ),
    Sort.NEXT_OPEN: _Order(Specialist.next_open_at, datetime.fromisoformat),
    Sort.NAME: _Order(Specialist.full_name, str),
}

_Position = tuple[Any, UUID]
"""A key (None where the specialist has none) and an id."""


async def directory(work: Work, search: Search, *, page: PageAsked) -> Page[asyncpg.Record]:
    """A page of cards of verified specialists who accept bookings.

    With `available_on`, a page may end early and still have a cursor: at most `MOST_EXAMINED`
    calendars are asked at a time.
    """
    name = f"specialists|{search.sort}"
    order = _ORDERS[search.sort]
    sent = page.after(name)
    position = None if sent is None else _position(order, sent)
    if search.available_on is None:
        found = await _matches(work, search, after=position, limit=page.limit + 1)
        rest = found[page.limit - 1] if len(found) > page.limit else None
    else:
        found, rest = await _open_matches(work, search, after=position, limit=page.limit)
    rows = await cards(work, [match[1] for match in found[: page.limit]])
    return Page(rows, None if rest is None else page.cursor_at(name, rest))


async def _open_matches(
    work: Work, search: Search, *, after: _Position | None, limit: int
) -> tuple[list[_Position], _Position | None]:
    """Those of the matches who have a free time on the date, and where to go on, if anywhere."""
    found: list[_Position] = []
    examined = 0
    while examined < MOST_EXAMINED:
        batch = await _matches(work, search, after=after, limit=_BATCH)
        if not batch:
            return found, None
        is_open = await open_on(work, search.available_on, [match[1] for match in batch])
        for match in batch:
            if match[1] in is_open:
                found.append(match)
                if len(found) == limit:
                    return found, match
        after = batch[-1]
        examined += len(batch)
        if len(batch) < _BATCH:
            return found, None
    return found, after


async def _matches(
    work: Work, search: Search, *, after: _Position | None, limit: int
) -> list[_Position]:
    """Positions of the matches behind `after`: first those with a key, then those without."""
    order = _ORDERS[search.sort]
    base = select(order.key, Specialist.id).where(*_conditions(search)).order_by(*order.clauses)
    found: list[_Position] = []
    if after is None or after[0] is not None:
        known = base.where(order.key.is_not(None))
        if after is not None:
            known = known.where(order.after(*after))
        found = await _positions(work, known.limit(limit))
        after = None
    if len(found) < limit:
        unknown = base.where(order.key.is_(None))
        if after is not None:
            unknown = unknown.where(order.after_id(after[1]))
        found += await _positions(work, unknown.limit(limit - len(found)))
    return found


async def _positions(work: Work, statement: Select[Any]) -> list[_Position]:
    return [(row[0], row[1]) for row in (await work.db.execute(statement)).all()]


def _position(order: _Order, sent: list[Any]) -> _Position:
    key, identity = sent
    return None if key is None else order.read(key), UUID(identity)


def _conditions(search: Search) -> list[Any]:
    found: list[Any] = [Specialist.is_verified, Specialist.is_accepting]
    if search.specialty is not None:
        found.append(_has(SpecialistSpecialty, SpecialistSpecialty.specialty_key, search.specialty))
    if search.language is not None:
        found.append(_has(SpecialistLanguage, SpecialistLanguage.language_key, search.language))
    if search.min_price is not None:
        found.append(Specialist.from_price_minor >= search.min_price)
    if search.max_price is not None:
        found.append(Specialist.from_price_minor <= search.max_price)
    if search.currency is not None:
        found.append(Specialist.from_currency == search.currency)
    if search.available_on is not None:
        found.append(_may_work_on(search.available_on))
    return found + [_says(word) for word in (search.q or "").split()[:_MOST_WORDS]]


def _has(table: Any, key: InstrumentedAttribute[Any], label: str) -> ColumnElement[bool]:
    return Specialist.id.in_(select(table.specialist_id).where(key == func.lower(label)))


def _says(word: str) -> ColumnElement[bool]:
    """The word stands in the name, the headline or a specialty, capitals or not."""
    low = func.lower(word)
    return or_(
        func.strpos(func.lower(Specialist.full_name), low) > 0,
        func.strpos(func.lower(Specialist.headline), low) > 0,
        Specialist.id.in_(
            select(SpecialistSpecialty.specialist_id).where(
                func.strpos(SpecialistSpecialty.specialty_key, low) > 0
            )
        ),
    )


def _may_work_on(day: date) -> ColumnElement[bool]:
    """Spares the engine those who have no hours on such a day at all."""
    return or_(
        Specialist.id.in_(
            select(AvailabilityRule.specialist_id).where(
                AvailabilityRule.weekday == day.isoweekday() % 7, AvailabilityRule.is_active
            )
        ),
        Specialist.id.in_(
            select(AvailabilityException.specialist_id).where(
                AvailabilityException.exception_date == day, AvailabilityException.is_available
            )
        ),
    )


async def open_on(work: Work, day: date | None, specialists: Sequence[UUID]) -> set[UUID]:
    """Those who have a free time on that date of their own calendar, by the slot engine (D2)."""
    return {row[0] for row in await work.fetch(_OPEN_ON, day, specialists)}
