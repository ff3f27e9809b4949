"""What must hold when a flow has come to its end, however it got there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.crash.cast import PRICE_MINOR, Cast
from tests.crash.invariants import violations

_ROWS: Final = {
    "bookings": "SELECT id, status, revision FROM app.bookings WHERE specialist_id = ANY ($1)",
    "history": "SELECT booking_id, array_agg(to_status ORDER BY at, id) AS steps"
    " FROM app.booking_status_history WHERE specialist_id = ANY ($1) GROUP BY booking_id",
    "slots": "SELECT status FROM app.slots WHERE specialist_id = ANY ($1)"
    " AND status IN ('held', 'booked')",
    "payments": "SELECT id, status, amount_minor, captured_minor, refunded_minor,"
    " provider_reference FROM app.payments WHERE specialist_id = ANY ($1)",
    "operations": "SELECT o.id, o.payment_id, o.kind, o.state FROM app.payment_operations o"
    " JOIN app.payments p ON p.id = o.payment_id WHERE p.specialist_id = ANY ($1)",
    "purchases": "SELECT id, status, credits_left FROM app.package_purchases"
    " WHERE specialist_id = ANY ($1)",
    "ledger": "SELECT kind, credits FROM app.package_credits WHERE specialist_id = ANY ($1)",
    "coupon_uses": "SELECT state FROM app.coupon_usages WHERE specialist_id = ANY ($1)",
    "series": "SELECT id, status FROM app.recurring_bookings WHERE specialist_id = ANY ($1)",
    "dates": "SELECT coalesce(reason, outcome) AS what FROM app.recurring_booking_occurrences"
    " WHERE specialist_id = ANY ($1)",
    "offers": "SELECT id FROM app.booking_packages WHERE specialist_id = ANY ($1)"
    " UNION ALL SELECT id FROM app.coupons WHERE specialist_id = ANY ($1)",
    "audit": """
        SELECT a.action, a.subject_id FROM app.audit_logs a
        WHERE a.action <> 'payment.moved' AND a.subject_id IN (
            SELECT id FROM app.bookings WHERE specialist_id = ANY ($1)
            UNION ALL SELECT id FROM app.package_purchases WHERE specialist_id = ANY ($1)
            UNION ALL SELECT id FROM app.recurring_bookings WHERE specialist_id = ANY ($1)
            UNION ALL SELECT id FROM app.payments WHERE specialist_id = ANY ($1))
    """,
    "outbox": "SELECT topic, payload::text AS payload FROM app.outbox"
    " WHERE payload->>'specialist_id' = ANY ($1::uuid[]::text[])",
}
_KEYS = """
SELECT count(*) FROM app.idempotency_keys
WHERE caller = ANY ($1) AND (answer IS NULL OR status_code IS NULL)
"""
_LETTERS = """
SELECT count(*) FROM app.webhook_events
WHERE charge_reference = ANY ($1) AND state NOT IN ('done', 'ignored')
"""
_ABOUT: Final = ("bookings", "operations", "purchases", "series", "offers")
"""What an answer may be about."""

Rows = Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment, on both sides: our row, and the intent at Stripe; None where there is none."""

    status: str
    intent: str | None
    amount_minor: int = PRICE_MINOR
    captured_minor: int = 0
    refunded_minor: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a flow ends: what stands in the tables, in no particular order, and at Stripe, and the
    answers to its requests by key.
    """

    answers: Mapping[str, int]
    bookings: Sequence[tuple[str, ...]] = ()
    """Every status that a booking came through, the present one at the end."""
    payments: Sequence[Paid] = ()
    operations: Sequence[str] = ()
    live_slots: Sequence[str] = ()
    moves: int = 0
    purchases: Sequence[tuple[str, int]] = ()
    ledger: Sequence[tuple[str, int]] = ()
    coupon_uses: Sequence[str] = ()
    series: Sequence[str] = ()
    dates: Sequence[str] = ()
    noted: Mapping[str, int] = field(default_factory=dict)
    """So often exactly the audit log says so; whatever is not named here, once of each thing."""
    told: Mapping[str, int] = field(default_factory=dict)
    """The same for the outbox."""


async def broken_promises(cast: Cast, ending: Ending) -> list[str]:
    """A sentence for each promise that does not hold; nothing where all is well."""
    ids = cast.specialist_ids
    found = {name: await cast.stage.world.rows(sql, ids) for name, sql in _ROWS.items()}
    return [
        *_in_the_tables(found, ending),
        *_at_the_provider(cast, found, ending),
        *_never_twice("on record", found["audit"], ending.noted),
        *_never_twice("told", found["outbox"], ending.told),
        *await violations(cast),
        *await _answers(cast, found, ending),
        *await _nothing_open(cast),
    ]


def _differs(what: str, found: Any, wanted: Any) -> list[str]:
    return [] if found == wanted else [f"{what}: {found}, not {wanted}"]


def _in_the_tables(found: Rows, ending: Ending) -> list[str]:
    def ends(name: str, *columns: str) -> list[Any]:
        rows = [tuple(row[column] for column in columns) for row in found[name]]
        return sorted(row[0] if len(columns) == 1 else row for row in rows)

    now = sorted(steps[-1] for steps in ending.bookings)
    operations = sorted(f"{one['kind']} {one['state']}" for one in found["operations"])
    steps = sorted(tuple(row["steps"]) for row in found["history"])
    return [
        *_differs("bookings", ends("bookings", "status"), now),
        *_differs("history", steps, sorted(ending.bookings)),
        *_differs("moves", sum(one["revision"] for one in found["bookings"]), ending.moves),
        *_differs("live slots", ends("slots", "status"), sorted(ending.live_slots)),
        *_differs("operations", operations, sorted(f"{kind} done" for kind in ending.operations)),
        *_differs("purchases", ends("purchases", "status", "credits_left"), [*ending.purchases]),
        *_differs("ledger", ends("ledger", "kind", "credits"), sorted(ending.ledger)),
        *_differs("uses of coupons", ends("coupon_uses", "state"), [*ending.coupon_uses]),
        *_differs("series", ends("series", "status"), sorted(ending.series)),
        *_differs("dates", ends("dates", "what"), sorted(ending.dates)),
    ]


def _at_the_provider(cast: Cast, found: Rows, ending: Ending) -> list[str]:
    """One intent for each payment and none for nobody, in the state that our row has; what was
    taken or went back did so once.
    """
    intents = {one["id"]: one for one in cast.intents()}
    ours = [one["provider_reference"] for one in found["payments"]]
    paid = [
        Paid(
            row["status"],
            intents.get(row["provider_reference"], {}).get("status"),
            row["amount_minor"],
            row["captured_minor"],
            row["refunded_minor"],
        )
        for row in found["payments"]
    ]
    return [
        *_differs("intents", sorted(intents), sorted(one for one in ours if one is not None)),
        *_differs("payments", sorted(paid, key=str), sorted(ending.payments, key=str)),
        *[
            stray
            for row in found["payments"]
            if row["provider_reference"] in intents
            for stray in _moved_once(cast, row, intents[row["provider_reference"]], found)
        ],
    ]


def _moved_once(
    cast: Cast, payment: Mapping[str, Any], intent: Mapping[str, Any], found: Rows
) -> list[str]:
    """One charge took what our row says, and each of our refunds is one of Stripe's."""
    control = cast.stage.fake.control
    charges, refunds = (
        [one for one in control.objects(kind) if one["payment_intent"] == intent["id"]]
        for kind in ("charge", "refund")
    )
    asked = [
        one
        for one in found["operations"]
        if (one["payment_id"], one["kind"]) == (payment["id"], "refund")
    ]
    captured_minor = sum(one["amount_captured"] for one in charges if one["captured"])
    refunded_minor = sum(one["amount"] for one in refunds)
    return [
        *_differs("amount at Stripe", intent["amount"], payment["amount_minor"]),
        *_differs("charges", sum(one["captured"] for one in charges), captured_minor > 0),
        *_differs("taken by Stripe", captured_minor, payment["captured_minor"]),
        *_differs("returned by Stripe", refunded_minor, payment["refunded_minor"]),
        *_differs("refunds", len(refunds), len(asked)),
    ]


def _never_twice(
    where: str, rows: Sequence[Mapping[str, Any]], exactly: Mapping[str, int]
) -> list[str]:
    """What is named happened so often, and whatever else happened, happened once to each."""
    named = Counter(next(iter(row.values())) for row in rows)
    each = Counter(tuple(row.values()) for row in rows)
    return [
        *[
            stray
            for name, times in exactly.items()
            for stray in _differs(f"{name} {where}", named[name], times)
        ],
        *[
            f"{count} times {where}: {one}"
            for one, count in each.items()
            if count > 1 and one[0] not in exactly
        ],
    ]


async def _answers(cast: Cast, found: Rows, ending: Ending) -> list[str]:
    """Each request got its good answer about what there is, and gets the same bytes again."""
    strays = _differs("answers", {one.key: one.reply.status for one in cast.asked}, ending.answers)
    if 500 in cast.stage.patience.statuses:
        strays.append("a request was answered 500")
    known = {str(row["id"]) for name in _ABOUT for row in found[name]}
    for one in cast.asked:
        about = (one.reply.json or {}).get("id")
        if about not in known:
            strays.append(f"{one.key} was answered about {about}, which is not there")
        again = await one.again()
        if (again.status, again.content) != (one.reply.status, one.reply.content):
            strays.append(f"{one.key}, asked again, is answered {again.status} {again.json}")
        elif again.headers.get("idempotent-replayed") != "true":
            strays.append(f"{one.key}, asked again, was not answered from memory")
    return strays


async def _nothing_open(cast: Cast) -> list[str]:
    value = cast.stage.world.value
    callers = [str(one) for one in (cast.anna.id, cast.ada.id, *cast.specialist_ids)]
    letters = await value(_LETTERS, [one["id"] for one in cast.intents()])
    return [
        *_differs("keys without an answer", await value(_KEYS, callers), 0),
        *_differs("letters not settled", letters, 0),
    ]
