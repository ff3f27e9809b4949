"""How receipts are named, and which pictures they may show."""

from datetime import UTC, datetime

import pytest

from consulta.features.receipts.rules import picture_origin, receipt_reference


@pytest.mark.parametrize(
    ("number", "time_zone", "expected"),
    [
        (1, "UTC", "2026-000001"),
        (123, "UTC", "2026-000123"),
        (1_234_567, "UTC", "2026-1234567"),
        # At the specialist's own clock the year has begun already.
        (7, "Asia/Dubai", "2027-000007"),
        (7, "America/New_York", "2026-000007"),
    ],
)
def test_the_year_is_the_specialists(number: int, time_zone: str, expected: str) -> None:
    at = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
    assert receipt_reference(number, issued_at=at, time_zone=time_zone) == expected


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://cdn.example.org/a/b.png?size=1", "https://cdn.example.org"),
        ("https://cdn.example.org:8443/b.png", "https://cdn.example.org:8443"),
        ("https://example.org", "https://example.org"),
        ("http://example.org/b.png", None),
        ("javascript:alert(1)", None),
        ("data:image/png;base64,AAAA", None),
        ("//example.org/b.png", None),
        ("https://user@example.org/b.png", None),
        ("https://example.org;script-src/b.png", None),
        ("https://example.org 'unsafe-inline'/b.png", None),
        ("", None),
        (None, None),
    ],
)
def test_only_plain_https_pictures_are_shown(url: str | None, origin: str | None) -> None:
    assert picture_origin(url) == origin
