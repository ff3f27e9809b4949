"""Whose an event is, where it stands, and how it is spelled."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from consulta.features.live import rules
from consulta.features.live.rules import BEGINNING, Place

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HERE = Place(812, UUID("019c0000-0000-7000-8000-000000000001"))
ANNA, SARAH = UUID(int=10), UUID(int=11)


def test_an_event_is_for_its_parties() -> None:
    payload = {"client_id": str(ANNA), "specialist_id": str(SARAH), "reason": "private"}

    event = rules.event_of(HERE, topic="booking.confirmed", payload=payload, occurred_at=NOW)

    assert event is not None
    assert event.people == {ANNA, SARAH}
    assert (
        event.text
        == (
            f"id: {HERE}\nevent: booking.confirmed\n"
            f'data: {{"type":"booking.confirmed","id":"{HERE.id}",'
            f'"occurred_at":"2026-11-20T12:00:00Z","specialist_id":"{SARAH}",'
            f'"client_id":"{ANNA}"}}\n\n'
        ).encode()
    )


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("payment.disputed", {"client_id": str(ANNA)}),
        ("booking.confirmed", {"booking_id": str(ANNA)}),
        ("booking.confirmed", {"client_id": "anna"}),
    ],
)
def test_what_is_nobodys_is_no_event(topic: str, payload: dict[str, str]) -> None:
    assert rules.event_of(HERE, topic=topic, payload=payload, occurred_at=NOW) is None


def test_a_place_survives_its_spelling_and_garbage_is_none() -> None:
    assert rules.place_of(str(HERE)) == HERE
    assert BEGINNING < HERE < Place(813, UUID(int=0))
    for garbage in (
        *("", "0", "812", str(HERE.id), f"-{HERE.id}", f"x-{HERE.id}", f"{HERE}\n", f"{HERE}x"),
        *(f"{2**64}-{HERE.id}", f"{'9' * 50}-{HERE.id}", f"812-{HERE.id.hex}", f"-1-{HERE.id}"),
    ):
        assert rules.place_of(garbage) is None, garbage


def test_what_is_no_event_still_moves_the_place() -> None:
    assert rules.heartbeat(HERE) == f"id: {HERE}\n: all is well\n\n".encode()
    assert rules.heartbeat(None) == b": all is well\n\n"
    assert rules.heartbeat(BEGINNING).startswith(f"id: {BEGINNING}\n".encode())
    assert rules.place_of(str(BEGINNING)) == BEGINNING
    assert rules.reset(HERE) == f'id: {HERE}\nevent: reset\ndata: {{"type":"reset"}}\n\n'.encode()
    assert rules.expired() == b'event: expired\ndata: {"type":"expired"}\n\n'
    assert rules.opening(1500) == b"retry: 1500\n: welcome\n\n"
