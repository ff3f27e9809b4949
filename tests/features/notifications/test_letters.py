"""Every letter in every language: whole, escaped, and with nothing to hide in its subject."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from consulta.features.notifications.flows import WORDS, Links, Writer
from consulta.features.notifications.rules import TOLD, Kind, Side
from consulta.platform.letters import Letters
from consulta.providers.messages.port import Sender

LETTERS = Letters(WORDS)
LINKS = Links("https://app.consulta.test/", "api.consulta.test")
WRITER = Writer(Sender("post@consulta.test", "Consulta"), LINKS, LETTERS)
SARAH, ANNA = UUID(int=1), UUID(int=2)
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
NAME = '<script>"Dr." & Co'

FULL: Mapping[str, Any] = {
    "id": UUID(int=9),
    "specialist_id": SARAH,
    "client_id": ANNA,
    "booking_id": UUID(int=3),
    "series_id": None,
    "purchase_id": None,
    "revision": 2,
    "booking_revision": 2,
    "booking_status": "confirmed",
    "was_confirmed": True,
    "email": "anna@example.org",
    "name": "Anna",
    "other": NAME,
    "own_zone": "Europe/Berlin",
    "specialist_zone": "Asia/Dubai",
    "locale": "en",
    "wanted_language": None,
    "starts_at": AT,
    "ends_at": AT + timedelta(minutes=30),
    "updated_at": AT,
    "expires_at": AT,
    "capture_before": AT,
    "proposed_at": AT,
    "moved_from": AT,
    "local_date": date(2026, 11, 24),
    "start_date": date(2026, 11, 24),
    "skip_reason": "taken",
    "amount_minor": 5_000,
    "payment_currency": "JPY",
    "total_minor": 1,
    "currency": "USD",
    "price_minor": 1,
    "purchase_currency": "USD",
    "refund_minor": 12_345,
    "refund_currency": "BHD",
    "refunded_minor": None,
    "provider": "stripe",
    "session_count": 4,
    "valid_until": AT,
}
ALWAYS = {
    *("id", "specialist_id", "client_id", "booking_id", "revision", "booking_revision", "email"),
    *("booking_status", "was_confirmed", "name", "other", "own_zone", "specialist_zone", "locale"),
    *("starts_at", "ends_at", "updated_at", "local_date", "skip_reason", "session_count"),
}
BARE = {name: value if name in ALWAYS else None for name, value in FULL.items()}


@pytest.mark.parametrize("language", sorted(LETTERS.tongues))
@pytest.mark.parametrize("kind", list(Kind))
def test_every_letter_can_be_written(kind: Kind, language: str) -> None:
    for side in TOLD[kind]:
        person = ANNA if side is Side.CLIENT else SARAH
        for facts in (FULL, BARE):
            row = {**facts, "kind": kind, "recipient_id": person, "wanted_language": language}
            mail = WRITER.mail(row)
            assert mail.language == language
            assert 5 < len(mail.subject) < 100
            assert NAME not in mail.subject + mail.html
            for text in (mail.subject, mail.text, mail.html):
                assert not [odd for odd in ("{{", "{%", "None", "  to ", ": .") if odd in text]
            assert "https://app.consulta.test/" in mail.text
            if kind is not Kind.VIDEO_BROKEN and kind is not Kind.REVIEW_POSTED:
                assert (NAME in mail.text) == ("&lt;script&gt;" in mail.html)
            links = mail.preferences_url is None
            assert links == ("settings/notifications" not in mail.text)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("https://evil.example/win Anna", "https evil. example win Anna"),
        ("Pay at www.evil.example", "Pay at www. evil. example"),
        ("evil\u3002example", "evil\u3002 example"),
        ("mailto:eve@evil.example", "mailto eve evil. example"),
        ("J.R. Dr.Sarah O'Neil-Smith Jr.", "J.R. Dr. Sarah O'Neil-Smith Jr."),
        ("\u0414-\u0440 \u0410\u043d\u043d\u0430", "\u0414-\u0440 \u0410\u043d\u043d\u0430"),
    ],
)
def test_nobody_chooses_a_name_that_becomes_a_link(name: str, told: str) -> None:
    """Mail comes from us, and is believed: only our own addresses stand in it."""
    row = {**FULL, "kind": Kind.CONFIRMED, "recipient_id": ANNA}
    from_other, to_other = WRITER.mail({**row, "other": name}), WRITER.mail({**row, "name": name})
    assert from_other.invitation is not None
    assert to_other.to_name == told
    assert f"with {told} on" in from_other.text
    assert f"Hello {told}," in to_other.text
    if name != told:
        shown = from_other.text + from_other.html + from_other.invitation.content.decode()
        assert name not in shown


def test_moments_and_money_are_those_of_the_reader() -> None:
    row = {**FULL, "kind": Kind.BOOKED, "recipient_id": ANNA}
    english = WRITER.mail(row)
    german = WRITER.mail({**row, "wanted_language": "de"})
    assert english.subject == "Your session on Tuesday, 24 November, 10:00: payment open"
    assert german.subject == "Ihre Sitzung am Dienstag, 24. November, 10:00 Uhr: Zahlung offen"
    assert "5000 JPY" in english.text
    declined = {**FULL, "kind": Kind.DECLINED, "recipient_id": ANNA, "wanted_language": "de"}
    assert "12,345 BHD" in WRITER.mail(declined).text
    specialist = WRITER.mail({**row, "kind": Kind.AWAITING, "recipient_id": SARAH})
    assert "13:00" in specialist.subject


def test_every_language_says_the_same_things() -> None:
    english, *others = LETTERS.tongues.values()
    assert others
    for other in others:
        assert other.letters.keys() == english.letters.keys()
        assert other.reasons.keys() == english.reasons.keys()
        assert other.common.keys() == english.common.keys()
        for name, words in english.letters.items():
            assert len(other.letters[name]["text"]) == len(words["text"]), name
