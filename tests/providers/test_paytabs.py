"""The PayTabs adapter: pages, amounts, keys that PayTabs does not know, lost answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, get_args

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.paytabs import PAGES_REMEMBERED_MAX, PayTabsProvider
from consulta.providers.payments.paytabs_api import HOSTS
from consulta.providers.payments.paytabs_translation import DUPLICATE_SECONDS
from consulta.providers.payments.port import (
    Charge,
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    ProviderUnavailable,
)
from consulta.settings import PayTabsRegion
from tests.fakes.paytabs import FakePayTabs, running_fake_paytabs
from tests.providers.payment_benches import HALF, PRICE, facts, key, order, yesterday
from tests.providers.paytabs_account import KEY, PAYMENT, PROFILE, paytabs_at

ON_HOLD = "4012001036273338"
CANCELLED_BY_PAYER = "4012001037167778"

Bank = tuple[PayTabsProvider, FakePayTabs]


@pytest.fixture
async def bank() -> AsyncIterator[Bank]:
    async with running_fake_paytabs(profile_id=PROFILE, server_key=KEY) as (fake, url):
        provider = paytabs_at(url)
        yield provider, fake
        await provider.close()


async def reserved(bank: Bank, **changes: Any) -> Charge:
    provider, fake = bank
    charge = await provider.authorize(order(**changes), idempotency_key=key())
    assert charge.next_action is not None
    assert charge.next_action.url is not None
    fake.control.pay(charge.next_action.url)
    return await provider.fetch(charge.reference)


def sent(fake: FakePayTabs) -> list[dict[str, Any]]:
    """The bodies of all requests that wanted something done."""
    return [
        json.loads(one["body"], parse_float=Decimal)
        for one in fake.control.requests
        if one["path"] == "/payment/request"
    ]


async def test_a_page_is_asked_for_with_opaque_ids_and_no_person(bank: Bank) -> None:
    provider, fake = bank
    asked = order(return_url="https://app.example.com/back", metadata={"name": "Anna"})
    charge = await provider.authorize(asked, idempotency_key="operation-1")
    [body] = sent(fake)
    assert body == {
        "profile_id": PROFILE,
        "tran_type": "auth",
        "tran_class": "ecom",
        "cart_id": asked.payment_id,
        "cart_currency": "USD",
        "cart_amount": 200,
        "cart_description": "auth:operation-1",
        "return": "https://app.example.com/back",
        "hide_shipping": True,
    }
    assert charge.reference == f"{asked.payment_id}_20000USD"
    assert provider.publishable_key is None


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (Money(500, "JPY"), "500"),
        (Money(12_345, "KWD"), "12.345"),
        (Money(5, "KWD"), "0.005"),
        (Money(1_230, "AED"), "12.30"),
        (Money(9, "USD"), "0.09"),
        (Money(10**14 + 1, "USD"), "1000000000000.01"),
    ],
)
async def test_amounts_are_decimals_and_never_floats(
    bank: Bank, amount: Money, written: str
) -> None:
    provider, fake = bank
    charge = await reserved(bank, amount=amount)
    assert f'"cart_amount":{written},'.encode() in fake.control.requests[1]["body"]
    taken = await provider.capture(charge.reference, amount, idempotency_key=key())
    refund, after = await provider.refund(charge.reference, amount, idempotency_key=key())
    assert (taken.captured_minor, refund.amount) == (amount.amount_minor, amount)
    assert after.refunded_minor == amount.amount_minor


@pytest.mark.parametrize("phase", ["before", "after"])
async def test_lost_answers_have_one_effect(bank: Bank, phase: str) -> None:
    provider, fake = bank
    charge = await reserved(bank)
    calls: list[Any] = [
        lambda: provider.capture(charge.reference, PRICE, idempotency_key="operation-2"),
        lambda: provider.refund(charge.reference, HALF, idempotency_key="operation-3"),
    ]
    for call in calls:
        fake.control.drop_next(path="/payment/request", phase=phase)
        with pytest.raises(ProviderUnavailable):
            await call()
        for _ in range(3):
            await call()
    kinds = [one["tran_type"] for one in fake.control.transactions()]
    assert kinds == ["Auth", "Capture", "Refund"]
    present = await provider.fetch(charge.reference)
    assert (present.captured_minor, present.refunded_minor) == (20_000, 10_000)


async def test_a_void_whose_answer_was_lost_is_adopted(bank: Bank) -> None:
    provider, fake = bank
    charge = await reserved(bank)
    fake.control.drop_next(path="/payment/request")
    with pytest.raises(ProviderUnavailable):
        await provider.cancel(charge.reference, idempotency_key="operation-2")
    gone = await provider.cancel(charge.reference, idempotency_key="operation-2")
    assert gone.state is ChargeState.CANCELLED
    assert len(fake.control.transactions("Void")) == 1


async def test_a_query_that_failed_is_never_an_empty_cart(bank: Bank) -> None:
    provider, fake = bank
    charge = await reserved(bank)
    before = len(sent(fake))
    for status in (400, 429, 500):
        fake.control.fail_next(status=status, path="/payment/query")
        with pytest.raises(ProviderUnavailable):
            await provider.capture(charge.reference, PRICE, idempotency_key=key())
    assert len(sent(fake)) == before


async def test_a_lost_page_is_made_again_when_paytabs_allows_it(bank: Bank) -> None:
    provider, fake = bank
    asked, same = order(), key()
    fake.control.drop_next(path="/payment/request")
    with pytest.raises(ProviderUnavailable):
        await provider.authorize(asked, idempotency_key=same)
    with pytest.raises(ProviderUnavailable):
        await provider.authorize(asked, idempotency_key=same)
    await fake.control.advance(DUPLICATE_SECONDS)
    charge = await provider.authorize(asked, idempotency_key=same)
    assert charge.next_action is not None
    assert charge.next_action.url == fake.control.pages(asked.payment_id)[-1]


async def test_the_same_key_shows_the_same_page(bank: Bank) -> None:
    provider, fake = bank
    asked, same = order(), key()
    first = await provider.authorize(asked, idempotency_key=same)
    second = await provider.authorize(asked, idempotency_key=same)
    assert first.next_action == second.next_action
    assert len(fake.control.pages(asked.payment_id)) == 1


async def test_only_so_many_pages_are_remembered(bank: Bank) -> None:
    provider, _ = bank
    url = (await provider.authorize(order(), idempotency_key=key())).next_action
    assert url is not None
    provider._pages.update({(str(n), "k"): url for n in range(PAGES_REMEMBERED_MAX - 1)})
    await provider.authorize(order(), idempotency_key=key())
    assert len(provider._pages) == PAGES_REMEMBERED_MAX


async def test_an_equal_refund_within_two_minutes_waits(bank: Bank) -> None:
    provider, fake = bank
    charge = await reserved(bank, capture_now=True)
    await provider.refund(charge.reference, HALF, idempotency_key=key())
    with pytest.raises(ProviderUnavailable):
        await provider.refund(charge.reference, HALF, idempotency_key="operation-9")
    await fake.control.advance(DUPLICATE_SECONDS)
    _, after = await provider.refund(charge.reference, HALF, idempotency_key="operation-9")
    assert after.refunded_minor == 20_000


async def test_a_key_belongs_to_one_request(bank: Bank) -> None:
    provider, _ = bank
    charge = await reserved(bank, capture_now=True)
    await provider.refund(charge.reference, HALF, idempotency_key="operation-3")
    with pytest.raises(ChargeRefused) as refused:
        await provider.refund(charge.reference, PRICE, idempotency_key="operation-3")
    assert refused.value.reason == "idempotency_mismatch"
    with pytest.raises(ChargeRefused) as refused:
        await provider.authorize(
            order(payment_id=charge.payment_id, amount=HALF), idempotency_key=key()
        )
    assert refused.value.reason == "idempotency_mismatch"


async def test_a_package_is_sold_and_not_reserved(bank: Bank) -> None:
    provider, fake = bank
    charge = await reserved(bank, capture_now=True)
    assert (charge.state, charge.captured_minor) == (ChargeState.PAID, 20_000)
    assert [one["tran_type"] for one in fake.control.transactions()] == ["Sale"]
    with pytest.raises(ChargeStateConflict):
        await provider.cancel(charge.reference, idempotency_key=key())


async def test_what_was_paid_is_not_paid_at_another_page(bank: Bank) -> None:
    provider, fake = bank
    asked = order()
    first = await provider.authorize(asked, idempotency_key=key())
    fake.control.pay(fake.control.pages(asked.payment_id)[0])
    again = await provider.authorize(asked, idempotency_key=key())
    assert (again.reference, again.state) == (first.reference, ChargeState.AUTHORIZED)
    assert len(fake.control.pages(asked.payment_id)) == 1


@pytest.mark.parametrize("captures", [True, False])
async def test_a_second_reservation_never_stays(bank: Bank, captures: bool) -> None:
    provider, fake = bank
    asked = order()
    charge = await provider.authorize(asked, idempotency_key=key())
    await fake.control.advance(DUPLICATE_SECONDS)
    await provider.authorize(asked, idempotency_key=key())
    for page in fake.control.pages(asked.payment_id):
        fake.control.pay(page)
    assert (await provider.fetch(charge.reference)).authorized_minor == 20_000
    if captures:
        taken = await provider.capture(charge.reference, PRICE, idempotency_key="operation-2")
        assert taken.captured_minor == 20_000
    else:
        gone = await provider.cancel(charge.reference, idempotency_key="operation-2")
        assert gone.state is ChargeState.CANCELLED
    assert fake.control.open_amount() == "0.00"
    assert len(fake.control.transactions("Capture")) == int(captures)


async def test_a_package_paid_twice_cannot_go_unseen(bank: Bank) -> None:
    provider, fake = bank
    asked = order(capture_now=True)
    charge = await provider.authorize(asked, idempotency_key=key())
    await fake.control.advance(DUPLICATE_SECONDS)
    await provider.authorize(asked, idempotency_key=key())
    for page in fake.control.pages(asked.payment_id):
        fake.control.pay(page)
    present = await provider.fetch(charge.reference)
    assert (present.reference, present.amount) == (charge.reference, Money(40_000, "USD"))


async def test_what_is_on_hold_is_neither_paid_nor_released(bank: Bank) -> None:
    provider, fake = bank
    charge = await provider.authorize(order(), idempotency_key=key())
    fake.control.pay(fake.control.pages(charge.payment_id or "")[0], ON_HOLD)
    assert (await provider.fetch(charge.reference)).state is ChargeState.PROCESSING
    with pytest.raises(ProviderUnavailable):
        await provider.cancel(charge.reference, idempotency_key=key())
    with pytest.raises(ChargeStateConflict):
        await provider.capture(charge.reference, PRICE, idempotency_key=key())
    fake.control.decide(fake.control.transactions("Auth")[0]["tran_ref"], status="V", code="501")
    assert (await provider.fetch(charge.reference)).state is ChargeState.CANCELLED


async def test_a_payer_who_turned_back_is_still_expected(bank: Bank) -> None:
    provider, fake = bank
    charge = await provider.authorize(order(), idempotency_key=key())
    fake.control.pay(fake.control.pages(charge.payment_id or "")[0], CANCELLED_BY_PAYER)
    present = await provider.fetch(charge.reference)
    assert (present.state, present.error_code) == (ChargeState.PENDING, "cancelled_by_payer")


async def test_a_refund_waits_for_the_bank_and_may_fail(bank: Bank) -> None:
    provider, fake = bank
    charge = await reserved(bank, capture_now=True)
    fake.control.hold_refunds()
    refund, after = await provider.refund(charge.reference, HALF, idempotency_key="operation-3")
    assert (refund.state, after.refunded_minor) == ("pending", 10_000)
    fake.control.decide(refund.reference, status="E", code="342")
    assert (await provider.fetch(charge.reference)).refunded_minor == 0
    with pytest.raises(ChargeRefused) as refused:
        await provider.refund(charge.reference, HALF, idempotency_key="operation-3")
    assert refused.value.reason == "balance_insufficient"
    assert refused.value.charge is not None


async def test_another_currency_is_refused(bank: Bank) -> None:
    provider, _ = bank
    charge = await reserved(bank, capture_now=True)
    with pytest.raises(ChargeRefused) as refused:
        await provider.refund(charge.reference, Money(100, "EUR"), idempotency_key=key())
    assert refused.value.reason == "currency_mismatch"


async def test_a_wrong_key_or_profile_is_doubt(bank: Bank) -> None:
    _, fake = bank
    url = fake.control.base_url
    for changes in ({"server_key": "wrong"}, {"profile_id": 1}):
        wrong = paytabs_at(url, **changes)
        with pytest.raises(ProviderUnavailable):
            await wrong.authorize(order(), idempotency_key=key())
        await wrong.close()
    assert sent(fake) == []


async def test_profiles_never_see_each_other(bank: Bank) -> None:
    provider, fake = bank
    charge = await reserved(bank)
    fake.control.open_profile(2, "other")
    other = paytabs_at(fake.control.base_url, profile_id=2, server_key="other")
    assert await other.find(charge.payment_id or "", created_after=yesterday()) is None
    with pytest.raises(ChargeStateConflict):
        await other.capture(charge.reference, PRICE, idempotency_key=key())
    assert (await provider.fetch(charge.reference)).captured_minor == 0
    await other.close()


async def test_a_charge_named_by_its_cart_alone_is_the_same(bank: Bank) -> None:
    provider, _ = bank
    charge = await reserved(bank)
    assert facts(await provider.fetch(charge.payment_id or "")) == facts(charge)
    with pytest.raises(ChargeRefused) as refused:
        await provider.fetch(PAYMENT)
    assert refused.value.reason == "resource_missing"


async def test_captures_at_once_take_the_money_once(bank: Bank) -> None:
    provider, fake = bank
    charge = await reserved(bank)
    await asyncio.gather(
        *(
            provider.capture(charge.reference, PRICE, idempotency_key=f"operation-{number % 2}")
            for number in range(8)
        ),
        return_exceptions=True,
    )
    assert len(fake.control.transactions("Capture")) == 1


@pytest.mark.parametrize("changes", [{"profile_id": 0}, {"server_key": ""}, {"region": "XYZ"}])
def test_what_is_missing_is_told(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="PayTabs needs"):
        paytabs_at("http://127.0.0.1:9", **changes)


def test_every_region_of_the_settings_has_a_host() -> None:
    assert set(get_args(PayTabsRegion)) - {""} == HOSTS.keys()
    assert all(host.startswith("https://secure") for host in HOSTS.values())
