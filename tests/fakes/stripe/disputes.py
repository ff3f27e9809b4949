"""Disputes: the payer's bank takes the money back, until it is decided."""

from tests.fakes.stripe import charges
from tests.fakes.stripe.book import new_id
from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.paging import page
from tests.fakes.stripe.refusals import Json, impossible
from tests.fakes.stripe.schema import merged

EVIDENCE_SECONDS = 9 * 24 * 3600
OPEN = frozenset({"needs_response", "under_review", "warning_needs_response"})


HELD = ("needs_response", "under_review", "lost")


def contested(desk: Desk, charge: Json, *statuses: str) -> int:
    """How much of the charge its disputes of these statuses are about, in the smallest unit."""
    mine = desk.book.all("dispute", lambda one: one["charge"] == charge["id"])
    return sum(one["amount"] for one in mine if one["status"] in statuses)


def open_if_magic(desk: Desk, charge: Json) -> None:
    if desk.book.card_of(charge["payment_method"]).disputes:
        opened(desk, charge, amount=None, reason="fraudulent")


def opened(
    desk: Desk, charge: Json, *, amount: int | None, reason: str, inquiry: bool = False
) -> Json:
    """The charge is marked; the amount (all that was captured, by default) is withdrawn, unless
    the bank only asks.
    """
    if not charge["captured"]:
        raise impossible(f"Charge {charge['id']} has not been captured.")
    wanted = amount or charge["amount_captured"]
    if wanted + contested(desk, charge, *HELD) > charge["amount_captured"]:
        raise impossible(f"Charge {charge['id']} is already disputed.")
    dispute: Json = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": wanted,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": desk.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": desk.now + EVIDENCE_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": desk.book.livemode,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "type": "card",
            "card": {"brand": "visa", "case_type": "chargeback", "network_reason_code": "10.4"},
        },
        "reason": reason,
        "status": "warning_needs_response" if inquiry else "needs_response",
    }
    desk.book.add(dispute)
    desk.announce("charge.dispute.created", dispute)
    charges.change(desk, charge, disputed=True)
    if not inquiry:
        desk.announce("charge.dispute.funds_withdrawn", dispute)
    return dispute


def retrieve(desk: Desk, params: Json, *, dispute_id: str) -> Json:
    return desk.book.find("dispute", dispute_id)


def list_all(desk: Desk, params: Json) -> Json:
    intent, charge = params.get("payment_intent"), params.get("charge")

    def fits(dispute: Json) -> bool:
        return intent in (None, dispute["payment_intent"]) and charge in (
            None,
            dispute["charge"],
        )

    return page(desk.book, "dispute", params, url="/v1/disputes", where=fits)


def update(desk: Desk, params: Json, *, dispute_id: str) -> Json:
    """Evidence is kept, and sent to the bank unless `submit` is false."""
    dispute = desk.book.find("dispute", dispute_id)
    if dispute["status"] not in OPEN:
        raise impossible(f"This dispute is already closed ({dispute['status']}).")
    before = {"status": dispute["status"]}
    if "metadata" in params:
        dispute["metadata"] = merged(dispute["metadata"], params["metadata"])
    if params.get("evidence"):
        dispute["evidence"] |= params["evidence"]
        dispute["evidence_details"]["has_evidence"] = True
    if params.get("evidence") and params.get("submit", True):
        dispute["status"] = "under_review"
        dispute["evidence_details"]["submission_count"] += 1
    desk.announce("charge.dispute.updated", dispute, before=before)
    return dispute


def close(desk: Desk, params: Json, *, dispute_id: str) -> Json:
    """We give in: the dispute is lost."""
    return decided(desk, desk.book.find("dispute", dispute_id), won=False)


def decided(desk: Desk, dispute: Json, *, won: bool) -> Json:
    """The bank's decision; of an inquiry none. A won dispute returns the money; the charge stays
    marked.
    """
    if dispute["status"] not in OPEN:
        raise impossible(f"This dispute is already closed ({dispute['status']}).")
    is_inquiry = dispute["status"].startswith("warning_")
    dispute["status"] = "warning_closed" if is_inquiry else "won" if won else "lost"
    desk.announce("charge.dispute.closed", dispute)
    if won and not is_inquiry:
        desk.announce("charge.dispute.funds_reinstated", dispute)
    return dispute
