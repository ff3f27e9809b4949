"""The table of moves of a purchase: in Python, in the database, and at the door."""

from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from consulta.features.packages import access
from consulta.features.packages.queries import LockedPurchase
from consulta.features.packages.states import MOVES, Mover, change_status
from consulta.features.packages.status import PurchaseStatus
from consulta.kernel.actor import ANONYMOUS, Actor, Role
from consulta.kernel.errors import Forbidden
from consulta.kernel.money import Money
from consulta.kernel.transitions import IllegalMove
from tests.conftest import TestDatabase
from tests.features.packages.shop import bought
from tests.world import World

S = PurchaseStatus
DRAWN = {
    (S.PENDING_PAYMENT, S.ACTIVE),
    (S.PENDING_PAYMENT, S.CANCELLED),
    (S.ACTIVE, S.EXPIRED),
    (S.ACTIVE, S.REFUNDED),
}


@pytest.mark.parametrize(("source", "target"), list(product(S, S)))
def test_a_move_is_legal_where_it_is_drawn_and_nowhere_else(source: S, target: S) -> None:
    assert MOVES.allows(source, target, Mover.SYSTEM) is ((source, target) in DRAWN)


async def test_the_database_holds_the_same_table(database: TestDatabase) -> None:
    async with database.connected() as superuser:
        rows = await superuser.fetch("SELECT * FROM app.purchase_moves()")
    assert {(*row, "system") for row in rows} == MOVES.rows()


def test_what_is_over_moves_no_more() -> None:
    assert {state for state in S if MOVES.is_end(state)} == {S.CANCELLED, S.EXPIRED, S.REFUNDED}


def locked(**changes: Any) -> LockedPurchase:
    usual: dict[str, Any] = {
        "id": uuid4(),
        "specialist_id": uuid4(),
        "client_id": uuid4(),
        "status": S.ACTIVE,
        "price": Money(8_000, "USD"),
        "session_count": 4,
        "credits_left": 4,
        "credits_refunded": 0,
        "credits_reserved": 0,
        "expires_at": None,
        "valid_until": None,
        "payment": None,
        "now": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return LockedPurchase(**{**usual, **changes})


def test_who_refunds_and_who_pays() -> None:
    purchase = locked()
    actors = {
        Actor(Role.SPECIALIST, purchase.specialist_id): (True, False),
        Actor(Role.CLIENT, purchase.client_id): (False, True),
        # A specialist who is somebody's client.
        Actor(Role.SPECIALIST, purchase.client_id): (False, True),
        Actor(Role.ADMIN, uuid4()): (True, False),
        Actor(Role.CLIENT, uuid4()): (False, False),
        ANONYMOUS: (False, False),
    }
    for actor, (refunds, pays) in actors.items():
        assert access.may_refund(actor, purchase) is refunds
        for ensure, allowed in (
            (access.ensure_may_refund, refunds),
            (access.ensure_may_pay, pays),
        ):
            if allowed:
                ensure(actor, purchase)
            else:
                with pytest.raises(Forbidden):
                    ensure(actor, purchase)


async def test_the_door_refuses_what_the_table_does_not_have(world: World) -> None:
    purchase = await bought(world)
    async with world.app.state.database.work(Actor.system("tests")) as work:
        with pytest.raises(IllegalMove, match="refunded to active"):
            await change_status(work, locked(status=S.REFUNDED), S.ACTIVE)
    assert (await purchase.status())[0] == "active"
