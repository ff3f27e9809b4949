"""The wall's little world: a few rows in every table, and whose they are."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from consulta.platform.db.migrations import code_state
from tests.rls.law import Row
from tests.rls.making import BOOKINGS, ID, NOW, VERIFIED, one_each, page_parts, shared, with_ids
from tests.rls.people import CLIENTS, PEOPLE, SPECIALISTS, uid
from tests.rls.rows_of_messages import notifications, preferences
from tests.rls.rows_of_money import (
    actions,
    actions_of_methods,
    configs,
    counters,
    disputes,
    keys_of_configs,
    ledger,
    methods,
    operations,
    payments,
    receipts,
)
from tests.rls.rows_of_moves import proposals, reschedules
from tests.rls.rows_of_notes import amendments, answers, forms, notes
from tests.rls.rows_of_sales import (
    PURCHASES,
    coupons,
    credits_of_purchases,
    packages,
    purchases,
    usages,
)
from tests.rls.rows_of_series import SERIES, occurrences, series
from tests.rls.rows_of_sessions import recordings, retentions, reviews
from tests.rls.rows_of_subscribers import (
    deliveries,
    endpoints,
    messages,
    secrets_of_endpoints,
)
from tests.rls.rows_of_video import keys_of_video, links_of_meetings, meetings, video_configs

_HASH = b"h" * 32


def _rates() -> Iterator[Row]:
    fixed = {"name": "Session", "price_minor": 20000, "currency": "USD"}
    yield from with_ids(page_parts("rate", kind="standard", is_active=True, **fixed))
    yield from with_ids(page_parts("old rate", kind="old", is_active=False, **fixed))


def _rules() -> Iterator[Row]:
    fixed = {"weekday": 1, "starts_minute": 540, "ends_minute": 1020}
    yield from with_ids(page_parts("rule", is_active=True, **fixed))
    yield from with_ids(page_parts("old rule", is_active=False, **fixed))


def _exceptions() -> Iterator[Row]:
    day = (NOW + timedelta(days=40)).date()
    yield from with_ids(page_parts("exception", exception_date=day, is_available=False))


def _reasons() -> Iterator[Row]:
    for name in SPECIALISTS:
        yield Row(
            f"reason of {name}",
            {
                "exception_id": uid(f"exception of {name}"),
                "specialist_id": uid(name),
                "reason": "vacation",
            },
            owner=name,
        )


def _slots() -> Iterator[Row]:
    for number, (label, specialist, client, status) in enumerate(BOOKINGS):
        starts = NOW + timedelta(days=10 + number)
        ends = starts + timedelta(minutes=30)
        ended = status == "cancelled"
        yield Row(
            f"slot {label}",
            {
                "id": uid(f"slot {label}"),
                "specialist_id": uid(specialist),
                "starts_at": starts,
                "ends_at": ends,
                "session_starts_at": starts,
                "session_ends_at": ends,
                "status": "released" if ended else "booked",
                "held_by": uid(client),
                "rate_id": uid(f"rate of {specialist}"),
            },
            specialist=specialist,
            client=client,
        )


def _bookings() -> Iterator[Row]:
    for (label, specialist, client, status), slot in zip(BOOKINGS, _slots(), strict=True):
        yield shared(
            label,
            specialist,
            client,
            rate_id=uid(f"rate of {specialist}"),
            slot_id=slot.values["id"],
            kind="standard",
            status=status,
            starts_at=slot.values["session_starts_at"],
            ends_at=slot.values["session_ends_at"],
            price_minor=20000,
            currency="USD",
            policy="standard",
            booked_by=uid(client),
            expires_at=NOW + timedelta(minutes=30),
        )


def _history() -> Iterator[Row]:
    for label, specialist, client, status in BOOKINGS:
        yield shared(
            f"history {label}",
            specialist,
            client,
            booking_id=uid(label),
            to_status=status,
            actor_kind="client",
        )


def _cancellations() -> Iterator[Row]:
    tries = (
        # label, booking, specialist, client, who signs, as what, is it true, is it in the table
        ("c3", "b3", "sara", "anna", "anna", "client", True, True),
        ("c4", "b4", "omar", "ben", "omar", "specialist", True, True),
        ("as the other side", "b3", "sara", "anna", "anna", "specialist", False, False),
        ("in another's name", "b3", "sara", "anna", "sara", "client", False, False),
        ("of strangers", "b4", "omar", "ben", "anna", "client", False, False),
        ("as an admin", "b3", "sara", "anna", "anna", "admin", False, False),
    )
    for label, booking, specialist, client, who, kind, honest, present in tries:
        yield Row(
            label,
            {
                "id": uid(label),
                "booking_id": uid(booking),
                "specialist_id": uid(specialist),
                "client_id": uid(client),
                "cancelled_by": uid(who),
                "cancelled_by_kind": kind,
                "cancellation_policy_applied": "standard",
                "currency": "USD",
            },
            owner=who,
            specialist=specialist,
            client=client,
            candidate=not present,
            spoken_for=honest,
        )


def _entries() -> Iterator[Row]:
    tries = (
        ("anna", "client", True, True),
        ("sara", "specialist", True, True),
        (None, "anonymous", True, True),
        (None, "system:jobs", False, True),
        ("anna", "admin", False, False),
        ("anna", "anonymous", False, False),
    )
    for who, actor, honest, present in tries:
        label = f"entry of {who} as {actor}"
        yield Row(
            label,
            {
                "id": uid(label),
                "actor_id": uid(who) if who else None,
                "actor": actor,
                "action": "a",
                "subject_type": "s",
            },
            owner=who,
            candidate=not present,
            spoken_for=honest,
        )


def _sessions() -> tuple[Row, ...]:
    return tuple(
        Row(
            name,
            {
                "id": uid(f"session {name}"),
                "user_id": uid(name),
                "family_id": uid(name),
                "token_hash": uid(name).bytes * 2,
                "expires_at": NOW + timedelta(days=1),
                "family_expires_at": NOW + timedelta(days=2),
            },
            owner=name,
        )
        for name in ("anna", "sara")
    )


def _users() -> tuple[Row, ...]:
    kinds = {"ada": "admin"} | dict.fromkeys(SPECIALISTS, "specialist")
    return tuple(
        Row(
            name,
            {
                "id": uid(name),
                "email": f"{name}@people.example",
                "role": kinds.get(name, "client"),
            },
            owner=name,
        )
        for name in PEOPLE
    )


def _consents() -> tuple[Row, ...]:
    agreed = {"purpose": "terms", "version": "1", "granted": True}
    return tuple(
        Row(name, {"id": uid(f"consent {name}"), "user_id": uid(name), **agreed}, owner=name)
        for name in PEOPLE
    )


_MEETINGS = (*BOOKINGS, *PURCHASES, *SERIES)
"""Whatever brings a specialist and a client together."""


def _profiles() -> tuple[Row, ...]:
    return tuple(
        Row(
            name,
            {"user_id": uid(name), "full_name": name},
            owner=name,
            known_to=tuple({s for _, s, client, *_ in _MEETINGS if client == name}),
        )
        for name in PEOPLE
    )


def _specialists() -> tuple[Row, ...]:
    return tuple(
        Row(
            name,
            {
                "id": uid(name),
                "full_name": name,
                "time_zone": "UTC",
                "is_verified": name in VERIFIED,
                "verified_at": NOW if name in VERIFIED else None,
            },
            owner=name,
            shown=name in VERIFIED,
        )
        for name in SPECIALISTS
    )


def _two(**values: object) -> tuple[Row, ...]:
    """Two rows of nobody's, told apart by whatever value is a text with a place for a number."""
    return tuple(
        Row(
            str(number),
            {k: v.format(number) if isinstance(v, str) else v for k, v in values.items()},
        )
        for number in (1, 2)
    )


def _numbered(name: str, **values: object) -> tuple[Row, ...]:
    return tuple(
        Row(row.label, {"id": uid(f"{name} {row.label}"), **row.values}) for row in _two(**values)
    )


WORLD: Mapping[str, tuple[Row, ...]] = {
    "users": _users(),
    "credentials": one_each(("anna", "sara"), user_id=ID, password_hash="x"),
    "account_letters": one_each(("anna", "sara"), user_id=ID, kind="verify_email"),
    "user_sessions": _sessions(),
    "profiles": _profiles(),
    "profile_contacts": one_each((*CLIENTS, *VERIFIED), user_id=ID, phone="+971501234567"),
    "consents": _consents(),
    "specialists": _specialists(),
    "specialist_contacts": one_each(SPECIALISTS, specialist_id=ID, email="a@b.example"),
    "specialist_specialties": tuple(page_parts("field", specialty="Cardiology")),
    "specialist_languages": tuple(page_parts("tongue", language="Arabic")),
    "specialist_rates": tuple(_rates()),
    "availability_rules": tuple(_rules()),
    "specialist_availability_exceptions": tuple(_exceptions()),
    "availability_exception_reasons": tuple(_reasons()),
    "coupons": tuple(coupons()),
    "booking_packages": tuple(packages()),
    "package_purchases": tuple(purchases()),
    "saved_methods": tuple(methods()),
    "saved_method_actions": tuple(actions_of_methods()),
    "recurring_bookings": tuple(series()),
    "calendars": one_each(SPECIALISTS, specialist_id=ID),
    "slots": tuple(_slots()),
    "bookings": tuple(_bookings()),
    "booking_status_history": tuple(_history()),
    "booking_cancellations": tuple(_cancellations()),
    "booking_reschedules": tuple(reschedules()),
    "booking_proposals": tuple(proposals()),
    "coupon_usages": tuple(usages()),
    "package_credits": tuple(credits_of_purchases()),
    "recurring_booking_occurrences": tuple(occurrences()),
    "payments": tuple(payments()),
    "payment_actions": tuple(actions()),
    "payment_disputes": tuple(disputes()),
    "payment_operations": tuple(operations()),
    "ledger_entries": tuple(ledger()),
    "receipt_counters": tuple(counters()),
    "receipts": tuple(receipts()),
    "payment_configs": tuple(configs()),
    "payment_config_keys": tuple(keys_of_configs()),
    "video_configs": tuple(video_configs()),
    "video_config_keys": tuple(keys_of_video()),
    "meetings": tuple(meetings()),
    "meeting_links": tuple(links_of_meetings()),
    "session_notes": tuple(notes()),
    "session_note_amendments": tuple(amendments()),
    "intake_forms": tuple(forms()),
    "intake_answers": tuple(answers()),
    "reconciliation_findings": _numbered(
        "finding",
        **{"class": "park"},
        provider="stripe",
        charge_reference="c{}",
        reason="unknown_charge",
    ),
    "reconciliation_cursors": _two(provider="stripe", account="a{}", read_until=NOW),
    "recording_settings": tuple(retentions()),
    "meeting_recordings": tuple(recordings()),
    "reviews": tuple(reviews()),
    "sandbox_charges": _two(reference="r{}", payment_id="p{}", state="{{}}"),
    "house_terms": (
        Row("terms", {"id": True, "default_provider": "sandbox", "card_savers": "{sandbox}"}),
    ),
    "webhook_events": _numbered("event", provider="stripe", event_id="e{}", kind="k"),
    "audit_logs": tuple(_entries()),
    "notifications": tuple(notifications()),
    "notification_preferences": preferences(),
    "outbox": tuple(messages()),
    "webhook_endpoints": tuple(endpoints()),
    "webhook_endpoint_secrets": tuple(secrets_of_endpoints()),
    "webhook_deliveries": tuple(deliveries()),
    "job_runs": _numbered("run", job="j{}", due_at=NOW, lease_until=NOW),
    "idempotency_keys": _two(
        caller="c{}", route="r", key="k", fingerprint=_HASH, lease_until=NOW, expires_at=NOW
    ),
    "rate_limits": _two(key="k{}", arrives_at=NOW),
    # Present already: the migration wrote them.
    "schema_state": (Row("state", {"id": True, "revision": "r"}),),
    "alembic_version": (Row("version", {"version_num": code_state().revision}),),
    "booking_views": tuple(_bookings()),
}
"""Every table and view, parents before children."""

VIEWS = ("booking_views",)
ALREADY_THERE = ("schema_state", "alembic_version", *VIEWS)

NOT_OURS_TO_NAME: Mapping[str, tuple[str, ...]] = {
    "specialists": ("is_verified", "verified_at"),
}
"""Columns that a try to insert leaves out, beside an id that the database makes."""
