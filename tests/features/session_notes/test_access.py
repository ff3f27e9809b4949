"""Who may write a note."""

from uuid import UUID

import pytest

from consulta.features.session_notes.access import ensure_author, reads_as
from consulta.kernel.actor import Actor, Role
from consulta.kernel.errors import Forbidden

SARAH, ANNA = UUID(int=1), UUID(int=2)


def test_the_specialist_of_the_session_alone_writes() -> None:
    ensure_author(Actor(Role.SPECIALIST, SARAH), specialist_id=SARAH)
    for other in (Actor(Role.CLIENT, ANNA), Actor(Role.ADMIN, ANNA), Actor.system("a job")):
        with pytest.raises(Forbidden):
            ensure_author(other, specialist_id=SARAH)


def test_the_log_tells_the_author_from_the_client() -> None:
    assert reads_as(Actor(Role.SPECIALIST, SARAH), specialist_id=SARAH) == "author"
    # A specialist may be somebody else's client.
    assert reads_as(Actor(Role.SPECIALIST, ANNA), specialist_id=SARAH) == "client"
