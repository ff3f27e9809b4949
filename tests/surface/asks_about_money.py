"""The good requests about money in the hand, saved cards, receipts and the ledger."""

from collections.abc import Mapping

from tests.surface.ask import Ask, Of

_BY_HAND: Mapping[str, Of] = {"payment_id": lambda town: town.by_hand["payment"]["id"]}
_HANDED_OVER: Mapping[str, Of] = {"payment_id": lambda town: town.handed_over["payment"]["id"]}
_CARD: Mapping[str, Of] = {"method_id": lambda town: town.card["id"]}
_RECEIPT: Mapping[str, Of] = {"receipt_id": lambda town: town.receipt["id"]}

ASKS_ABOUT_MONEY: Mapping[str, Ask] = {
    "POST /api/v1/payments/{payment_id}/mark-paid": Ask(
        "specialist",
        _BY_HAND,
        lambda _: {"amount_minor": 20_000, "note": "In notes.", "reference": "17"},
        spends=True,
        body_optional=True,
    ),
    "POST /api/v1/payments/{payment_id}/mark-returned": Ask(
        "specialist",
        _HANDED_OVER,
        lambda _: {"amount_minor": 1, "note": "We ended early."},
        body_optional=True,
    ),
    "GET /api/v1/saved-methods": Ask("client"),
    "POST /api/v1/saved-methods": Ask(
        "client", body=lambda town: {"specialist_id": str(town.omar.id)}
    ),
    "POST /api/v1/saved-methods/{method_id}/refresh": Ask("client", _CARD),
    "DELETE /api/v1/saved-methods/{method_id}": Ask("client", _CARD, spends=True),
    "POST /api/v1/sandbox/saved-methods/{method_id}/method": Ask(
        "client", _CARD, lambda _: {"payment_method": "pm_sandbox_visa"}, spends=True
    ),
    "GET /api/v1/receipts": Ask("client"),
    "GET /api/v1/receipts/{receipt_id}": Ask("client", _RECEIPT),
    "GET /api/v1/receipts/{receipt_id}/html": Ask("client", _RECEIPT),
    "GET /api/v1/bookings/{booking_id}/receipts": Ask(
        "client", {"booking_id": lambda town: town.confirmed["id"]}
    ),
    "GET /api/v1/package-purchases/{purchase_id}/receipts": Ask(
        "client", {"purchase_id": lambda town: town.bought["id"]}
    ),
    "GET /api/v1/specialists/me/ledger": Ask("specialist"),
    "GET /api/v1/admin/ledger": Ask("admin"),
    "GET /api/v1/admin/ledger/mismatches": Ask("admin"),
}
