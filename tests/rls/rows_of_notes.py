"""Rows of the wall's world about sealed texts: notes, what was appended, questions and answers."""

from collections.abc import Iterator, Mapping

from tests.rls.law import Row
from tests.rls.making import BOOKINGS, page_parts, shared, with_ids
from tests.rls.people import uid

_SEALED: Mapping[str, object] = {
    "key_id": "k1",
    "wrapped_key": b"w" * 40,
    "sealed": b"s" * 40,
}


def notes() -> Iterator[Row]:
    for label, specialist, client, _ in BOOKINGS[:2]:
        yield shared(f"note {label}", specialist, client, booking_id=uid(label), **_SEALED)


def amendments() -> Iterator[Row]:
    for label, specialist, client, _ in BOOKINGS[:2]:
        note_id = uid(f"note {label}")
        yield shared(f"amendment {label}", specialist, client, note_id=note_id, **_SEALED)


def forms() -> Iterator[Row]:
    asked = {"title": "Before we meet", "questions": '[{"key": "why"}]'}
    yield from with_ids(page_parts("form", version=2, is_active=True, **asked))
    yield from with_ids(page_parts("old form", version=1, is_active=False, **asked))


def answers() -> Iterator[Row]:
    for label, specialist, client, _ in (*BOOKINGS[:2], BOOKINGS[5]):
        yield Row(
            f"answers {label}",
            {
                "booking_id": uid(label),
                "specialist_id": uid(specialist),
                "client_id": uid(client),
                "form_id": uid(f"form of {specialist}"),
                **_SEALED,
            },
            specialist=specialist,
            client=client,
        )
