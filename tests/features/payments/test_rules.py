"""How long a key lives, and how long an operation waits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulta.features.payments.rules import (
    contested,
    disputes_now,
    disputes_of,
    is_surely_over,
    key_is_fresh,
    origin_of,
    returned_now,
    unnamed_minor,
    wait_seconds,
    way_back,
    word_of,
)
from consulta.kernel.money import Money
from consulta.providers.payments.port import (
    Charge,
    ChargeState,
    Dispute,
    DisputeState,
    Refund,
    gravest,
)

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def test_a_key_is_sent_for_twenty_hours() -> None:
    assert key_is_fresh(None, now=NOW)
    assert key_is_fresh(NOW - timedelta(hours=20) + MOMENT, now=NOW)
    assert not key_is_fresh(NOW - timedelta(hours=20), now=NOW)


def test_a_request_travels_two_minutes_at_most() -> None:
    assert is_surely_over(None, now=NOW)
    assert not is_surely_over(NOW - timedelta(minutes=2) + MOMENT, now=NOW)
    assert is_surely_over(NOW - timedelta(minutes=2), now=NOW)


@pytest.mark.parametrize(
    ("attempts", "chance", "asked", "wait"),
    [
        (1, 0.0, None, 1.0),
        (1, 1.0, None, 2.0),
        (3, 0.0, None, 4.0),
        (3, 1.0, 0.0, 8.0),
        (3, 1.0, 60.0, 60.0),
        (3, 1.0, 1e9, 3600.0),
        (12, 1.0, None, 3600.0),
        (10_000, 0.0, None, 1800.0),
    ],
)
def test_waits_double_up_to_an_hour(
    attempts: int, chance: float, asked: float | None, wait: float
) -> None:
    assert wait_seconds(attempts, retry_after_seconds=asked, chance=chance) == wait


@given(st.integers(1, 200), st.none() | st.floats(0, 1e6))
def test_no_wait_is_endless_or_shorter_than_asked_for(attempts: int, asked: float | None) -> None:
    wait = wait_seconds(attempts, retry_after_seconds=asked)
    assert 1.0 <= wait <= 3600.0
    assert wait >= min(asked or 0.0, 3600.0)


OPEN = Dispute("dp_1", DisputeState.OPEN, "fraudulent", Money(500, "USD"))
WON, LOST = replace(OPEN, state=DisputeState.WON), replace(OPEN, state=DisputeState.LOST)
AGAIN = Dispute("dp_2", DisputeState.OPEN)
UNTOLD = Dispute("", DisputeState.OPEN)


@pytest.mark.parametrize(
    ("known", "told", "now"),
    [
        ([], {}, []),
        ([], {"disputed": True}, [UNTOLD]),
        ([OPEN], {}, [OPEN]),
        ([WON], {"disputed": True}, [WON]),
        ([], {"disputes": (WON,)}, [WON]),
        ([UNTOLD], {"disputes": (OPEN,)}, [OPEN]),
        ([UNTOLD], {"disputes": (UNTOLD,)}, [UNTOLD]),
        ([OPEN], {"disputes": (LOST,)}, [LOST]),
        ([LOST], {"disputes": (WON,)}, [WON]),
        ([WON], {"disputes": (OPEN,)}, [WON]),
        ([OPEN], {"disputes": (WON, AGAIN)}, [WON, AGAIN]),
        ([LOST], {"disputes": (AGAIN,)}, [LOST, AGAIN]),
        ([], {"disputes": (replace(AGAIN, amount=Money(5, "EUR")),)}, [AGAIN]),
    ],
)
def test_what_is_decided_is_not_open_again(
    known: list[Dispute], told: dict[str, Any], now: list[Dispute]
) -> None:
    charge = replace(Charge("ch_1", ChargeState.PAID, Money(500, "USD")), **told)
    assert list(disputes_now(known, charge)) == now


@pytest.mark.parametrize(
    ("disputes", "sums", "spoken_of"),
    [
        ([], (0, 0), None),
        ([WON, replace(LOST, reference="dp_3"), AGAIN], (900, 500), AGAIN),
        ([OPEN, replace(AGAIN, state=DisputeState.INQUIRY)], (500, 0), OPEN),
        ([replace(OPEN, state=DisputeState.INQUIRY), LOST], (500, 500), None),
        ([WON, replace(LOST, amount=Money(100, "USD"))], (100, 100), None),
    ],
)
def test_sums_are_over_all_disputes(
    disputes: list[Dispute], sums: tuple[int, int], spoken_of: Dispute | None
) -> None:
    held = contested(disputes, captured_minor=900)
    assert (held.held_minor, held.lost_minor) == sums
    if spoken_of is not None:
        assert gravest(disputes) == spoken_of


def went(minor: int, *refunds: str, **more: Any) -> Charge:
    """A charge of which so much went back by refunds of 100: `a` stands, `a!` has failed."""
    told = tuple(
        Refund(one.rstrip("!"), Money(100, "USD"), "failed" if "!" in one else "succeeded")
        for one in refunds
    )
    plain = Charge("ch_1", ChargeState.PAID, Money(500, "USD"), captured_minor=500)
    return replace(plain, refunded_minor=minor, **{"refunds": told, **more})


@pytest.mark.parametrize(
    ("ours", "charge", "known", "now"),
    [
        (100, went(200, "a", "b"), "", 200),
        (100, went(200, refunds=None), "", 200),
        (200, went(100, refunds=None), "", 200),
        # An answer without names may be older than what we know to have come back.
        (0, went(100, refunds=None), "a", 0),
        (0, went(100, "a"), "a", 0),
        # One failed, one of two, and both.
        (100, went(0, "a!"), "", 0),
        (200, went(100, "a!", "b"), "", 100),
        (200, went(0, "a!", "b!"), "a", 200),
        (100, went(0, "a!", "b!"), "a", 0),
        # It failed before we heard of it; or another took its place.
        (0, went(0, "a!"), "", 0),
        (100, went(100, "a!", "b"), "", 100),
        # Less than failed refunds explain, and sums that their parts contradict.
        (200, went(0, "a!"), "", 200),
        (100, went(0), "", 100),
        (100, went(0, "a!"), "a", 100),
        (200, went(150, "a!", "b"), "", 200),
    ],
)
def test_what_went_back_falls_by_failed_refunds_alone(
    ours: int, charge: Charge, known: str, now: int
) -> None:
    assert returned_now(ours, charge, known=set(known)) == now


def test_only_what_no_key_or_name_of_ours_tells_has_to_be_guessed() -> None:
    assert unnamed_minor(replace(went(300), refunds=None), ours={"a"}) == 300
    ours, name = replace(went(300, "a", "b", "c!"), refunded_minor=200), {"op", "b", "c"}
    assert unnamed_minor(ours, ours=name) == 100
    keyed = tuple(replace(one, key="op") for one in (ours.refunds or ())[:1])
    assert unnamed_minor(replace(ours, refunds=keyed), ours=name) == 100


def test_a_dispute_of_which_only_the_flag_is_known_is_open() -> None:
    row = {"disputes": [], "is_disputed": True, "currency": "USD"}
    assert disputes_of(row) == (UNTOLD,)
    assert disputes_of({**row, "is_disputed": False}) == ()
    one = {"reference": "dp_1", "state": "lost", "reason": "fraudulent", "amount_minor": 500}
    other = {"reference": "dp_2", "state": "open", "reason": None, "amount_minor": None}
    assert disputes_of({**row, "disputes": [one, other]}) == (LOST, AGAIN)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://app.example.com", "https://app.example.com"),
        ("https://APP.example.com/back?a=1#b", "https://app.example.com"),
        ("http://127.0.0.1:3000/", "http://127.0.0.1:3000"),
        ("https://app.example.com@evil.example/", None),
        ("https://app.example.com\\.evil.example/", None),
        ("https://app.example.com/\\evil.example", None),
        ("https://app.example.com/a b", None),
        ("https://app.example.com/\n", None),
        ("//evil.example", None),
        ("/back", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_an_origin_is_read_of_plain_addresses_alone(address: str, origin: str | None) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        (None, "https://home.example/?to=1&payment=paid"),
        ("https://app.example/back", "https://app.example/back?payment=paid"),
        ("https://app.example/?a=b#/c", "https://app.example/?a=b&payment=paid#/c"),
        ("https://app.example:8443/back", "https://home.example/?to=1&payment=paid"),
        ("https://evil.example/", "https://home.example/?to=1&payment=paid"),
    ],
)
def test_payers_are_sent_on_to_frontends_of_ours(asked: str | None, address: str) -> None:
    home, said = "https://home.example/?to=1", {"payment": "paid"}
    assert way_back(asked, default=home, origins={"https://app.example"}, said=said) == address


def test_a_decline_is_told_while_it_can_be_made_good() -> None:
    assert word_of("pending", None) == "pending"
    assert word_of("requires_action", "card_declined") == "declined"
    assert word_of("authorized", "card_declined") == "authorized"
