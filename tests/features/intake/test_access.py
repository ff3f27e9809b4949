"""Who may answer."""

from uuid import UUID

import pytest

from consulta.features.intake.access import ensure_its_client
from consulta.kernel.actor import Actor, Role
from consulta.kernel.errors import Forbidden


def test_the_client_of_the_session_alone_answers() -> None:
    anna, sarah = UUID(int=1), UUID(int=2)
    ensure_its_client(Actor(Role.CLIENT, anna), client_id=anna)
    for other in (Actor(Role.SPECIALIST, sarah), Actor(Role.ADMIN, sarah), Actor.system("job")):
        with pytest.raises(Forbidden):
            ensure_its_client(other, client_id=anna)
