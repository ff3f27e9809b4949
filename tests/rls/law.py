"""The words that the law of a table is written in: whose a row is, and who may have it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.rls.people import Kind

Person = str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the world: its values, and whose it is in words of people."""

    label: str
    values: Mapping[str, object]
    owner: Person = None
    specialist: Person = None
    client: Person = None
    shown: bool = False
    """Whether the whole world may see it."""
    known_to: tuple[str, ...] = ()
    candidate: bool = False
    """Not in the table: only somebody's try to insert it."""
    spoken_for: bool = True
    """For what is signed by its author: whether the signature is true."""


Predicate = Callable[[Person, Row], bool]


def EVERY_ROW(_: Person, __: Row) -> bool:
    return True


def NO_ROW(_: Person, __: Row) -> bool:
    return False


def NAMED_ADMIN(person: Person, _: Row) -> bool:
    """An admin acts on the record: without a name there is none."""
    return person == "ada"


def OWN(person: Person, row: Row) -> bool:
    return person is not None and person == row.owner


def SHOWN(_: Person, row: Row) -> bool:
    return row.shown


def OWN_OR_SHOWN(person: Person, row: Row) -> bool:
    return OWN(person, row) or row.shown


def OWN_OR_KNOWN(person: Person, row: Row) -> bool:
    return OWN(person, row) or person in row.known_to


def PARTY(person: Person, row: Row) -> bool:
    return person is not None and person in (row.specialist, row.client)


def PAYER(person: Person, row: Row) -> bool:
    return person is not None and person == row.client


def OWN_AND_TRUE(person: Person, row: Row) -> bool:
    """The author's own entry, signed as what the author is."""
    return OWN(person, row) and row.spoken_for


def UNSIGNED(_: Person, row: Row) -> bool:
    return row.owner is None and row.spoken_for


def NAMES_ONESELF(person: Person, row: Row) -> bool:
    """A message about oneself: as a party, or else alone."""
    return PARTY(person, row) or (OWN(person, row) and UNPARTIED(person, row))


def UNPARTIED(_: Person, row: Row) -> bool:
    return row.specialist is None and row.client is None


def SOMEBODY(person: Person, _: Row) -> bool:
    return person is not None


Rights = Mapping[Kind, Predicate]


@dataclass(frozen=True, slots=True)
class Law:
    """The law of one table. `touch` is a column that whoever may update may set, and a value."""

    key: tuple[str, ...]
    select: Rights = field(default_factory=dict)
    insert: Rights = field(default_factory=dict)
    update: Rights = field(default_factory=dict)
    delete: Rights = field(default_factory=dict)
    touch: tuple[str, str] | None = None


ADMIN = {Kind.ADMIN: NAMED_ADMIN}
WORKER = {Kind.WORKER: EVERY_ROW}
DEFINER = {Kind.DEFINER: EVERY_ROW}
OWN_ROWS = {Kind.PERSON: OWN}
PARTIES = {Kind.PERSON: PARTY}
PUBLIC = {Kind.ANONYMOUS: SHOWN, Kind.PERSON: OWN_OR_SHOWN}


def between_parties(
    *, insert: Rights, update: Rights | None = None, touch: tuple[str, str] | None = None
) -> Law:
    """What both parties read, and no person writes but through a function."""
    return Law(
        key=("id",),
        select={**PARTIES, **ADMIN, **WORKER, **DEFINER},
        insert=insert,
        update=update or {},
        touch=touch,
    )
