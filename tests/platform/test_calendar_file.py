"""Calendar files, read back by a strict reader of our own: RFC 5545 to the letter, or nothing."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulta.platform.calendar_file import Event, calendar_file
from tests.platform.calendar_reader import Unreadable, read_calendar

NINE = datetime(2026, 12, 1, 9, tzinfo=UTC)
EVENT = Event(
    uid="0193f000-0000-7000-8000-000000000001@consulta.example",
    sequence=3,
    changed_at=datetime(2026, 11, 20, 12, 0, 0, 999_999, UTC),
    starts_at=NINE,
    ends_at=NINE + timedelta(minutes=30),
    status="confirmed",
    summary="Appointment with Dr. Sarah",
    url="https://example.org/room?a=1&b=2",
)


def test_an_event_is_read_back() -> None:
    assert read_calendar(calendar_file(EVENT)) == {
        "VERSION": "2.0",
        "PRODID": "-//Consulta//Consulta//EN",
        "CALSCALE": "GREGORIAN",
        "METHOD": "PUBLISH",
        "UID": EVENT.uid,
        "SEQUENCE": "3",
        "DTSTAMP": "20261120T120000Z",
        "LAST-MODIFIED": "20261120T120000Z",
        "DTSTART": "20261201T090000Z",
        "DTEND": "20261201T093000Z",
        "STATUS": "CONFIRMED",
        "SUMMARY": "Appointment with Dr. Sarah",
        "CLASS": "PRIVATE",
        "TRANSP": "OPAQUE",
        "URL": "https://example.org/room?a=1&b=2",
    }


def test_times_are_utc_whatever_zone_they_come_in() -> None:
    dubai = timezone(timedelta(hours=4))
    event = replace(EVENT, starts_at=NINE.astimezone(dubai))
    assert read_calendar(calendar_file(event))["DTSTART"] == "20261201T090000Z"


def test_a_cancelled_event_is_withdrawn() -> None:
    event = replace(EVENT, status="cancelled", url=None)
    found = read_calendar(calendar_file(event))
    assert (found["METHOD"], found["STATUS"], found["TRANSP"]) == (
        "CANCEL",
        "CANCELLED",
        "TRANSPARENT",
    )
    assert "URL" not in found
    assert event.media_type == "text/calendar; charset=utf-8; method=CANCEL"


@given(st.text(max_size=300))
def test_no_summary_breaks_out_of_its_line(summary: str) -> None:
    content = calendar_file(replace(EVENT, summary=summary.encode("utf-8", "ignore").decode()))
    found = read_calendar(content)
    assert set(found) == set(read_calendar(calendar_file(EVENT)))
    plain = re.sub(
        "\r\n|[\r\n\v\f\x85\u2028\u2029]", "\n", summary.encode("utf-8", "ignore").decode()
    )
    assert found["SUMMARY"] == re.sub("[\x00-\x09\x0b-\x1f\x7f-\x9f]", "", plain)


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        ("Smith, Jr.; MD \\ PhD", rb"SUMMARY:Smith\, Jr.\; MD \\ PhD"),
        ("a\r\nATTENDEE:mailto:b@example.org", rb"SUMMARY:a\nATTENDEE:mailto:b@example.org"),
        ("a\rb\nc\u2028d", rb"SUMMARY:a\nb\nc\nd"),
        ("tab\tand\x07bell", b"SUMMARY:tabandbell"),
        ("", b"SUMMARY:"),
    ],
)
def test_texts_are_escaped(summary: str, line: bytes) -> None:
    assert line in calendar_file(replace(EVENT, summary=summary)).split(b"\r\n")


def test_long_lines_are_folded_at_75_octets_and_between_characters() -> None:
    content = calendar_file(replace(EVENT, summary="\N{GRINNING FACE}" * 100))
    lines = content.split(b"\r\n")
    assert max(len(line) for line in lines) in {73, 74, 75}
    for line in lines:
        line.decode()
    exact = calendar_file(replace(EVENT, summary="a" * (75 - len("SUMMARY:")))).split(b"\r\n")
    assert b"SUMMARY:" + b"a" * 67 in exact


def test_an_address_stays_one_value() -> None:
    odd = "https://example.org/a b\r\nX:1?n=\N{SNOWMAN}&m=%20,;"
    found = read_calendar(calendar_file(replace(EVENT, url=odd)))
    assert found["URL"] == "https://example.org/a%20b%0D%0AX:1?n=%E2%98%83&m=%20,;"


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (b"\r\n", b"\n"),
        (b"VERSION:2.0\r\n", b""),
        (b"SUMMARY:", b"SUMMARY:a,b"),
        (b"SUMMARY:", b"SUMMARY:a;b"),
        (b"SUMMARY:", b"SUMMARY:a\\xb"),
        (b"SUMMARY:", b"SUMMARY:" + b"a" * 80),
        (b"DTSTART:20261201T090000Z", b"DTSTART:20261201T090000"),
        (b"END:VEVENT\r\n", b""),
        (b"CLASS:PRIVATE\r\n", b"CLASS:PRIVATE\r\nCLASS:PRIVATE\r\n"),
        (b"CLASS:PRIVATE\r\n", b"CLASS:PRIVATE\r\n\r\n"),
    ],
)
def test_the_reader_is_strict(good: bytes, bad: bytes) -> None:
    """The control: what is not a calendar does not pass for one."""
    content = calendar_file(EVENT)
    assert good in content
    with pytest.raises(Unreadable):
        read_calendar(content.replace(good, bad))
