"""The old words for what happens to a cancellation or a dispatch: values in, values out."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from consulta.kernel.money import Money

CANCEL_ADDRESS = "/functions/v1/booking-cancel"
DISPATCH_ADDRESS = "/functions/v1/recurring-bookings-dispatcher"

_UNREADABLE = frozenset({400, 413, 415, 422})
_BY_STATUS = {401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 405: "INVALID_REQUEST"}
_CONFLICTS = frozenset({"ALREADY_CANCELLED", "BOOKING_IN_PAST"})


def success_message(refund: Money) -> str:
    """What whoever cancelled is told, with what goes back where something does."""
    money = f"A refund of {refund}" if refund else "No refund"
    return f"Booking cancelled successfully. {money} will be processed."


def refusal(status: int, code: str, detail: str) -> tuple[int, Mapping[str, Any]]:
    """A problem document as the older system told it: a short list of codes, and everything that
    it did not foresee is `CANCELLATION_FAILED`.
    """
    if status in _UNREADABLE:
        return 400, _told("INVALID_REQUEST", detail)
    if status in _BY_STATUS:
        return status, _told(_BY_STATUS[status], detail)
    if status == HTTPStatus.CONFLICT and code in _CONFLICTS:
        return status, _told(code, detail)
    return 500, _told("CANCELLATION_FAILED", detail)


def dispatched_message(count: int, *, is_running: bool) -> str:
    """What whoever rang for the dispatcher is told."""
    if is_running:
        return "A dispatch is under way"
    return f"Dispatched {count} recurring booking{'s' if count != 1 else ''}"


def dispatch_refusal(status: int, _code: str, detail: str) -> tuple[int, Mapping[str, Any]]:
    """A problem document as the older dispatcher told it: the wrong secret, or a failed run."""
    if status == HTTPStatus.UNAUTHORIZED:
        return status, _told("UNAUTHORIZED", detail)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return status, _told("INVALID_REQUEST", detail)
    if status in _UNREADABLE:
        return 400, _told("INVALID_REQUEST", detail)
    return 500, _told("DISPATCH_FAILED", detail)


def _told(code: str, message: str) -> Mapping[str, Any]:
    return {"success": False, "error": code, "message": message}
