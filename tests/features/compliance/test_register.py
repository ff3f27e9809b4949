"""No table that names a person is forgotten: it is told in an export, or not for a reason."""

from collections.abc import Iterable

import asyncpg
import pytest

from consulta.personal_data import REGISTER
from tests.conftest import TestDatabase

PEOPLE = {
    *("user_id", "client_id", "specialist_id", "recipient_id", "actor_id", "held_by", "created_by"),
    *("booked_by", "moved_by", "cancelled_by", "proposed_by", "requested_by", "settled_by"),
}
"""Columns that name somebody, beside those with a key to an account or a page."""

OF_NOBODYS_LIFE = {
    "reconciliation_findings": "what an admin settled with a provider; the charge is a payment's",
}

_NAMING = """
SELECT DISTINCT c.relname::text FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'app'::regnamespace AND c.relkind IN ('r', 'p')
  AND (a.attname = ANY ($1) OR c.oid = 'app.users'::regclass OR c.oid = 'app.specialists'::regclass
       OR EXISTS (SELECT 1 FROM pg_constraint f
                  WHERE f.conrelid = c.oid AND f.contype = 'f' AND a.attnum = ANY (f.conkey)
                    AND f.confrelid IN ('app.users'::regclass, 'app.specialists'::regclass)))
"""


def accounted_for() -> list[str]:
    """The tables of all rooms, each as often as it is spoken of."""
    told = (table for room in REGISTER for part in room.parts for table in part.tables)
    return [*told, *(table for room in REGISTER for table in room.untold), *OF_NOBODYS_LIFE]


def missing(tables: Iterable[str]) -> set[str]:
    return set(tables) - set(accounted_for())


@pytest.fixture
async def schema(module_database: TestDatabase) -> asyncpg.Connection:
    async with module_database.connected() as connection:
        yield connection


async def test_every_table_that_names_a_person_is_accounted_for_once(
    schema: asyncpg.Connection,
) -> None:
    naming = {row[0] for row in await schema.fetch(_NAMING, list(PEOPLE))}
    assert len(naming) > 45
    assert not missing(naming), "add it to the room's personal_data.py: told, or untold and why"
    spoken = accounted_for()
    assert len(spoken) == len(set(spoken))
    assert set(spoken) <= naming
    await schema.execute("CREATE TABLE app.forgotten (id uuid, client_id uuid)")
    assert missing(row[0] for row in await schema.fetch(_NAMING, list(PEOPLE))) == {"forgotten"}


def test_parts_have_names_of_their_own_and_reasons_are_given() -> None:
    names = [part.name for room in REGISTER for part in room.parts]
    assert len(names) == len(set(names))
    reasons = [why for room in REGISTER for why in (*room.untold.values(), *room.kept.values())]
    assert all(len(why) > 5 for why in reasons)
