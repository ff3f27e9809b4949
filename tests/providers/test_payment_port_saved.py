"""The promises of the payment port about saved methods: set-ups, charges while nobody is there."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from consulta.providers.payments.adapters import SAVERS
from consulta.providers.payments.port import (
    AuthorizeOrder,
    ChargeRefused,
    ChargeState,
    ProviderUnavailable,
    Setup,
    SetupState,
)
from tests.providers.payment_bench import Bench
from tests.providers.payment_benches import (
    BENCHES,
    PRICE,
    able_to,
    asked_of,
    key,
    order,
    unable_to,
)

saves_methods = asked_of("takes_money", "saves_methods")


@pytest.fixture
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with BENCHES[request.param][1]() as opened:
        yield opened


async def saved(bench: Bench, method: str) -> Setup:
    """A set-up to which the payer has presented that method."""
    begun = await bench.provider.save_method(str(uuid4()), idempotency_key=key())
    assert bench.present_to_save is not None
    await bench.present_to_save(begun.reference, method)
    return await bench.provider.fetch_setup(begun.reference)


def off_session(setup: Setup) -> AuthorizeOrder:
    """The method is charged, and its owner is not there."""
    return order(
        off_session=True,
        payment_method=setup.method_reference,
        customer_reference=setup.customer_reference,
    )


@saves_methods
async def test_a_method_is_saved_by_its_payer_and_charged_later(bench: Bench) -> None:
    begun = await bench.provider.save_method(str(uuid4()), idempotency_key=key())
    assert (begun.state, begun.method_reference) == (SetupState.PENDING, None)
    assert begun.next_action is not None
    assert begun.next_action.client_secret

    setup = await saved(bench, bench.approved)
    assert (setup.state, setup.next_action) == (SetupState.READY, None)
    assert setup.label
    for _ in range(2):
        charge = await bench.provider.authorize(off_session(setup), idempotency_key=key())
        assert (charge.state, charge.amount) == (ChargeState.AUTHORIZED, PRICE)


@saves_methods
async def test_a_method_that_cannot_be_saved_leaves_room_for_another(bench: Bench) -> None:
    setup = await saved(bench, bench.declined)
    assert (setup.state, setup.error_code) == (SetupState.PENDING, "card_declined")
    assert bench.present_to_save is not None
    await bench.present_to_save(setup.reference, bench.approved)
    again = await bench.provider.fetch_setup(setup.reference)
    assert (again.state, again.error_code) == (SetupState.READY, None)


@saves_methods
async def test_what_wants_its_owner_later_is_refused_and_waits_for_a_payer(bench: Bench) -> None:
    for method, reason in (
        (bench.declined_later, "card_declined"),
        (bench.challenged_later, "authentication_required"),
    ):
        asked, under = off_session(await saved(bench, method)), key()
        for _ in range(2):
            with pytest.raises(ChargeRefused) as refused:
                await bench.provider.authorize(asked, idempotency_key=under)
            assert refused.value.reason == reason
            assert refused.value.charge is not None
            assert refused.value.charge.state is ChargeState.PENDING
            assert refused.value.charge.next_action is not None


@saves_methods
async def test_a_lost_answer_begins_no_second_set_up(bench: Bench) -> None:
    assert bench.lose_next_reply is not None
    method_id, under = str(uuid4()), key()
    bench.lose_next_reply()
    with pytest.raises(ProviderUnavailable):
        await bench.provider.save_method(method_id, idempotency_key=under)
    first, second = [
        await bench.provider.save_method(method_id, idempotency_key=under) for _ in range(2)
    ]
    assert first.reference == second.reference


@saves_methods
async def test_what_was_forgotten_cannot_be_charged(bench: Bench) -> None:
    setup = await saved(bench, bench.approved)
    assert setup.customer_reference is not None
    for _ in range(2):
        await bench.provider.forget_method(setup.customer_reference, idempotency_key=key())
    with pytest.raises(ChargeRefused):
        await bench.provider.authorize(off_session(setup), idempotency_key=key())
    with pytest.raises(ChargeRefused) as unknown:
        await bench.provider.fetch_setup("unknown_1")
    assert unknown.value.reason == "resource_missing"


@unable_to("saves_methods")
async def test_who_cannot_save_says_so(bench: Bench) -> None:
    for call in (
        bench.provider.save_method(str(uuid4()), idempotency_key=key()),
        bench.provider.fetch_setup("anything"),
        bench.provider.forget_method("anybody", idempotency_key=key()),
    ):
        with pytest.raises(ChargeRefused) as refused:
            await call
        assert refused.value.reason == "not_supported"


def test_the_service_knows_who_can() -> None:
    assert set(able_to("saves_methods")) == SAVERS
