"""The old words, without a database: each status and code as the older system told it."""

import pytest

from consulta.features.compat import rules
from consulta.kernel.money import Money


@pytest.mark.parametrize(
    ("refund", "said"),
    [
        (Money(0, "USD"), "No refund will be processed."),
        (Money(20_000, "USD"), "A refund of 200.00 USD will be processed."),
        (Money(500, "JPY"), "A refund of 500 JPY will be processed."),
    ],
)
def test_the_message_names_what_goes_back(refund: Money, said: str) -> None:
    assert rules.success_message(refund) == f"Booking cancelled successfully. {said}"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (422, "INVALID", (400, "INVALID_REQUEST")),
        (413, "BODY_TOO_LARGE", (400, "INVALID_REQUEST")),
        (401, "UNAUTHENTICATED", (401, "UNAUTHORIZED")),
        (403, "FORBIDDEN", (403, "FORBIDDEN")),
        (404, "BOOKING_NOT_FOUND", (404, "NOT_FOUND")),
        (405, "METHOD_NOT_ALLOWED", (405, "INVALID_REQUEST")),
        (409, "ALREADY_CANCELLED", (409, "ALREADY_CANCELLED")),
        (409, "BOOKING_IN_PAST", (409, "BOOKING_IN_PAST")),
        (409, "PAYMENT_OPERATION_UNDER_WAY", (500, "CANCELLATION_FAILED")),
        (503, "UNAVAILABLE", (500, "CANCELLATION_FAILED")),
    ],
)
def test_a_refused_cancellation(status: int, code: str, expected: tuple[int, str]) -> None:
    told, body = rules.refusal(status, code, "why")
    assert (told, body["error"]) == expected
    assert (body["success"], body["message"]) == (False, "why")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, (401, "UNAUTHORIZED")),
        (405, (405, "INVALID_REQUEST")),
        (413, (400, "INVALID_REQUEST")),
        (500, (500, "DISPATCH_FAILED")),
    ],
)
def test_a_refused_dispatch(status: int, expected: tuple[int, str]) -> None:
    told, body = rules.dispatch_refusal(status, "ANY", "why")
    assert (told, body["error"]) == expected


@pytest.mark.parametrize(
    ("count", "is_running", "said"),
    [
        (5, False, "Dispatched 5 recurring bookings"),
        (1, False, "Dispatched 1 recurring booking"),
        (0, True, "A dispatch is under way"),
    ],
)
def test_what_the_bell_answers(count: int, is_running: bool, said: str) -> None:
    assert rules.dispatched_message(count, is_running=is_running) == said
