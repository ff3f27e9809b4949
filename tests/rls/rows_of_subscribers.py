"""Rows of the wall's world about outgoing webhooks; and messages, which are heard by those whom
they name.
"""

import json
from collections.abc import Iterator, Mapping

from tests.rls.law import Row
from tests.rls.making import NOW, VERIFIED
from tests.rls.people import uid

_OWNERS = (*VERIFIED, None)
"""The platform's own endpoint is nobody's."""


def endpoints() -> Iterator[Row]:
    for name in _OWNERS:
        yield Row(
            f"hook of {name}",
            {
                "id": uid(f"hook of {name}"),
                "specialist_id": uid(name) if name else None,
                "url": "https://hooks.example.org/",
            },
            owner=name,
        )


def secrets_of_endpoints() -> Iterator[Row]:
    for endpoint in endpoints():
        yield Row(
            endpoint.label,
            {
                "id": uid(f"secret of {endpoint.label}"),
                "endpoint_id": endpoint.values["id"],
                "key_id": "k1",
                "wrapped_key": b"w" * 40,
                "sealed": b"s" * 40,
            },
            owner=endpoint.owner,
        )


def deliveries() -> Iterator[Row]:
    for endpoint in endpoints():
        yield Row(
            endpoint.label,
            {
                "id": uid(f"delivery of {endpoint.label}"),
                "endpoint_id": endpoint.values["id"],
                "specialist_id": endpoint.values["specialist_id"],
                "event_id": uid("event"),
                "topic": "booking.confirmed",
                "payload": "{}",
                "occurred_at": NOW,
            },
            owner=endpoint.owner,
        )


def messages() -> Iterator[Row]:
    """`owner` is who is named as the one person whom it is about, outside of any session."""
    parties = (("sara", "anna"), ("omar", "ben"), (None, "anna"), ("sara", None))
    for specialist, client in parties:
        named = {"specialist_id": specialist, "client_id": client}
        yield _message(f"{specialist} and {client}", named, specialist=specialist, client=client)
    yield _message("anna's account", {"user_id": "anna"}, owner="anna")
    yield _message("nobody's", {})
    smuggled = {"user_id": "anna", "client_id": "ben"}
    yield _message("anna's account and ben", smuggled, client="ben")


def _message(label: str, named: Mapping[str, str | None], **whose: str | None) -> Row:
    payload = {name: str(uid(person)) for name, person in named.items() if person}
    values = {"id": uid(f"message {label}"), "topic": "t", "payload": json.dumps(payload)}
    return Row(label, values, **whose)  # type: ignore[arg-type]
