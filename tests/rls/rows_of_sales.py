"""Rows of the wall's world about what is sold: coupons, packages, purchases and their credits."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from tests.rls.law import Row
from tests.rls.making import BOOKINGS, NOW, page_parts, shared, with_ids
from tests.rls.people import uid

PURCHASES = (
    ("p1", "sara", "anna", "active"),
    ("p2", "omar", "ben", "pending_payment"),
    ("p3", "sara", "omar", "active"),
    ("p4", "sara", "ben", "active"),
)
"""Label, specialist, client, status. Ben has nothing else with Sara."""


def coupons() -> Iterator[Row]:
    """One of each specialist, and one of the house, which is nobody's own."""
    fixed = {"kind": "percent", "percent": 10}
    for row in with_ids(page_parts("coupon", code="TEN", **fixed)):
        yield replace(row, shown=False)
    yield Row("coupon of the house", {"id": uid("coupon of the house"), "code": "HOUSE", **fixed})


def usages() -> Iterator[Row]:
    for label, specialist, client, _ in BOOKINGS[:2]:
        yield shared(
            f"usage {label}",
            specialist,
            client,
            coupon_id=uid(f"coupon of {specialist}"),
            booking_id=uid(label),
            discount_minor=2000,
            currency="USD",
        )


_SOLD = {"name": "Four", "session_count": 4, "price_minor": 60000, "currency": "USD"}


def packages() -> Iterator[Row]:
    for label, active in (("package", True), ("old package", False)):
        for row in with_ids(page_parts(label, is_active=active, **_SOLD)):
            yield replace(row, values={**row.values, "rate_id": uid(f"rate of {row.owner}")})


def purchases() -> Iterator[Row]:
    for label, specialist, client, status in PURCHASES:
        yield shared(
            label,
            specialist,
            client,
            package_id=uid(f"package of {specialist}"),
            rate_id=uid(f"rate of {specialist}"),
            status=status,
            expires_at=NOW + timedelta(minutes=30),
            activated_at=NOW if status == "active" else None,
            credits_left=4 if status == "active" else 0,
            **_SOLD,
        )


def credits_of_purchases() -> Iterator[Row]:
    for label, specialist, client, status in PURCHASES:
        if status != "active":
            continue
        yield shared(
            f"credits {label}",
            specialist,
            client,
            purchase_id=uid(label),
            kind="granted",
            credits=4,
        )
