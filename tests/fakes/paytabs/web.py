"""The fake's paths: request, query, and the page at which a payer pays."""

import copy
import hmac
import json
from decimal import Decimal

from tests.fakes.paytabs.desk import PayTabsDesk
from tests.fakes.paytabs.ledger import Json, Ledger, refused
from tests.fakes.vendor.shell import Answer, Ask


def answer(desk: PayTabsDesk, ask: Ask) -> Answer:
    """The answer to a request; 401 where key and profile do not belong together."""
    if ask.method != "POST":
        raise refused(2, "Not found", status=404)
    body = _object(ask)
    ledger = _ledger(desk, ask, body)
    if ask.path == "/payment/query":
        return Answer(copy.deepcopy(ledger.query(body)))
    if ask.path != "/payment/request":
        raise refused(2, "Not found", status=404)
    content, told = ledger.request(body, base_url=desk.base_url)
    if told is not None:
        desk.announce(ledger, told)
    return Answer(copy.deepcopy(content))


def _object(ask: Ask) -> Json:
    try:
        body = json.loads(ask.body or b"{}", parse_float=Decimal)
    except ValueError:
        raise refused(2, "Invalid request") from None
    if not isinstance(body, dict):
        raise refused(2, "Invalid request")
    return body


def _ledger(desk: PayTabsDesk, ask: Ask, body: Json) -> Ledger:
    profile = body.get("profile_id")
    known = desk.keys.get(profile, "") if isinstance(profile, int) else ""
    if not known or not hmac.compare_digest(known, ask.headers.get("authorization", "")):
        raise refused(1, "Authentication failed. Check authentication header.", status=401)
    return desk.ledgers[body["profile_id"]]
