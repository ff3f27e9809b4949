"""A receipt as a page to print. Every word on it is escaped, nothing on it can run, and of pictures
it loads the letterhead alone: the policy says so to the browser, as a header and within the page,
which may be kept as a file.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from consulta.features.receipts.rules import picture_origin, receipt_reference
from consulta.kernel.money import Money

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #eef1f4; color: #1b2733;
  font: 15px/1.5 "Helvetica Neue", Helvetica, Arial, "Noto Sans", sans-serif; }
main { position: relative; width: 210mm; max-width: 100%; min-height: 270mm; margin: 24px auto;
  padding: 20mm 20mm 28mm; background: #fff; box-shadow: 0 1px 6px rgba(20, 35, 50, .14); }
.letterhead { display: block; max-width: 100%; max-height: 36mm; margin: 0 0 10mm; }
header { display: flex; justify-content: space-between; align-items: flex-end; gap: 12mm;
  padding-bottom: 5mm; border-bottom: 2px solid #23506e; }
.issuer { font-size: 21px; font-weight: 600; line-height: 1.25; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 15px; font-weight: 600; letter-spacing: .14em; color: #23506e;
  text-align: right; text-transform: uppercase; white-space: nowrap; }
h1 span { display: block; font-size: 19px; letter-spacing: 0; color: #1b2733;
  font-variant-numeric: tabular-nums; }
.facts { display: grid; grid-template-columns: 1fr 1fr; gap: 6mm 12mm; margin: 9mm 0 11mm; }
.facts div { overflow-wrap: anywhere; }
dl, dd { margin: 0; text-align: left; }
dt { font-size: 12px; letter-spacing: .05em; color: #5d6d7a; text-transform: uppercase; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 3mm 0; text-align: left; vertical-align: top; font-weight: 400; }
th + td, th + th { padding-left: 8mm; text-align: right; white-space: nowrap; }
thead th { padding-bottom: 2mm; font-size: 12px; letter-spacing: .05em; color: #5d6d7a;
  text-transform: uppercase; border-bottom: 1px solid #c9d2d9; }
tbody tr { border-bottom: 1px solid #e4e9ed; }
tbody th { overflow-wrap: anywhere; }
th small { display: block; font-size: 13px; color: #5d6d7a; text-align: left; }
tfoot th, tfoot td { padding: 4mm 0; font-size: 18px; font-weight: 600; }
tfoot tr { border-bottom: 3px double #23506e; }
footer { position: absolute; right: 20mm; bottom: 14mm; left: 20mm; padding-top: 3mm;
  border-top: 1px solid #e4e9ed; font-size: 12px; color: #5d6d7a; overflow-wrap: anywhere; }
@page { size: A4; margin: 0; }
@media print {
  body { background: none; }
  main { margin: 0; box-shadow: none; -webkit-print-color-adjust: exact;
    print-color-adjust: exact; }
}
@media screen and (max-width: 640px) {
  main { min-height: 0; margin: 0; padding: 8mm 6mm 28mm; }
  footer { right: 6mm; left: 6mm; }
  header { display: block; }
  h1 { margin-top: 4mm; text-align: left; }
}
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_TITLES = {"receipt": "Receipt", "credit_note": "Credit note", "reversal": "Reversal"}
_PARTY = {
    "receipt": "Received from",
    "credit_note": "Returned to",
    "reversal": "Could not be returned to",
}
_AMOUNT = {
    "receipt": "Amount received",
    "credit_note": "Amount returned",
    "reversal": "Amount that came back",
}
_NAMED = {"credits": "Takes back from receipt", "reverses": "Reverses credit note"}


@dataclass(frozen=True, slots=True)
class Page:
    """The page, and the `Content-Security-Policy` that it is sent with."""

    html: str
    policy: str


def receipt_page(row: Mapping[str, Any]) -> Page:
    """A row of `queries.receipt` as an A4 page: who paid whom for what, and how much."""
    details, kind = row["details"], row["kind"]
    letterhead = details["specialist"]["letterhead_url"]
    origin = picture_origin(letterhead)
    policy = _policy(origin)
    title = f"{_TITLES[kind]} {_reference(row)}"
    issuer = details["specialist"]["name"]
    picture = f'<img class="letterhead" src="{escape(letterhead)}" alt="">\n' if origin else ""
    facts = "\n".join(
        f'<div><dt>{escape(name)}</dt><dd dir="auto">{escape(value)}</dd></div>'
        for name, value in _facts(row)
    )
    html = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{picture}<header>
<div class="issuer" dir="auto">{escape(issuer)}</div>
<h1>{_TITLES[kind]} <span>{escape(_reference(row))}</span></h1>
</header>
<dl class="facts">
{facts}
</dl>
{_table(row)}
<footer>{_TITLES[kind]} no. {row["number"]} of {escape(issuer)} &middot; payment
{escape(details["payment"]["id"])}</footer>
</main>
</body>
</html>
"""
    # Who may frame a page is said in a header alone.
    return Page(html, f"{policy}; frame-ancestors 'none'")


def _policy(origin: str | None) -> str:
    sources = [
        "default-src 'none'",
        f"style-src 'sha256-{_STYLE_HASH}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    if origin is not None:
        sources.append(f"img-src {origin}")
    return "; ".join(sources)


def _facts(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    details = row["details"]
    yield _PARTY[row["kind"]], details["client"]["name"] or "Client"
    yield "Date", _day(row["issued_at"], row)
    yield "Payment", _way(details["payment"]["provider"])
    for name, words in _NAMED.items():
        named = details.get(name)
        if named:
            at = datetime.fromisoformat(named["issued_at"])
            yield words, _reference(row, number=named["number"], at=at)


def _table(row: Mapping[str, Any]) -> str:
    """What was sold at which price, what was taken off, and what moved."""
    details, item = row["details"], row["details"]["item"]
    lines = [_line(item["name"] or "Session", _when(row), _money(row, details["price_minor"]))]
    if details["discount_minor"]:
        code = details["coupon_code"]
        off = _money(row, -details["discount_minor"])
        lines.append(_line("Discount", f"Code {code}" if code else "", off))
        lines.append(_line("Total", "", _money(row, details["total_minor"])))
    body = "\n".join(lines)
    return f"""<table>
<thead><tr><th scope="col">Service</th><th scope="col">Amount</th></tr></thead>
<tbody>
{body}
</tbody>
<tfoot><tr><th scope="row">{_AMOUNT[row["kind"]]}</th><td>{_money(row, row["amount_minor"])}</td>
</tr></tfoot>
</table>"""


def _line(name: str, more: str, amount: str) -> str:
    small = f'<small dir="auto">{escape(more)}</small>' if more else ""
    heading = f'<th scope="row"><span dir="auto">{escape(name)}</span>{small}</th>'
    return f"<tr>{heading}<td>{escape(amount)}</td></tr>"


def _when(row: Mapping[str, Any]) -> str:
    item = row["details"]["item"]
    if item["kind"] == "package":
        count = item["session_count"]
        return "Package of 1 session" if count == 1 else f"Package of {count} sessions"
    starts_at = datetime.fromisoformat(item["starts_at"])
    zone = row["details"]["specialist"]["time_zone"]
    return f"{_day(starts_at, row)}, {starts_at.astimezone(ZoneInfo(zone)):%H:%M} ({zone})"


def _day(at: datetime, row: Mapping[str, Any]) -> str:
    local = at.astimezone(ZoneInfo(row["details"]["specialist"]["time_zone"]))
    return f"{local.day} {local:%B} {local.year}"


def _way(provider: str) -> str:
    return "By hand" if provider == "manual" else f"Online ({provider.capitalize()})"


def _money(row: Mapping[str, Any], amount_minor: int) -> str:
    return str(Money(amount_minor, row["currency"])).replace("-", "\N{MINUS SIGN}")


def _reference(
    row: Mapping[str, Any], *, number: int | None = None, at: datetime | None = None
) -> str:
    return receipt_reference(
        number or row["number"],
        issued_at=at or row["issued_at"],
        time_zone=row["details"]["specialist"]["time_zone"],
    )
