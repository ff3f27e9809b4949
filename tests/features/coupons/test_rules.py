"""The terms of a coupon after a change, without a database."""

from typing import Any

import pytest

from consulta.features.coupons.errors import CouponCurrencyMismatch
from consulta.features.coupons.rules import TERMS, changed_terms

OLD: dict[str, Any] = {
    "id": 1,
    "currency": "USD",
    "description": "Spring",
    "minimum_minor": 5,
    "most_uses": 10,
    "most_uses_per_client": 1,
    "valid_from": "then",
    "valid_until": "later",
    "is_active": True,
}
SAME = {name: OLD[name] for name in TERMS}


@pytest.mark.parametrize(
    ("sent", "different"),
    [
        ({}, {}),
        ({"most_uses": 11, "is_active": False}, {"most_uses": 11, "is_active": False}),
        ({"valid_from": None, "is_active": None}, {}),
        (
            {"description": None, "most_uses": None, "most_uses_per_client": None},
            {"description": None, "most_uses": None, "most_uses_per_client": None},
        ),
        ({"valid_until": None, "minimum": None}, {"valid_until": None, "minimum_minor": None}),
        ({"minimum": {"amount_minor": 7, "currency": "USD"}}, {"minimum_minor": 7}),
    ],
)
def test_what_was_sent_is_changed(sent: dict[str, Any], different: dict[str, Any]) -> None:
    assert changed_terms(OLD, sent, minimum=sent.get("minimum")) == SAME | different


@pytest.mark.parametrize("currency", ["EUR", None])
def test_a_minimum_in_another_currency(currency: str | None) -> None:
    minimum = {"amount_minor": 7, "currency": "USD"}
    with pytest.raises(CouponCurrencyMismatch):
        changed_terms(OLD | {"currency": currency}, {"minimum": minimum}, minimum=minimum)
