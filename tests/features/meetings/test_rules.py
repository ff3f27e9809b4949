"""The decisions about meetings, as tables."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from consulta.features.bookings.errors import AlreadyCancelled, BookingNotConfirmed
from consulta.features.bookings.status import BookingStatus
from consulta.features.meetings.errors import MeetingNotReady, SessionOver, TooEarlyToJoin
from consulta.features.meetings.rules import (
    GAPS_SECONDS,
    MOST_ATTEMPTS,
    Stand,
    Step,
    ensure_joinable,
    gap_seconds,
    join_window,
    key_of,
    place_of,
    step_of,
)

NOW = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
SOON, PAST = NOW + timedelta(hours=1), NOW


@pytest.mark.parametrize(
    ("is_wanted", "external_id", "was_sent", "ends_at", "connection", "expected"),
    [
        (True, None, False, SOON, "connected", Step.MAKE),
        (True, None, True, SOON, "connected", Step.MAKE),
        (True, "1", False, SOON, "connected", Step.MOVE),
        (False, "1", False, SOON, "connected", Step.REMOVE),
        (False, None, True, SOON, "connected", Step.REMOVE),
        (False, None, False, SOON, "connected", Step.FORGET),
        (False, None, False, PAST, None, Step.FORGET),
        (False, "1", False, PAST, "connected", Step.REMOVE),
        (True, None, False, PAST, "connected", Step.TOO_LATE),
        (True, "1", False, PAST, "broken", Step.TOO_LATE),
        (True, None, False, SOON, None, Step.HOMELESS),
        (False, "1", False, SOON, "broken", Step.BROKEN),
    ],
)
def test_what_is_next(
    is_wanted: bool,
    external_id: str | None,
    was_sent: bool,
    ends_at: datetime,
    connection: str | None,
    expected: Step,
) -> None:
    assert (
        step_of(Stand(is_wanted, external_id, was_sent, ends_at, connection), now=NOW) is expected
    )


@pytest.mark.parametrize(
    ("minutes", "status", "state", "expected"),
    [
        (-15.01, "confirmed", "ready", TooEarlyToJoin),
        (-15, "confirmed", "ready", None),
        (0, "confirmed", "moving", None),
        (45, "confirmed", "ready", None),
        (45.01, "confirmed", "ready", SessionOver),
        (0, "completed", "ready", SessionOver),
        (0, "no_show", "ready", SessionOver),
        (0, "cancelled", "deleted", AlreadyCancelled),
        (99, "refunded", "ready", AlreadyCancelled),
        (0, "pending_payment", None, BookingNotConfirmed),
        (0, "awaiting_confirmation", None, BookingNotConfirmed),
        (0, "confirmed", None, MeetingNotReady),
        (0, "confirmed", "wanted", MeetingNotReady),
        (0, "confirmed", "failed", MeetingNotReady),
        (-60, "confirmed", None, TooEarlyToJoin),
    ],
)
def test_who_is_let_in(
    minutes: float, status: str, state: str | None, expected: type[Exception] | None
) -> None:
    window = join_window(starts_at=NOW, ends_at=NOW + timedelta(minutes=30))
    at = NOW + timedelta(minutes=minutes)

    def enter() -> None:
        ensure_joinable(status=BookingStatus(status), state=state, window=window, now=at)

    if expected is None:
        enter()
        return
    with pytest.raises(expected) as refused:
        enter()
    if isinstance(refused.value, TooEarlyToJoin):
        assert refused.value.facts == {"opens_at": datetime(2026, 12, 1, 9, 45, tzinfo=UTC)}


def test_waits_grow_and_are_never_shorter_than_asked() -> None:
    waits = [gap_seconds(attempts=n, wait_seconds=0) for n in range(1, MOST_ATTEMPTS + 1)]
    assert waits == sorted(waits)
    assert waits[0] == GAPS_SECONDS[0]
    assert gap_seconds(attempts=1, wait_seconds=77) == 77


def test_names_are_of_one_meeting_alone() -> None:
    booking = UUID("0199aabb-ccdd-7eff-8011-223344556677")
    assert key_of(booking_id=booking, generation=3) == "c0199aabbccdd7eff801122334455667703"
    assert place_of({"meeting_id": 1, "specialist_id": 2, "client_id": 3}) == "meeting_links|1|2|3"
