"""How rows of the wall's little world are made, and the bookings that most of it hangs on."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from tests.rls.law import Row
from tests.rls.people import SPECIALISTS, uid

NOW = datetime.now(UTC).replace(microsecond=0)
VERIFIED = ("sara", "omar")

BOOKINGS = (
    ("b1", "sara", "anna", "confirmed"),
    ("b2", "omar", "ben", "confirmed"),
    ("b3", "sara", "anna", "cancelled"),
    ("b4", "omar", "ben", "cancelled"),
    ("b5", "omar", "ben", "pending_payment"),
    ("b6", "sara", "omar", "awaiting_confirmation"),
    ("b7", "sara", "ada", "cancelled"),
)
"""Label, specialist, client, status. Omar is a specialist and Sara's client; Ada was a client
before she became an admin."""


def one_each(names: tuple[str, ...], **values: object) -> tuple[Row, ...]:
    """A row of everybody's own, with the person's id where a value says `ID`."""
    return tuple(
        Row(name, {k: uid(name) if v is ID else v for k, v in values.items()}, owner=name)
        for name in names
    )


ID = object()
"""Stands for the id of the person whose row it is."""


def page_parts(label: str, **values: object) -> Iterator[Row]:
    for name in SPECIALISTS:
        yield Row(
            f"{label} of {name}",
            {"specialist_id": uid(name), **values},
            owner=name,
            shown=name in VERIFIED,
        )


def with_ids(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        yield Row(
            row.label,
            {"id": uid(row.label), **row.values},
            owner=row.owner,
            shown=row.shown and row.values.get("is_active", True) is True,
        )


def shared(label: str, specialist: str, client: str, **values: object) -> Row:
    """A row of two parties, with an id after its label."""
    parties = {"specialist_id": uid(specialist), "client_id": uid(client)}
    return Row(label, {"id": uid(label), **values, **parties}, specialist=specialist, client=client)
