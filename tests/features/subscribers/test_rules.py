"""Signatures, bodies, gaps, and when an endpoint is given up."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import UUID

import pytest

from consulta.features.subscribers import rules

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EVENT = UUID("019c0000-0000-7000-8000-000000000001")


def test_a_post_is_signed_with_every_valid_secret() -> None:
    one, two = rules.new_secret(), rules.new_secret()
    body = rules.body_of("booking.confirmed", occurred_at=NOW, ids={"booking_id": "b"})

    headers = rules.headers_of(EVENT, at=NOW, body=body, secrets=[one, two])

    assert body == (
        b'{"type":"booking.confirmed","timestamp":"2026-11-20T12:00:00Z","data":{"booking_id":"b"}}'
    )
    signed = f"{EVENT}.{int(NOW.timestamp())}.".encode() + body
    wanted = [
        "v1,"
        + base64.b64encode(
            hmac.new(base64.b64decode(secret[6:]), signed, hashlib.sha256).digest()
        ).decode()
        for secret in (one, two)
    ]
    assert headers["webhook-signature"].split(" ") == wanted
    assert headers["webhook-id"] == str(EVENT)
    assert one != two
    assert one.startswith("whsec_")
    assert len(base64.b64decode(one[6:], validate=True)) == 32


@pytest.mark.parametrize(
    ("status", "error", "is_delivered"),
    [
        (200, None, True),
        (204, None, True),
        (302, "REDIRECTED", False),
        (404, "REFUSED", False),
        (410, "GONE", False),
        (500, "REFUSED", False),
        (199, "REFUSED", False),
    ],
)
def test_only_a_yes_is_a_yes(status: int, error: str | None, is_delivered: bool) -> None:
    outcome = rules.outcome_of(status, duration_ms=3, retry_after=None)

    assert (outcome.error, outcome.is_delivered) == (error, is_delivered)
    assert not rules.Outcome(None, "TIMEOUT", 3).is_delivered


def test_gaps_grow_and_a_wish_is_granted_up_to_a_day() -> None:
    gaps = [
        rules.gap_seconds(attempts, retry_after=None, now=NOW)
        for attempts in range(1, rules.MOST_ATTEMPTS)
    ]
    assert gaps == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert rules.gap_seconds(99, retry_after=None, now=NOW) == 86_400
    assert rules.gap_seconds(1, retry_after="120", now=NOW) == 120
    assert rules.gap_seconds(2, retry_after="1", now=NOW) == 300
    assert rules.gap_seconds(1, retry_after="9" * 400, now=NOW) == 86_400
    in_an_hour = format_datetime(NOW + timedelta(hours=1), usegmt=True)
    assert rules.gap_seconds(1, retry_after=in_an_hour, now=NOW) == 3_600
    for nonsense in ("soon", "-5", "", "²", "Wed, 99 Foo 2026 99:99:99 GMT", "20 Nov 2026 12:00"):
        assert rules.wished_seconds(nonsense, now=NOW) == 0
    past = format_datetime(NOW - timedelta(hours=1), usegmt=True)
    assert rules.wished_seconds(past, now=NOW) == 0


def test_an_endpoint_is_given_up_after_five_days_of_failures() -> None:
    assert not rules.gives_up(None, now=NOW)
    assert not rules.gives_up(NOW - timedelta(days=4, hours=23), now=NOW)
    assert rules.gives_up(NOW - timedelta(days=5), now=NOW)


def test_a_secret_is_bound_to_its_row() -> None:
    place = rules.place_of_row({"id": EVENT, "endpoint_id": UUID(int=1)})

    assert place == f"webhook_endpoint_secrets|{EVENT}|{UUID(int=1)}"
