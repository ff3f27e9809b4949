"""Money that a person collects."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.manual import ManualProvider
from consulta.providers.payments.port import (
    AuthorizeOrder,
    ChargeRefused,
    ChargeState,
)

PRICE = Money(20_000, "USD")
SECRET = "sandbox-secret"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def test_manual_money_has_nothing_to_do_for_the_payer() -> None:
    manual = ManualProvider()
    charge = await manual.authorize(
        AuthorizeOrder(payment_id=str(uuid4()), amount=PRICE, payment_method="cash"),
        idempotency_key="key-1",
    )
    assert (charge.state, charge.next_action) == (ChargeState.PENDING, None)
    assert manual.publishable_key is None
    assert not manual.capabilities.takes_money
    assert [charge async for charge in manual.recent(datetime.now(UTC))] == []


@pytest.mark.parametrize("amount", [Money(0, "USD"), Money(20_001, "USD"), Money(1, "EUR")])
async def test_manual_money_is_at_most_what_was_ordered(amount: Money) -> None:
    manual = ManualProvider()
    order = AuthorizeOrder(payment_id=str(uuid4()), amount=PRICE)
    charge = await manual.authorize(order, idempotency_key="key-1")
    with pytest.raises(ChargeRefused):
        await manual.capture(charge.reference, amount, idempotency_key="key-1")
    with pytest.raises(ChargeRefused):
        await manual.refund(charge.reference, amount, idempotency_key="key-1")


async def test_a_manual_refund_has_one_reference_for_a_key() -> None:
    manual = ManualProvider()
    order = AuthorizeOrder(payment_id=str(uuid4()), amount=PRICE)
    charge = await manual.authorize(order, idempotency_key="key-1")
    refunds = [
        (await manual.refund(charge.reference, PRICE, idempotency_key=name))[0]
        for name in ("key-1", "key-1", "key-2")
    ]
    assert refunds[0] == refunds[1] != refunds[2]
