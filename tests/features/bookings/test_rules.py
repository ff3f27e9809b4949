"""Cancellation tiers, what goes back, when an unconfirmed booking ends: values in, values out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulta.features.bookings import rules
from consulta.features.bookings.rules import Terms
from consulta.features.specialists.rules import CancellationPolicy, tiers_of
from consulta.kernel.money import Money

START = datetime(2026, 3, 29, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)
AMOUNTS = st.integers(1, 10**12)
POLICIES = st.sampled_from([one for one in CancellationPolicy if one != "custom"])
NOTICE = st.timedeltas(timedelta(0), timedelta(days=60))


def terms(**changes: Any) -> Terms:
    usual: dict[str, Any] = {
        "policy": "standard",
        "custom_tiers": None,
        "by_client": True,
        "captured": Money(20_000, "USD"),
        "returned": Money.zero("USD"),
        "has_credit": False,
        "is_confirmed": True,
        "starts_at": START,
        "now": START - 48 * HOUR,
    }
    return rules.cancellation_terms(**{**usual, **changes})


@pytest.mark.parametrize(
    ("policy", "notice", "percent"),
    [
        ("standard", 24 * HOUR, 100),
        ("standard", 24 * HOUR - MOMENT, 50),
        ("standard", 2 * HOUR, 50),
        ("standard", 2 * HOUR - MOMENT, 0),
        ("standard", timedelta(0), 0),
        ("standard", -HOUR, 0),
        ("flexible", 2 * HOUR, 100),
        ("flexible", 2 * HOUR - MOMENT, 0),
        ("strict", 48 * HOUR, 100),
        ("strict", 24 * HOUR, 50),
        ("strict", 24 * HOUR - MOMENT, 0),
        ("no_refund", 10_000 * HOUR, 0),
    ],
)
def test_exactly_so_many_hours_is_so_many_hours(
    policy: str, notice: timedelta, percent: int
) -> None:
    tiers = tiers_of(policy, None)
    assert rules.refund_percent(tiers, starts_at=START, now=START - notice) == percent


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Terms("standard", 100, Money(20_000, "USD"))),
        ({"now": START - 5 * HOUR}, Terms("standard", 50, Money(10_000, "USD"))),
        ({"now": START - HOUR}, Terms("standard", 0, Money(0, "USD"))),
        # Nothing was taken, so nothing goes back, whoever cancels.
        ({"captured": Money(0, "USD")}, Terms("no_refund", 0, Money(0, "USD"))),
        (
            {"captured": Money(0, "USD"), "by_client": False},
            Terms("no_refund", 0, Money(0, "USD")),
        ),
        # The specialist returns all that is left.
        (
            {"by_client": False, "policy": "no_refund", "now": START},
            Terms("full_refund", 100, Money(20_000, "USD")),
        ),
        (
            {"by_client": False, "returned": Money(7_000, "USD")},
            Terms("full_refund", 100, Money(13_000, "USD")),
        ),
        # What went back already counts.
        (
            {"now": START - 5 * HOUR, "returned": Money(4_000, "USD")},
            Terms("standard", 50, Money(6_000, "USD")),
        ),
        (
            {"now": START - 5 * HOUR, "returned": Money(15_000, "USD")},
            Terms("standard", 50, Money(0, "USD")),
        ),
        # Half of an odd amount is rounded up, in any currency's minor unit.
        (
            {
                "now": START - 5 * HOUR,
                "captured": Money(20_001, "JPY"),
                "returned": Money(0, "JPY"),
            },
            Terms("standard", 50, Money(10_001, "JPY")),
        ),
        (
            {
                "policy": "custom",
                "custom_tiers": [{"hours_before": 1, "refund_percent": 33}],
                "captured": Money(1_000, "BHD"),
                "returned": Money(0, "BHD"),
            },
            Terms("custom", 33, Money(330, "BHD")),
        ),
        # A credit cannot be halved: it comes back where all would, and before the session stood.
        (
            {"has_credit": True, "captured": Money(0, "USD")},
            Terms("standard", 100, Money(0, "USD"), credit_returned=True),
        ),
        (
            {"has_credit": True, "captured": Money(0, "USD"), "now": START - 5 * HOUR},
            Terms("standard", 50, Money(0, "USD")),
        ),
        (
            {"has_credit": True, "is_confirmed": False, "now": START - HOUR},
            Terms("standard", 100, Money(0, "USD"), credit_returned=True),
        ),
        (
            {"has_credit": True, "by_client": False, "now": START - HOUR},
            Terms("full_refund", 100, Money(0, "USD"), credit_returned=True),
        ),
    ],
)
def test_what_goes_back(changes: dict[str, Any], expected: Terms) -> None:
    assert terms(**changes) == expected


@given(AMOUNTS, st.data(), POLICIES, NOTICE, st.booleans())
def test_never_more_goes_back_than_is_here(
    captured: int, data: st.DataObject, policy: str, notice: timedelta, by_client: bool
) -> None:
    refunded = data.draw(st.integers(0, captured))
    due = terms(
        policy=policy,
        by_client=by_client,
        captured=Money(captured, "USD"),
        returned=Money(refunded, "USD"),
        now=START - notice,
    )
    assert 0 <= due.refund.amount_minor <= captured - refunded
    if not by_client:
        assert due.refund.amount_minor == captured - refunded


@given(AMOUNTS, POLICIES, NOTICE, NOTICE)
def test_to_cancel_earlier_never_returns_less(
    captured: int, policy: str, one: timedelta, other: timedelta
) -> None:
    early, late = max(one, other), min(one, other)
    amount = Money(captured, "USD")
    returned = [
        terms(policy=policy, captured=amount, now=START - notice).refund.amount_minor
        for notice in (early, late)
    ]
    assert returned[0] >= returned[1]


@given(
    st.integers(1, 168),
    st.timedeltas(timedelta(0), timedelta(days=90)),
    st.none() | st.timedeltas(timedelta(0), timedelta(days=7)),
)
def test_an_unconfirmed_booking_ends_at_the_earliest_of_three(
    hours: int, until_start: timedelta, until_lapse: timedelta | None
) -> None:
    now = START
    deadline = rules.confirmation_deadline(
        now=now,
        hours=hours,
        starts_at=now + until_start,
        capture_before=None if until_lapse is None else now + until_lapse,
    )
    ends = {now + timedelta(hours=hours), now + until_start}
    ends |= set() if until_lapse is None else {now + until_lapse}
    assert deadline in ends
    assert all(deadline <= end for end in ends)


@pytest.mark.parametrize(
    ("notice", "change"),
    [
        (72 * HOUR, 24 * HOUR),
        (24 * HOUR, 24 * HOUR),
        (24 * HOUR - MOMENT, 2 * HOUR),
        (2 * HOUR - MOMENT, None),
        (-HOUR, None),
    ],
)
def test_the_next_change_is_the_last_instant_of_the_present_share(
    notice: timedelta, change: timedelta | None
) -> None:
    tiers = tiers_of("standard", None)
    found = rules.next_change_at(tiers, starts_at=START, now=START - notice)
    assert found == (None if change is None else START - change)


def test_a_tier_that_changes_nothing_is_passed_over() -> None:
    tiers = tiers_of(
        "custom",
        [
            {"hours_before": 1, "refund_percent": 0},
            {"hours_before": 5, "refund_percent": 40},
            {"hours_before": 9, "refund_percent": 40},
        ],
    )
    found = rules.next_change_at(tiers, starts_at=START, now=START - 20 * HOUR)
    assert found == START - 5 * HOUR
    assert rules.next_change_at((), starts_at=START, now=START) is None


@given(AMOUNTS, POLICIES, NOTICE)
def test_nothing_changes_before_the_next_change(
    captured: int, policy: str, notice: timedelta
) -> None:
    now, amount = START - notice, Money(captured, "USD")
    change = rules.next_change_at(tiers_of(policy, None), starts_at=START, now=now)
    present = terms(policy=policy, captured=amount, now=now)
    if change is None:
        assert terms(policy=policy, captured=amount, now=START) == present
    else:
        assert terms(policy=policy, captured=amount, now=change) == present
        assert terms(policy=policy, captured=amount, now=change + MOMENT) != present
