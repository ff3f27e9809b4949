"""What a charge calls for beside our belief, as a table; and when a charge is read again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from consulta.features.payments.rules import Progress, RefundSeen, progress, refund_seen
from consulta.features.reconciliation.rules import OurSide, Remedy, next_reading, verdict
from consulta.kernel.money import Money
from consulta.providers.payments.port import Charge, ChargeState, Dispute, DisputeState, Refund

USD = Money(20_000, "USD")
S = ChargeState


def ours(status: str, **more: Any) -> OurSide:
    plain = OurSide(
        payment_id=uuid4(),
        status=status,
        amount=USD,
        reference="ch_1",
        captured_minor=20_000 if status in {"paid", "partially_refunded", "refunded"} else 0,
        refunded_minor=0,
        disputes=(),
        is_over=False,
        is_under_way=False,
        was_refused=False,
    )
    return replace(plain, **more)


def theirs(state: ChargeState, **more: Any) -> Charge:
    captured = 20_000 if state is S.PAID else 0
    return replace(Charge("ch_1", state, USD, captured_minor=captured), **more)


OVER = {"is_over": True}
OPEN = Dispute("dp_1", DisputeState.OPEN)
WON = Dispute("dp_1", DisputeState.WON)
FAILED = Refund("re_1", USD, "failed")
ABOUT: list[tuple[str, OurSide | None, Charge, tuple[str, str] | None]] = [
    ("nobody's charge", None, theirs(S.AUTHORIZED), ("park", "unknown_charge")),
    ("nobody's, given up", None, theirs(S.CANCELLED), None),
    ("another one", ours("paid", reference="ch_2"), theirs(S.PENDING), ("park", "second_charge")),
    ("another one, given up", ours("paid", reference="ch_2"), theirs(S.CANCELLED), None),
    (
        "another amount",
        ours("pending"),
        theirs(S.PENDING, amount=Money(1, "USD")),
        ("park", "amount_mismatch"),
    ),
    (
        "another currency",
        ours("authorized"),
        theirs(S.CANCELLED, amount=Money(20_000, "EUR")),
        ("park", "amount_mismatch"),
    ),
    (
        "another amount, both given up",
        ours("cancelled"),
        theirs(S.CANCELLED, amount=Money(1, "USD")),
        None,
    ),
    ("missed", ours("pending"), theirs(S.AUTHORIZED), ("adopt", "state_missed")),
    (
        "missed a whole life",
        ours("pending"),
        theirs(S.PAID, refunded_minor=20_000),
        ("adopt", "state_missed"),
    ),
    ("agreed", ours("authorized"), theirs(S.AUTHORIZED), None),
    ("lost", ours("pending", reference=None), theirs(S.PENDING), ("adopt", "reference_lost")),
    (
        "more went back",
        ours("partially_refunded", refunded_minor=1),
        theirs(S.PAID, refunded_minor=2),
        ("correct", "sums_differ"),
    ),
    ("disputed", ours("paid"), theirs(S.PAID, disputed=True), ("correct", "dispute_missed")),
    ("known dispute", ours("paid", disputes=(OPEN,)), theirs(S.PAID, disputed=True), None),
    ("dispute untold", ours("paid", disputes=(OPEN,)), theirs(S.PAID), None),
    (
        "dispute won",
        ours("paid", disputes=(OPEN,)),
        theirs(S.PAID, disputes=(WON,)),
        ("correct", "dispute_ended"),
    ),
    (
        "old answer",
        ours("paid", disputes=(WON,)),
        theirs(S.PAID, disputed=True, disputes=(OPEN,)),
        None,
    ),
    (
        "a refund came back",
        ours("partially_refunded", refunded_minor=2),
        theirs(S.PAID, refunded_minor=1),
        ("park", "provider_has_less"),
    ),
    (
        "a refund failed at the bank",
        ours("refunded", refunded_minor=20_000),
        theirs(S.PAID, refunds=(FAILED,)),
        ("correct", "refund_failed"),
    ),
    (
        "known to have failed",
        ours("paid", failed_refunds=frozenset({"re_1"})),
        theirs(S.PAID, refunds=(FAILED,)),
        None,
    ),
    (
        "more is missing than failed",
        ours("refunded", refunded_minor=20_000),
        theirs(S.PAID, refunds=(replace(FAILED, amount=Money(19_999, "USD")),)),
        ("park", "provider_has_less"),
    ),
    (
        "less was taken",
        ours("paid"),
        theirs(S.PAID, captured_minor=15_000),
        ("park", "provider_has_less"),
    ),
    (
        "a refund on its way",
        ours("partially_refunded", refunded_minor=2, is_under_way=True),
        theirs(S.PAID, refunded_minor=1),
        None,
    ),
    ("not released", ours("authorized", **OVER), theirs(S.AUTHORIZED), ("void", "not_released")),
    ("not given up", ours("pending", **OVER), theirs(S.PENDING), ("void", "not_released")),
    ("being released", ours("authorized", **OVER, is_under_way=True), theirs(S.AUTHORIZED), None),
    (
        "cannot be released",
        ours("authorized", **OVER, was_refused=True),
        theirs(S.AUTHORIZED),
        ("park", "release_refused"),
    ),
    ("the bank decides", ours("processing", **OVER), theirs(S.PROCESSING), None),
    ("money stays", ours("paid", **OVER), theirs(S.PAID), None),
    ("too late", ours("cancelled"), theirs(S.AUTHORIZED), ("void", "came_too_late")),
    ("taken too late", ours("failed"), theirs(S.PAID), ("void", "came_too_late")),
    ("being sent back", ours("cancelled", is_under_way=True), theirs(S.PAID), None),
    ("was sent back", ours("cancelled"), theirs(S.PAID, refunded_minor=20_000), None),
    ("waits for nobody", ours("cancelled"), theirs(S.PENDING), None),
    (
        "cannot go back",
        ours("cancelled", was_refused=True),
        theirs(S.PAID),
        ("park", "release_refused"),
    ),
    ("behind us", ours("paid"), theirs(S.AUTHORIZED), ("park", "provider_has_less")),
    ("gone", ours("paid"), theirs(S.CANCELLED), ("park", "provider_has_less")),
]


@pytest.mark.parametrize(
    ("believed", "charge", "expected"), [row[1:] for row in ABOUT], ids=[row[0] for row in ABOUT]
)
def test_what_a_difference_calls_for(
    believed: OurSide | None, charge: Charge, expected: tuple[str, str] | None
) -> None:
    found = verdict(charge, believed, can_void=True)
    assert (found and (found.remedy.value, found.reason)) == expected


def test_what_cannot_be_released_lapses_by_itself() -> None:
    assert verdict(theirs(S.AUTHORIZED), ours("authorized", **OVER), can_void=False) is None


@pytest.mark.parametrize("state", list(ChargeState))
@pytest.mark.parametrize(
    "status",
    [
        *("pending", "requires_action", "processing", "authorized", "paid"),
        *("partially_refunded", "refunded", "failed", "cancelled"),
    ],
)
def test_every_pair_has_an_answer_and_only_a_person_decides_against_money(
    status: str, state: ChargeState
) -> None:
    """Whatever the provider shows less of than we believe is never simply believed."""
    found = verdict(theirs(state), ours(status), can_void=True)
    if found is not None and found.remedy is Remedy.ADOPT:
        assert progress(status, theirs(state)) is Progress.AHEAD


@pytest.mark.parametrize(
    ("status", "age", "wait"),
    [
        ("pending", timedelta(hours=1), timedelta(minutes=10)),
        ("processing", timedelta(days=3), timedelta(days=1)),
        ("authorized", timedelta(days=3), timedelta(hours=6)),
        ("cancelled", timedelta(days=6), timedelta(days=1)),
        ("failed", timedelta(days=7), None),
        ("paid", timedelta(days=29), timedelta(days=1)),
        ("refunded", timedelta(days=30), timedelta(days=7)),
        ("paid", timedelta(days=180), None),
    ],
)
def test_when_a_charge_is_read_again(status: str, age: timedelta, wait: timedelta | None) -> None:
    assert next_reading(status, age=age) == wait


@pytest.mark.parametrize(
    ("returned", "done", "own", "others", "seen"),
    [
        (0, 0, 5, [], RefundSeen.UNDONE),
        (5, 0, 5, [], RefundSeen.DONE),
        (4, 0, 5, [], RefundSeen.UNDONE),
        (8, 5, 3, [], RefundSeen.DONE),
        (5, 5, 5, [5], RefundSeen.UNDONE),
        (5, 0, 5, [5], RefundSeen.DONE),
        (5, 0, 5, [3], RefundSeen.UNCLEAR),
        (5, 0, 3, [5], RefundSeen.UNCLEAR),
        (3, 0, 5, [3], RefundSeen.UNDONE),
        (3, 0, 3, [5], RefundSeen.DONE),
        (8, 0, 5, [3], RefundSeen.DONE),
    ],
)
def test_what_a_charge_tells_of_a_refund_that_it_does_not_name(
    returned: int, done: int, own: int, others: list[int], seen: RefundSeen
) -> None:
    assert (
        refund_seen(returned_minor=returned, done_minor=done, own_minor=own, others_minor=others)
        is seen
    )


@pytest.mark.parametrize(
    ("status", "charge", "expected"),
    [
        ("authorized", theirs(S.AUTHORIZED), Progress.SAME),
        ("authorized", theirs(S.PAID), Progress.AHEAD),
        ("paid", theirs(S.AUTHORIZED), Progress.APART),
    ],
)
def test_how_a_charge_stands_to_a_status(status: str, charge: Charge, expected: Progress) -> None:
    assert progress(status, charge) is expected
