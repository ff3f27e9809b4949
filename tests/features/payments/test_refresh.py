"""A payment says what its provider says at this moment."""

from uuid import UUID, uuid4

import pytest

from consulta.features.payments import flows, queries
from consulta.features.payments.errors import PaymentNotFound
from consulta.platform.db.work import Work
from tests.features.bookings.stages import Stage, authorised, booked, confirmed
from tests.world import World


async def refreshed(stage: Stage) -> tuple[str, str | None]:
    payment = UUID((await stage.seen())["payment"]["id"])
    await flows.refresh(stage.world.app.state.till, payment)
    return await stage.status()


async def test_what_happened_behind_our_back_is_found(world: World) -> None:
    stage = await booked(world)
    await world.sandbox.present_method(await stage.reference(), "pm_sandbox_visa")
    assert await stage.status() == ("pending_payment", "pending")
    assert await refreshed(stage) == ("awaiting_confirmation", "authorized")
    charge = await stage.charge()
    await world.sandbox.capture(charge.reference, charge.amount, idempotency_key="at the desk")
    assert await refreshed(stage) == ("confirmed", "paid")
    await world.sandbox.refund(charge.reference, charge.amount, idempotency_key="at the desk 2")
    assert await refreshed(stage) == ("confirmed", "refunded")
    assert await refreshed(stage) == ("confirmed", "refunded")


async def test_without_a_charge_there_is_nothing_to_ask(world: World) -> None:
    stage = await booked(world, provider="manual")
    assert await refreshed(stage) == ("awaiting_confirmation", "pending")
    await flows.refresh(world.app.state.till, uuid4())


async def test_an_unknown_payment_is_not_followed(world: World) -> None:
    async def never(_work: Work) -> None:
        raise AssertionError

    with pytest.raises(PaymentNotFound):
        await flows.follow(world.app.state.till, uuid4(), "sb_1", also=never)


async def test_a_letter_finds_its_payment_by_charge_or_by_our_own_id(world: World) -> None:
    stage = await authorised(world)
    payment = UUID((await stage.seen())["payment"]["id"])
    reference = await stage.reference()
    async with world.app.state.till.recording() as work:

        async def found(
            reference: str | None, id_: UUID | None, provider: str = "sandbox", account: str = ""
        ) -> object:
            return await queries.payment_of_charge(
                work, provider=provider, account=account, reference=reference, payment_id=id_
            )

        assert await found(reference, None) == payment
        assert await found(None, payment) == payment
        assert await found("sb_unknown", payment) == payment
        assert await found("sb_unknown", None) is None
        assert await found(None, payment, "stripe") is None
        assert await found(reference, uuid4(), "stripe") is None
        assert await found(reference, payment, account="somebody-elses-account") is None


async def test_a_dispute_at_the_bank_is_seen(world: World) -> None:
    stage = await confirmed(world, method="pm_sandbox_dispute")
    assert (await stage.payment())["is_disputed"]
    assert await refreshed(stage) == ("confirmed", "paid")
