"""Who may return money, and who says what was handed over: pure questions."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest

from consulta.features.payments import access
from consulta.kernel.actor import Actor, Role
from consulta.kernel.errors import Forbidden

SARAH, ANNA = uuid4(), uuid4()
PAYMENT = {"specialist_id": SARAH, "client_id": ANNA}


@pytest.mark.parametrize("ensure", [access.ensure_may_refund, access.ensure_may_settle_by_hand])
@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (Actor(Role.SPECIALIST, SARAH), True),
        (Actor(Role.SPECIALIST, uuid4()), False),
        (Actor(Role.CLIENT, ANNA), False),
        (Actor(Role.ADMIN, uuid4()), True),
    ],
)
def test_whoever_took_the_money_decides_about_it(
    ensure: Callable[[Actor, Mapping[str, Any]], None], actor: Actor, may: bool
) -> None:
    assert access.may_refund(actor, PAYMENT) is may
    if may:
        ensure(actor, PAYMENT)
    else:
        with pytest.raises(Forbidden):
            ensure(actor, PAYMENT)
