"""What must hold when a flow has come to its end, however it got there."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.crash.cast import PRICE_MINOR, Cast

_ROWS = {
    "bookings": "SELECT id, status FROM app.bookings WHERE specialist_id = $1",
    "slots": "SELECT status FROM app.slots WHERE specialist_id = $1"
    " AND status IN ('held', 'booked')",
    "payments": "SELECT status, amount_minor, captured_minor, refunded_minor, provider_reference"
    " FROM app.payments WHERE specialist_id = $1",
    "operations": "SELECT o.kind, o.state FROM app.payment_operations o"
    " JOIN app.payments p ON p.id = o.payment_id WHERE p.specialist_id = $1",
    "history": "SELECT to_status FROM app.booking_status_history WHERE specialist_id = $1"
    " ORDER BY at, id",
    "audit": "SELECT a.action FROM app.audit_logs a JOIN app.bookings b ON b.id = a.subject_id"
    " WHERE b.specialist_id = $1",
    "outbox": "SELECT topic FROM app.outbox WHERE payload->>'specialist_id' = $1::uuid::text",
}
_KEYS = """
SELECT count(*) FROM app.idempotency_keys
WHERE caller IN ($1, $2) AND (answer IS NULL OR status_code IS NULL)
"""
_LETTERS = """
SELECT count(*) FROM app.webhook_events
WHERE charge_reference = ANY ($1) AND state NOT IN ('done', 'ignored')
"""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a flow ends: statuses, and the answers to its requests by key."""

    booking: str
    payment: str
    intent: str
    history: tuple[str, ...]
    operations: tuple[str, ...]
    answers: dict[str, int]
    live_slots: tuple[str, ...] = ()
    captured_minor: int = 0


async def broken_promises(cast: Cast, ending: Ending) -> list[str]:
    """A sentence for each promise that does not hold; nothing where all is well."""
    found = {name: await cast.stage.world.rows(sql, cast.sarah.id) for name, sql in _ROWS.items()}
    return [
        *_in_the_tables(found, ending),
        *_at_the_provider(cast, found["payments"], ending),
        *_never_twice(found),
        *await _answers(cast, ending),
        *await _nothing_open(cast),
    ]


def _differs(what: str, found: Any, wanted: Any) -> list[str]:
    return [] if found == wanted else [f"{what}: {found}, not {wanted}"]


def _in_the_tables(found: dict[str, list[dict[str, Any]]], ending: Ending) -> list[str]:
    operations = sorted(f"{one['kind']} {one['state']}" for one in found["operations"])
    payments = [(one["status"], one["captured_minor"]) for one in found["payments"]]
    return [
        *_differs("bookings", [one["status"] for one in found["bookings"]], [ending.booking]),
        *_differs("live slots", tuple(one["status"] for one in found["slots"]), ending.live_slots),
        *_differs("payments", payments, [(ending.payment, ending.captured_minor)]),
        *_differs("operations", operations, sorted(f"{kind} done" for kind in ending.operations)),
        *_differs("history", tuple(one["to_status"] for one in found["history"]), ending.history),
    ]


def _at_the_provider(cast: Cast, payments: list[dict[str, Any]], ending: Ending) -> list[str]:
    """One intent, whose amounts and id stand in our row; what was taken was taken once."""
    intents = cast.intents()
    ids = [one["provider_reference"] for one in payments]
    strays = [
        *_differs("intents", [one["status"] for one in intents], [ending.intent]),
        *_differs("our reference", ids, [one["id"] for one in intents]),
        *_differs(
            "taken by Stripe",
            [one["amount_received"] for one in intents],
            [one["captured_minor"] for one in payments],
        ),
        *_differs("amounts", [one["amount"] for one in intents], [PRICE_MINOR]),
    ]
    charges = [
        one
        for intent in intents
        for one in cast.stage.fake.control.objects("charge")
        if one["payment_intent"] == intent["id"]
    ]
    captures = sum(one["amount_captured"] for one in charges if one["captured"])
    if ending.captured_minor:
        strays += _differs("charges", len(charges), 1)
    return strays + _differs("captured", captures, ending.captured_minor)


def _never_twice(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """One booking was asked for once, and whoever is told of something is told once."""
    said = Counter(one["topic"] for one in found["outbox"])
    noted = Counter(one["action"] for one in found["audit"])
    return [
        *_differs("requests on record", noted["booking.requested"], 1),
        *_differs("requests told", said["booking.requested"], 1),
        *[f"sent {count} times: {topic}" for topic, count in said.items() if count > 1],
        *[f"on record {count} times: {act}" for act, count in noted.items() if count > 1],
    ]


async def _answers(cast: Cast, ending: Ending) -> list[str]:
    """Each request got its good answer about the one booking, and gets the same bytes again."""
    strays = _differs("answers", {one.key: one.reply.status for one in cast.asked}, ending.answers)
    if 500 in cast.stage.patience.statuses:
        strays.append("a request was answered 500")
    for one in cast.asked:
        about = (one.reply.json or {}).get("id")
        strays += _differs(f"booking of {one.key}", about, str(cast.booking_id))
        again = await one.again()
        if (again.status, again.content) != (one.reply.status, one.reply.content):
            strays.append(f"{one.key}, asked again, is answered {again.status} {again.json}")
        elif again.headers.get("idempotent-replayed") != "true":
            strays.append(f"{one.key}, asked again, was not answered from memory")
    return strays


async def _nothing_open(cast: Cast) -> list[str]:
    value = cast.stage.world.value
    keys = await value(_KEYS, str(cast.anna.id), str(cast.sarah.id))
    letters = await value(_LETTERS, [one["id"] for one in cast.intents()])
    return [
        *_differs("keys without an answer", keys, 0),
        *_differs("letters not settled", letters, 0),
    ]
