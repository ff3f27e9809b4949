"""The promise of a room about the people in its tables: what it tells them, and what it erases."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consulta.platform.crypto import Vault
from consulta.platform.db.work import Work

MOST_ITEMS = 1000
"""Of one part of an export; a longer one says that it is truncated."""

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What it takes to read a person's data: the person's own transaction, and what opens seals."""

    work: Work
    vault: Vault
    limit: int


Read = Callable[[Reading], Awaitable[Sequence[Item]]]


@dataclass(frozen=True, slots=True)
class Part:
    """A list of an export: the person's own rows of `tables`, at most `Reading.limit`."""

    name: str
    tables: tuple[str, ...]
    read: Read


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What a room holds about people. Every table that names one is part of an export, or `untold`
    for a reason. `erase` clears what the person may clear alone, after the account was locked and
    before it ends; `kept` says what outlives the account, and why.
    """

    parts: tuple[Part, ...] = ()
    untold: Mapping[str, str] = field(default_factory=dict)
    erase: Callable[[Work], Awaitable[None]] | None = None
    kept: Mapping[str, str] = field(default_factory=dict)


Register = Sequence[PersonalData]


def part(name: str, *tables: str, statement: str) -> Part:
    """A part that one statement reads: `$1` is the person, `$2` the limit."""

    async def read(reading: Reading) -> Sequence[Item]:
        return await reading.work.fetch(statement, reading.work.person, reading.limit)

    return Part(name, tables, read)


def erasing(*statements: str) -> Callable[[Work], Awaitable[None]]:
    """An erasure by statements in which `$1` is the person."""

    async def erase(work: Work) -> None:
        for statement in statements:
            await work.execute(statement, work.person)

    return erase


async def export(register: Register, work: Work, *, vault: Vault) -> dict[str, Any]:
    """By the names of parts: at most 1,000 `items` each, and whether there are more."""
    reading = Reading(work, vault, MOST_ITEMS + 1)
    told = {}
    for one in (one for room in register for one in room.parts):
        items = [dict(item) for item in await one.read(reading)]
        told[one.name] = {"items": items[:MOST_ITEMS], "truncated": len(items) > MOST_ITEMS}
    return told


async def erase(register: Register, work: Work) -> None:
    """Everything that the person may clear alone is cleared."""
    for room in register:
        if room.erase is not None:
            await room.erase(work)


def kept(register: Register) -> dict[str, str]:
    """What outlives an account, and why."""
    return {what: why for room in register for what, why in room.kept.items()}
