"""Who books for somebody else: a pure question."""

from uuid import uuid4

import pytest

from consulta.features.bookings import access
from consulta.kernel.actor import Actor, Role
from consulta.kernel.errors import Forbidden

SARAH = uuid4()


@pytest.mark.parametrize(
    "actor", [Actor(Role.SPECIALIST, SARAH), Actor(Role.ADMIN, uuid4())], ids=["own", "admin"]
)
def test_at_the_own_page_and_by_an_admin(actor: Actor) -> None:
    access.ensure_books_for_others(actor, specialist_id=SARAH)


@pytest.mark.parametrize("role", [Role.SPECIALIST, Role.CLIENT])
def test_nobody_else_books_for_others(role: Role) -> None:
    with pytest.raises(Forbidden):
        access.ensure_books_for_others(Actor(role, uuid4()), specialist_id=SARAH)
