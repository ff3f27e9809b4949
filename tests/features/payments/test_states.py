"""The states of a payment, and what a provider's charge stands for: tables and properties."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulta.features.payments.states import (
    MOVES,
    Mover,
    PaymentStatus,
    path,
    status_of,
    way_back,
)
from consulta.kernel.money import Money
from consulta.providers.payments.port import Charge, ChargeState
from tests.conftest import TestDatabase

P = PaymentStatus
OPEN = {P.PENDING, P.REQUIRES_ACTION, P.PROCESSING}
# Written down from the sentence in the design: open states alternate, then only forward.
FORWARD = {
    (P.AUTHORIZED, P.PAID),
    (P.AUTHORIZED, P.CANCELLED),
    (P.PAID, P.PARTIALLY_REFUNDED),
    (P.PAID, P.REFUNDED),
    (P.PARTIALLY_REFUNDED, P.REFUNDED),
}
# Money that the payer's bank sends back, and nothing else, leads back.
BACK = {(P.REFUNDED, P.PARTIALLY_REFUNDED), (P.REFUNDED, P.PAID), (P.PARTIALLY_REFUNDED, P.PAID)}
FROM_OPEN = OPEN | {P.AUTHORIZED, P.PAID, P.FAILED, P.CANCELLED}


@pytest.mark.parametrize(("source", "target"), list(product(P, P)))
def test_a_move_is_legal_where_it_is_written_and_nowhere_else(source: P, target: P) -> None:
    expected = (source, target) in FORWARD or (
        source in OPEN and target in FROM_OPEN and source is not target
    )
    assert MOVES.allows(source, target, Mover.SYSTEM) is expected
    assert MOVES.allows(source, target, Mover.BANK) is ((source, target) in BACK)
    back = [target] if (source, target) in BACK else None
    assert way_back(source, target) == ([] if source is target else back)


async def test_the_database_holds_the_same_table(database: TestDatabase) -> None:
    async with database.connected() as superuser:
        rows = await superuser.fetch("SELECT * FROM app.payment_moves()")
    assert {tuple(row) for row in rows} == MOVES.rows()


def charge(state: ChargeState, **sums: Any) -> Charge:
    return Charge("c1", state, Money(100, "USD"), **sums)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (charge(ChargeState.PENDING), P.PENDING),
        (charge(ChargeState.REQUIRES_ACTION), P.REQUIRES_ACTION),
        (charge(ChargeState.PROCESSING), P.PROCESSING),
        (charge(ChargeState.AUTHORIZED, authorized_minor=100), P.AUTHORIZED),
        (charge(ChargeState.CANCELLED), P.CANCELLED),
        (charge(ChargeState.PAID, captured_minor=100), P.PAID),
        (charge(ChargeState.PAID, captured_minor=60), P.PAID),
        (charge(ChargeState.PAID, captured_minor=100, refunded_minor=1), P.PARTIALLY_REFUNDED),
        (charge(ChargeState.PAID, captured_minor=100, refunded_minor=99), P.PARTIALLY_REFUNDED),
        (charge(ChargeState.PAID, captured_minor=100, refunded_minor=100), P.REFUNDED),
        (charge(ChargeState.PAID, captured_minor=60, refunded_minor=60), P.REFUNDED),
    ],
)
def test_what_a_charge_stands_for(told: Charge, status: P) -> None:
    assert status_of(told) is status


@pytest.mark.parametrize(
    ("current", "target", "steps"),
    [
        (P.PENDING, P.PENDING, []),
        (P.PENDING, P.AUTHORIZED, [P.AUTHORIZED]),
        (P.PENDING, P.REFUNDED, [P.PAID, P.REFUNDED]),
        (P.AUTHORIZED, P.PARTIALLY_REFUNDED, [P.PAID, P.PARTIALLY_REFUNDED]),
        (P.REFUNDED, P.REFUNDED, []),
        # Old letters about what is long past.
        (P.AUTHORIZED, P.PENDING, None),
        (P.PAID, P.AUTHORIZED, None),
        (P.REFUNDED, P.PARTIALLY_REFUNDED, None),
        (P.CANCELLED, P.AUTHORIZED, None),
        (P.CANCELLED, P.REFUNDED, None),
        (P.FAILED, P.PAID, None),
        (P.PAID, P.CANCELLED, None),
    ],
)
def test_the_way_from_here_to_the_truth(current: P, target: P, steps: list[P] | None) -> None:
    assert path(current, target) == steps


@given(st.sampled_from(P), st.sampled_from(P))
def test_a_way_is_made_of_legal_moves_and_ends_at_the_truth(current: P, target: P) -> None:
    steps = path(current, target)
    if steps is None:
        assert current is not target
        return
    for source, step in zip([current, *steps], steps, strict=False):
        assert MOVES.allows(source, step, Mover.SYSTEM)
    assert [current, *steps][-1] is target


@given(st.lists(st.sampled_from(P), max_size=12))
def test_letters_in_any_order_never_lead_back(truths: list[P]) -> None:
    """However they arrive, the money's way is one way."""
    rank = {P.AUTHORIZED: 1, P.PAID: 2, P.PARTIALLY_REFUNDED: 3, P.REFUNDED: 4}
    current = P.PENDING
    for truth in truths:
        for step in path(current, truth) or []:
            assert rank.get(step, 0) >= rank.get(current, 0) or step is P.CANCELLED
            assert current not in {P.CANCELLED, P.FAILED, P.REFUNDED}
            current = step
