"""The printable page: everything on it is escaped, nothing can run, sums have their decimals."""

import base64
import hashlib
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from consulta.features.receipts.schemas import receipt_page
from tests.features.bookings.stages import confirmed
from tests.world import World

EVIL = "<script>alert(1)</script>\"'&"
VOID = {"meta", "img"}


class Reader(HTMLParser):
    """What a browser would make of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.style = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text += " "
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "style":
            self.style += data
        else:
            self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    reader.text = " ".join(reader.text.split())
    return reader


def row(**changes: Any) -> dict[str, Any]:
    """A receipt for a session, as the database has it."""
    details = {
        "specialist": {
            "name": "Dr. Sarah Ahmed",
            "letterhead_url": "https://cdn.example.org/letterhead.png",
            "time_zone": "Asia/Dubai",
        },
        "client": {"name": "Anna Weber"},
        "item": {
            "kind": "session",
            "name": "Standard consultation",
            "starts_at": "2026-11-23T06:00:00+00:00",
        },
        "price_minor": 20_000,
        "discount_minor": 0,
        "total_minor": 20_000,
        "coupon_code": None,
        "payment": {"id": "0193f0c0-0000-7000-8000-000000000001", "provider": "stripe"},
    }
    shown = {
        "number": 123,
        "kind": "receipt",
        "amount_minor": 20_000,
        "currency": "USD",
        "issued_at": datetime(2026, 11, 20, 21, 30, tzinfo=UTC),
    }
    for name, value in changes.items():
        (shown if name in shown else details)[name] = value
    return {**shown, "details": details}


def test_it_says_who_paid_whom_for_what() -> None:
    text = read(receipt_page(row()).html).text
    for words in (
        "Receipt 2026-000123",
        "Dr. Sarah Ahmed",
        "Received from Anna Weber",
        "Standard consultation",
        "23 November 2026, 10:00 (Asia/Dubai)",
        "Date 21 November 2026",
        "Online (Stripe)",
        "Amount received 200.00 USD",
        "Receipt no. 123 of Dr. Sarah Ahmed",
        "0193f0c0-0000-7000-8000-000000000001",
    ):
        assert words in text, words
    assert "Total" not in text


def test_a_discount_is_reckoned_up() -> None:
    text = read(
        receipt_page(
            row(discount_minor=2_000, total_minor=18_000, amount_minor=18_000, coupon_code="TEN")
        ).html
    ).text
    assert re.search(r"200\.00 USD.*Code TEN.*\N{MINUS SIGN}20\.00 USD.*Total.*180\.00 USD", text)


def test_a_credit_note_names_its_receipt() -> None:
    credited = {"number": 7, "issued_at": "2025-12-30T10:00:00+00:00"}
    page = receipt_page(row(kind="credit_note", amount_minor=5_000, credits=credited))
    text = read(page.html).text
    assert "Credit note 2026-000123" in text
    assert "Takes back from receipt 2025-000007" in text
    assert "Returned to Anna Weber" in text
    assert "Amount returned 50.00 USD" in text


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [(1_500, "JPY", "1500 JPY"), (1_500, "BHD", "1.500 BHD"), (5, "EUR", "0.05 EUR")],
)
def test_sums_have_the_decimals_of_their_currency(minor: int, currency: str, shown: str) -> None:
    page = receipt_page(
        row(price_minor=minor, total_minor=minor, amount_minor=minor, currency=currency)
    )
    assert read(page.html).text.count(shown) == 2


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"kind": "package", "name": "Course", "session_count": 4}, "Package of 4 sessions"),
        ({"kind": "package", "name": "Taster", "session_count": 1}, "Package of 1 session"),
    ],
)
def test_a_package_says_how_many_sessions(item: dict[str, Any], words: str) -> None:
    text = read(receipt_page(row(item=item)).html).text
    assert item["name"] in text
    assert words in text


def test_whoever_writes_the_words_they_stay_words() -> None:
    evil = row(
        specialist={
            "name": EVIL,
            "letterhead_url": 'https://cdn.example.org/"><script>alert(1)</script>',
            "time_zone": "UTC",
        },
        client={"name": EVIL},
        item={"kind": "session", "name": EVIL, "starts_at": "2026-11-23T06:00:00+00:00"},
        coupon_code=EVIL,
        discount_minor=1,
        payment={"id": EVIL, "provider": EVIL},
    )
    reader = read(receipt_page(evil).html)
    plain = read(receipt_page(row()).html)
    assert {tag for tag, _ in reader.tags} - {"small"} == {tag for tag, _ in plain.tags} - {"small"}
    assert reader.text.count(EVIL) >= 4
    (picture,) = [attributes for tag, attributes in reader.tags if tag == "img"]
    assert picture["src"] == 'https://cdn.example.org/"><script>alert(1)</script>'
    assert not any(
        name.startswith("on") or name == "style"
        for _, attributes in reader.tags
        for name in attributes
    )


def test_the_policy_lets_in_its_own_style_and_the_letterhead_alone() -> None:
    page = receipt_page(row())
    reader = read(page.html)
    digest = base64.b64encode(hashlib.sha256(reader.style.encode()).digest()).decode()
    assert page.policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
        "img-src https://cdn.example.org",
        "frame-ancestors 'none'",
    ]
    within = [a["content"] for tag, a in reader.tags if tag == "meta" and "http-equiv" in a]
    assert [f"{one}; frame-ancestors 'none'" for one in within] == [page.policy]


@pytest.mark.parametrize(
    "url", [None, "http://example.org/a.png", "javascript:alert(1)", "https://a.org;x/b.png"]
)
def test_another_picture_is_left_out(url: str | None) -> None:
    specialist = {"name": "Dr. Sarah", "letterhead_url": url, "time_zone": "UTC"}
    page = receipt_page(row(specialist=specialist))
    assert "img" not in {tag for tag, _ in read(page.html).tags}
    assert "img-src" not in page.policy


def test_what_is_not_known_is_not_made_up() -> None:
    nobody = row(
        client={"name": None},
        item={"kind": "session", "name": None, "starts_at": "2026-11-23T06:00:00+00:00"},
    )
    text = read(receipt_page(nobody).html).text
    assert "Client" in text
    assert "None" not in text


async def test_it_is_sent_as_a_page_that_nobody_keeps(world: World) -> None:
    stage = await confirmed(world)
    await stage.sarah.patch("/specialists/me", {"letterhead_url": "https://cdn.example.org/l.png"})
    (receipt,) = await stage.anna.sees(f"/bookings/{stage.id}/receipts")

    reply = await stage.anna.get(f"/receipts/{receipt['id']}/html")

    assert reply.status == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    # The letterhead came after the receipt, which shows what was true when it was issued.
    assert "img-src" not in policy
    assert receipt["reference"] in read(reply.content.decode()).text
