"""Who is told what, and whether it still holds: every branch."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from consulta.features.notifications import rules
from consulta.features.notifications.rules import Kind, Parties, Standing

SARAH, ANNA, ADA = (UUID(int=n) for n in (1, 2, 3))
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("kind", "doer", "was", "told"),
    [
        (Kind.CONFIRMED, SARAH, "awaiting_confirmation", {SARAH, ANNA}),
        (Kind.DECLINED, SARAH, "awaiting_confirmation", {ANNA}),
        (Kind.DECLINED, ADA, "awaiting_confirmation", {SARAH, ANNA}),
        (Kind.CANCELLED, ANNA, "pending_payment", set()),
        (Kind.CANCELLED, SARAH, "pending_payment", {ANNA}),
        (Kind.CANCELLED, ANNA, "awaiting_confirmation", {SARAH}),
        (Kind.CANCELLED, ANNA, "confirmed", {SARAH, ANNA}),
        (Kind.RESCHEDULED, SARAH, "confirmed", {SARAH, ANNA}),
        (Kind.EXPIRED, None, "pending_payment", {ANNA}),
        (Kind.AWAITING, None, "pending_payment", {SARAH, ANNA}),
        (Kind.FOLLOW_UP, None, None, {ANNA}),
    ],
)
def test_those_are_told_who_heard_of_it_and_do_not_know(
    kind: Kind, doer: UUID | None, was: str | None, told: set[UUID]
) -> None:
    assert set(rules.recipients(kind, Parties(SARAH, ANNA, doer), was=was)) == told


def test_every_kind_is_told_to_somebody() -> None:
    assert set(rules.TOLD) == set(Kind)
    assert all(rules.TOLD.values())


def test_a_booking_begins_with_one_thing_to_tell() -> None:
    assert rules.opening_kind("pending_payment") is Kind.BOOKED
    assert rules.opening_kind("pending_payment", by_saved_card=True) is None
    assert rules.opening_kind("confirmed") is Kind.CONFIRMED
    assert rules.opening_kind("expired") is None


@pytest.mark.parametrize(("hours", "count"), [(25, 2), (24, 1), (2, 1), (1, 0)])
def test_a_reminder_lies_after_the_decision(hours: int, count: int) -> None:
    found = rules.reminders(NOON, decided_at=NOON - hours * HOUR)
    assert len(found) == count
    assert all(NOON - hours * HOUR < at < NOON for _, at in found)


def test_a_follow_up_comes_a_day_later_or_never() -> None:
    assert rules.follow_up_at(NOON, now=NOON + HOUR) == NOON + 24 * HOUR
    assert rules.follow_up_at(NOON, now=NOON + 30 * HOUR) == NOON + 30 * HOUR
    assert rules.follow_up_at(NOON, now=NOON + timedelta(days=8)) is None


REMINDER = Standing(
    kind=Kind.REMINDER_24H,
    now=NOON - 24 * HOUR,
    revision=1,
    booking_status="confirmed",
    booking_revision=1,
    starts_at=NOON,
)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"is_active": False}, "NO_ACCOUNT"),
        ({"unwanted": frozenset({"reminders"})}, "NOT_WANTED"),
        ({"unwanted": frozenset({"series"})}, None),
        ({"booking_status": "cancelled"}, "OVERTAKEN"),
        ({"booking_revision": 2}, "OVERTAKEN"),
        ({"now": NOON - HOUR}, "PASSED"),
        ({"kind": Kind.REMINDER_1H, "now": NOON - HOUR}, None),
        ({"kind": Kind.REMINDER_1H, "now": NOON}, "PASSED"),
        ({"kind": Kind.TIME_PROPOSED}, "OVERTAKEN"),
        ({"kind": Kind.TIME_PROPOSED, "proposed_at": NOON}, None),
        ({"kind": Kind.CANCELLED, "booking_status": "cancelled", "now": NOON + HOUR}, None),
        ({"kind": Kind.CANCELLED, "booking_status": "cancelled", "unwanted": rules.GROUPS}, None),
        ({"kind": Kind.SERIES_ENDED, "booking_status": None, "starts_at": None}, None),
    ],
)
def test_what_does_not_hold_any_more_is_not_told(changes: dict[str, object], code: str) -> None:
    assert rules.reason_to_skip(replace(REMINDER, **changes)) == code  # type: ignore[arg-type]


def test_trouble_cannot_be_switched_off() -> None:
    always = {kind for kind in Kind if rules.group_of(kind) is None}
    assert always >= {Kind.CANCELLED, Kind.DECLINED, Kind.RESCHEDULED, Kind.CARD_REFUSED}
    assert {kind for kind in Kind if kind.startswith("payment_")} <= always


def test_gaps_grow_to_an_hour() -> None:
    assert [rules.gap_seconds(n) for n in (1, 2, 3, 12)] == [30, 60, 120, 3600]


def test_the_language_is_the_chosen_one_then_the_profiles_then_english() -> None:
    known = ("en", "de")
    assert rules.language_of("de", "en", known=known) == "de"
    assert rules.language_of(None, "de-AT", known=known) == "de"
    assert rules.language_of("fr", "ar", known=known) == "en"


def test_a_zone_that_was_never_chosen_is_the_specialists() -> None:
    assert rules.zone_of("Asia/Dubai", "Europe/Berlin") == "Asia/Dubai"
    assert rules.zone_of("UTC", "Europe/Berlin") == "Europe/Berlin"
