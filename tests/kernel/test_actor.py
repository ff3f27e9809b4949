"""Actors: who acts, and how the record names them."""

from uuid import uuid4

import pytest

from consulta.kernel.actor import ANONYMOUS, Actor, Role


@pytest.mark.parametrize(
    ("actor", "label", "is_person"),
    [
        (Actor(Role.CLIENT, uuid4()), "client", True),
        (Actor(Role.SPECIALIST, uuid4()), "specialist", True),
        (Actor(Role.ADMIN, uuid4()), "admin", True),
        (Actor.anonymous(), "anonymous", False),
        (Actor.system("bookings.expire"), "system:bookings.expire", False),
    ],
)
def test_how_an_actor_is_named(actor: Actor, label: str, is_person: bool) -> None:
    assert (actor.label, actor.is_person) == (label, is_person)


def test_nobody_is_always_the_same() -> None:
    assert Actor.anonymous() is ANONYMOUS
    assert ANONYMOUS.id is None
