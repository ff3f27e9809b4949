"""The sandbox: its magic methods, the passing of time, secrets and letters."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulta.kernel.money import Money
from consulta.providers.payments import sandbox_charge as methods
from consulta.providers.payments.port import (
    AuthorizeOrder,
    Charge,
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    DisputeState,
    ProviderUnavailable,
    SignatureRejected,
)
from consulta.providers.payments.sandbox import SIGNATURE_HEADER, SandboxProvider
from consulta.providers.payments.sandbox_store import MemorySandboxStore
from consulta.providers.payments.signatures import signature_header
from tests.providers.payment_benches import facts

PRICE = Money(20_000, "USD")
SECRET = "sandbox-secret"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOON.timestamp()

    def __call__(self) -> float:
        return self.at

    def pass_by(self, **span: float) -> None:
        self.at += timedelta(**span).total_seconds()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemorySandboxStore:
    return MemorySandboxStore()


@pytest.fixture
def sandbox(store: MemorySandboxStore, clock: Clock) -> SandboxProvider:
    return SandboxProvider(store=store, secret=SECRET, clock=clock)


def key() -> str:
    return str(uuid4())


async def charged(sandbox: SandboxProvider, method: str | None, **changes: object) -> Charge:
    fields = {"payment_id": str(uuid4()), "amount": PRICE, "payment_method": method} | changes
    order: Any = fields
    return await sandbox.authorize(AuthorizeOrder(**order), idempotency_key=key())


# --- magic methods


@pytest.mark.parametrize("told_in", ["README.md", "openapi/openapi.json"])
def test_every_method_is_told_of(told_in: str) -> None:
    text = (Path(__file__).parents[2] / told_in).read_text(encoding="utf-8")
    assert {name for name in methods.METHODS if f"`{name}`" not in text} == set()


@pytest.mark.parametrize(
    ("method", "state"),
    [
        (methods.VISA, ChargeState.AUTHORIZED),
        (methods.DISPUTE, ChargeState.AUTHORIZED),
        (methods.THREE_D_SECURE, ChargeState.REQUIRES_ACTION),
        (methods.LATE, ChargeState.PROCESSING),
        (None, ChargeState.PENDING),
    ],
)
async def test_what_a_method_leads_to(
    sandbox: SandboxProvider, method: str | None, state: ChargeState
) -> None:
    assert (await charged(sandbox, method)).state is state


async def test_an_unavailable_provider_keeps_nothing(sandbox: SandboxProvider) -> None:
    with pytest.raises(ProviderUnavailable) as unavailable:
        await charged(sandbox, methods.UNAVAILABLE, payment_id="p-1")
    assert not unavailable.value.stored
    assert await sandbox.find("p-1", created_after=NOON) is None


async def test_an_unknown_method_is_refused(sandbox: SandboxProvider) -> None:
    with pytest.raises(ChargeRefused) as refused:
        await charged(sandbox, "pm_card_visa")
    assert refused.value.reason == "resource_missing"
    waiting = await charged(sandbox, None)
    with pytest.raises(ChargeRefused):
        await sandbox.present_method(waiting.reference, "pm_card_visa")


@pytest.mark.parametrize("minor", [0, -1])
async def test_only_positive_amounts_move(sandbox: SandboxProvider, minor: int) -> None:
    with pytest.raises(ChargeRefused):
        await charged(sandbox, methods.VISA, amount=Money(minor, "USD"))
    charge = await charged(sandbox, methods.VISA)
    with pytest.raises(ChargeRefused):
        await sandbox.capture(charge.reference, Money(minor, "USD"), idempotency_key=key())


async def test_the_currency_is_that_of_the_order(sandbox: SandboxProvider) -> None:
    charge = await charged(sandbox, methods.VISA)
    with pytest.raises(ChargeRefused) as refused:
        await sandbox.capture(charge.reference, Money(100, "EUR"), idempotency_key=key())
    assert refused.value.reason == "currency_mismatch"


async def test_a_dispute_follows_the_capture(sandbox: SandboxProvider) -> None:
    charge = await charged(sandbox, methods.DISPUTE)
    assert not charge.disputed
    assert (await sandbox.capture(charge.reference, PRICE, idempotency_key=key())).disputed
    assert (await charged(sandbox, methods.DISPUTE, capture_now=True)).disputed


async def test_declines_may_alternate_before_one_is_approved(sandbox: SandboxProvider) -> None:
    charge = await charged(sandbox, None)
    codes = []
    for method in (methods.DECLINED, methods.INSUFFICIENT_FUNDS):
        with pytest.raises(ChargeRefused) as refused:
            await sandbox.present_method(charge.reference, method)
        codes.append(refused.value.decline_code)
        assert (await sandbox.fetch(charge.reference)).decline_code == codes[-1]
    assert codes == ["generic_decline", "insufficient_funds"]
    approved = await sandbox.present_method(charge.reference, methods.VISA)
    assert (approved.state, approved.error_code) == (ChargeState.AUTHORIZED, None)
    with pytest.raises(ChargeStateConflict):
        await sandbox.present_method(charge.reference, methods.VISA)


async def test_a_failed_challenge_lets_the_payer_try_again(sandbox: SandboxProvider) -> None:
    charge = await charged(sandbox, methods.THREE_D_SECURE, capture_now=True)
    failed = await sandbox.complete_action(charge.reference, succeed=False)
    assert (failed.state, failed.error_code) == (ChargeState.PENDING, "authentication_failed")
    with pytest.raises(ChargeStateConflict):
        await sandbox.complete_action(charge.reference, succeed=True)
    await sandbox.present_method(charge.reference, methods.THREE_D_SECURE)
    passed = await sandbox.complete_action(charge.reference, succeed=True)
    assert (passed.state, passed.captured_minor) == (ChargeState.PAID, 20_000)


# --- time


async def test_a_late_approval_comes_by_itself(sandbox: SandboxProvider, clock: Clock) -> None:
    held = await charged(sandbox, methods.LATE)
    taken = await charged(sandbox, methods.LATE, capture_now=True)
    clock.pass_by(seconds=59)
    assert (await sandbox.fetch(held.reference)).state is ChargeState.PROCESSING
    clock.pass_by(seconds=1)
    assert (await sandbox.fetch(held.reference)).state is ChargeState.AUTHORIZED
    assert (await sandbox.fetch(taken.reference)).state is ChargeState.PAID


async def test_a_refund_that_fails_by_itself_stands_until_then(
    sandbox: SandboxProvider, clock: Clock
) -> None:
    paid = await charged(sandbox, methods.REFUND_FAILS, capture_now=True)
    made, after = await sandbox.refund(paid.reference, Money(500, "USD"), idempotency_key="one")
    assert (after.refunded_minor, after.refunds) == (500, (made,))
    clock.pass_by(minutes=1)
    later = await sandbox.fetch(paid.reference)
    failed = replace(made, state="failed", error_code=methods.REFUND_CODE)
    assert (later.refunded_minor, later.refunds) == (0, (failed,))
    # The same news is the same letter, and the sum that came back is other news.
    letters = {sandbox.read_event(*sandbox.letter_about(one)).id for one in (paid, after, later)}
    assert len(letters) == 3
    with pytest.raises(ChargeStateConflict):
        await sandbox.fail_refund(paid.reference, made.reference)


@pytest.mark.parametrize(
    ("method", "end", "left_minor"),
    [
        (methods.DISPUTE, DisputeState.OPEN, None),
        (methods.DISPUTE_WON, DisputeState.WON, 20_000),
        (methods.DISPUTE_LOST, DisputeState.LOST, 0),
    ],
)
async def test_a_dispute_ends_as_its_method_says(
    sandbox: SandboxProvider, clock: Clock, method: str, end: DisputeState, left_minor: int | None
) -> None:
    held = await charged(sandbox, method)
    clock.pass_by(days=1)
    taken = await sandbox.capture(held.reference, PRICE, idempotency_key=key())
    (opened,) = taken.disputes
    assert (opened.state, opened.reason, opened.amount) == (DisputeState.OPEN, "fraudulent", PRICE)
    cent = Money(1, "USD")
    with pytest.raises(ChargeRefused) as refused:
        await sandbox.refund(taken.reference, cent, idempotency_key=key())
    assert refused.value.reason == "charge_disputed"
    clock.pass_by(minutes=5, seconds=-1)
    assert (await sandbox.fetch(taken.reference)).disputes == (opened,)
    clock.pass_by(seconds=1)
    later = await sandbox.fetch(taken.reference)
    assert later.disputes == (replace(opened, state=end),)
    assert later.disputed is (end is DisputeState.OPEN)
    letters = [sandbox.read_event(*sandbox.letter_about(one)) for one in (held, taken, later)]
    assert len({one.id for one in letters}) == (2 if later.disputed else 3)
    kinds = ["charge.disputed", "charge.disputed" if later.disputed else "charge.dispute_closed"]
    assert [one.kind for one in letters[1:]] == kinds
    if left_minor is not None:
        with pytest.raises(ChargeRefused):
            await sandbox.refund(
                taken.reference, Money(left_minor + 1, "USD"), idempotency_key=key()
            )
    if left_minor:
        _, back = await sandbox.refund(taken.reference, PRICE, idempotency_key=key())
        letter = sandbox.read_event(*sandbox.letter_about(back))
        assert (letter.kind, letter.id not in {one.id for one in letters}) == ("charge.paid", True)


@pytest.mark.parametrize(
    ("succeed", "state", "error"),
    [(True, ChargeState.AUTHORIZED, None), (False, ChargeState.PENDING, "card_declined")],
)
async def test_a_late_approval_may_be_hurried(
    sandbox: SandboxProvider, succeed: bool, state: ChargeState, error: str | None
) -> None:
    charge = await charged(sandbox, methods.LATE)
    decided = await sandbox.complete_action(charge.reference, succeed=succeed)
    assert (decided.state, decided.error_code) == (state, error)


async def test_an_authorisation_lapses_after_seven_days(
    sandbox: SandboxProvider, clock: Clock
) -> None:
    charge = await charged(sandbox, methods.VISA)
    assert charge.capture_before == NOON + timedelta(days=7)
    clock.pass_by(days=7, seconds=-1)
    assert (await sandbox.fetch(charge.reference)).state is ChargeState.AUTHORIZED
    clock.pass_by(seconds=1)
    lapsed = await sandbox.fetch(charge.reference)
    assert (lapsed.state, lapsed.authorized_minor) == (ChargeState.CANCELLED, 0)
    with pytest.raises(ChargeStateConflict):
        await sandbox.capture(charge.reference, PRICE, idempotency_key=key())


async def test_a_late_approval_nobody_saw_lapses_too(
    sandbox: SandboxProvider, clock: Clock
) -> None:
    charge = await charged(sandbox, methods.LATE)
    clock.pass_by(days=8)
    assert (await sandbox.fetch(charge.reference)).state is ChargeState.CANCELLED


async def test_what_was_taken_never_lapses(sandbox: SandboxProvider, clock: Clock) -> None:
    charge = await charged(sandbox, methods.VISA, capture_now=True)
    clock.pass_by(days=400)
    assert facts(await sandbox.fetch(charge.reference)) == facts(charge)


# --- the payer's secret


async def test_a_client_secret_opens_its_own_charge_only(sandbox: SandboxProvider) -> None:
    charge = await charged(sandbox, None)
    assert charge.next_action is not None
    secret = charge.next_action.client_secret
    assert secret is not None
    assert sandbox.reference_of(secret) == charge.reference
    other = await charged(sandbox, None)
    for false in (secret.replace(charge.reference, other.reference), secret[:-1], "", "ä\ud800"):
        with pytest.raises(SignatureRejected):
            sandbox.reference_of(false)


def test_the_browser_is_told_that_this_is_the_sandbox(sandbox: SandboxProvider) -> None:
    assert sandbox.publishable_key == "pk_sandbox"


def test_a_secret_is_needed() -> None:
    with pytest.raises(ValueError, match="secret"):
        SandboxProvider(store=MemorySandboxStore(), secret="")


# --- letters


async def test_a_letter_says_what_happened(sandbox: SandboxProvider) -> None:
    charge = await charged(sandbox, methods.VISA, payment_id="p-1")
    event = sandbox.read_event(*sandbox.letter_about(charge))
    assert (event.kind, event.charge_reference) == ("charge.authorized", charge.reference)
    assert (event.payment_id, event.livemode, event.account) == ("p-1", False, "")
    disputed = await charged(sandbox, methods.DISPUTE, capture_now=True)
    assert sandbox.read_event(*sandbox.letter_about(disputed)).kind == "charge.disputed"


async def test_the_same_news_has_the_same_event_id(sandbox: SandboxProvider, clock: Clock) -> None:
    charge = await charged(sandbox, methods.VISA)
    first = sandbox.read_event(*sandbox.letter_about(charge))
    clock.pass_by(seconds=5)
    again = sandbox.read_event(*sandbox.letter_about(charge))
    taken = await sandbox.capture(charge.reference, PRICE, idempotency_key=key())
    later = sandbox.read_event(*sandbox.letter_about(taken))
    assert first.id == again.id != later.id


async def test_a_letter_from_another_secret_is_rejected(sandbox: SandboxProvider) -> None:
    stranger = SandboxProvider(store=MemorySandboxStore(), secret="another", clock=Clock())
    charge = await charged(sandbox, methods.VISA)
    with pytest.raises(SignatureRejected):
        sandbox.read_event(*stranger.letter_about(charge))


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"\xff", b'{"id":"a"}', b'{"id":"a\\u0000","type":"b"}', b'{"id":1}'],
)
def test_a_signed_letter_that_is_no_event_is_rejected(
    sandbox: SandboxProvider, clock: Clock, body: bytes
) -> None:
    header = signature_header(body, secret=SECRET, at=int(clock()))
    with pytest.raises(SignatureRejected):
        sandbox.read_event(body, {SIGNATURE_HEADER: header})


@given(st.binary(), st.text(), st.text(max_size=30))
def test_no_bytes_raise_anything_else(body: bytes, header: str, name: str) -> None:
    sandbox = SandboxProvider(store=MemorySandboxStore(), secret=SECRET)
    for headers in ({SIGNATURE_HEADER: header}, {name: header}):
        with pytest.raises(SignatureRejected):
            sandbox.read_event(body, headers)
