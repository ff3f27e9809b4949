"""The oracle's part on sealed texts: notes of sessions, and what clients told beforehand."""

from collections.abc import Mapping

from tests.rls.law import (
    ADMIN,
    DEFINER,
    OWN_ROWS,
    PARTIES,
    PAYER,
    PUBLIC,
    WORKER,
    Law,
    Person,
    Row,
)
from tests.rls.people import Kind


def AUTHOR(person: Person, row: Row) -> bool:
    return person is not None and person == row.specialist


_AUTHORS = {Kind.PERSON: AUTHOR}
_CLIENTS = {Kind.PERSON: PAYER}

NOTE_LAWS: Mapping[str, Law] = {
    "session_notes": Law(
        key=("id",),
        select={**PARTIES, **ADMIN, **WORKER, **DEFINER},
        insert=_AUTHORS,
        update={**_AUTHORS, **WORKER},
        delete=DEFINER,
        touch=("key_id", "'k2'"),
    ),
    "session_note_amendments": Law(
        key=("id",),
        select={**PARTIES, **WORKER, **DEFINER},
        insert=_AUTHORS,
        update=WORKER,
        touch=("key_id", "'k2'"),
    ),
    "intake_forms": Law(
        key=("id",),
        select={**PUBLIC, **ADMIN, **WORKER, **DEFINER},
        insert=OWN_ROWS,
        update=OWN_ROWS,
        touch=("is_active", "false"),
    ),
    "intake_answers": Law(
        key=("booking_id",),
        select={**PARTIES, **WORKER, **DEFINER},
        insert=_CLIENTS,
        update={**_CLIENTS, **WORKER},
        delete=DEFINER,
        touch=("key_id", "'k2'"),
    ),
}
