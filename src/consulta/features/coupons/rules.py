"""Limits and terms of coupons, without I/O. What a coupon takes off is decided by `app.spend`."""

from collections.abc import Mapping
from typing import Any

from consulta.features.coupons.errors import CouponCurrencyMismatch

MOST_ACTIVE = 200
"""Of one specialist, or of the house; whoever guesses a code has this many chances at most."""

MOST_AMOUNT_MINOR = 10_000_000_000
CODES_PER_MINUTE = 30

_MAY_BE_EMPTY = frozenset({"description", "most_uses", "most_uses_per_client", "valid_until"})


def changed_terms(
    old: Mapping[str, Any], sent: Mapping[str, Any], *, minimum: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The terms of a coupon after a change: null empties what may be empty, and leaves the rest.

    `minimum` is not null where a new one was sent; its currency has to be the coupon's, because
    what a code takes off stays as it was given out. Raises `CouponCurrencyMismatch`.
    """
    kept = {
        name: value
        for name, value in sent.items()
        if name != "minimum" and (value is not None or name in _MAY_BE_EMPTY)
    }
    if minimum is not None:
        if minimum["currency"] != old["currency"]:
            raise CouponCurrencyMismatch
        kept["minimum_minor"] = minimum["amount_minor"]
    elif "minimum" in sent:
        kept["minimum_minor"] = None
    return {name: kept.get(name, old[name]) for name in TERMS}


TERMS = (
    "description",
    "minimum_minor",
    "most_uses",
    "most_uses_per_client",
    "valid_from",
    "valid_until",
    "is_active",
)
"""What may change of a coupon that was given out."""
