"""Who may do what with which row, written by hand from the design and never from the policies.

A role that is absent from a table's list may not even name the table for that command (42501);
one that is listed with `NO_ROW` may, and finds nothing.
"""

from collections.abc import Mapping
from dataclasses import replace

from tests.rls.law import (
    ADMIN,
    DEFINER,
    EVERY_ROW,
    NAMES_ONESELF,
    NO_ROW,
    OWN_AND_TRUE,
    OWN_OR_KNOWN,
    OWN_ROWS,
    PARTIES,
    PUBLIC,
    UNPARTIED,
    UNSIGNED,
    WORKER,
    Law,
    between_parties,
)
from tests.rls.oracle_of_messages import MESSAGE_LAWS
from tests.rls.oracle_of_money import MONEY_LAWS
from tests.rls.oracle_of_notes import NOTE_LAWS
from tests.rls.oracle_of_sessions import SESSION_LAWS
from tests.rls.oracle_of_subscribers import SUBSCRIBER_LAWS
from tests.rls.oracle_of_video import VIDEO_LAWS
from tests.rls.people import Kind

FORGOTTEN = ("reason", "NULL")
"""Words may be taken out of what otherwise stays."""


def _page_part(touch: tuple[str, str], *, people_change: bool, people_delete: bool) -> Law:
    """A part of a specialist's public page: anyone reads what is shown, its owner writes."""
    return Law(
        key=("specialist_id", touch[0]) if not people_change else ("id",),
        select={**PUBLIC, **ADMIN, **WORKER, **DEFINER},
        insert={**OWN_ROWS, **ADMIN},
        update={**OWN_ROWS, **ADMIN} if people_change else ADMIN,
        delete={**OWN_ROWS, **ADMIN} if people_delete else {},
        touch=touch,
    )


def _private_part(key: str, touch: tuple[str, str]) -> Law:
    """Private fields: the owner and admins only; neither the worker nor the definer."""
    return Law(
        key=(key,),
        select={**OWN_ROWS, **ADMIN},
        insert={**OWN_ROWS, **ADMIN},
        update={**OWN_ROWS, **ADMIN},
        touch=touch,
    )


def _state_of_schema(key: str, touch: tuple[str, str]) -> Law:
    every = {Kind.OWNER: EVERY_ROW}
    return Law(
        key=(key,),
        select={
            Kind.LOGIN: EVERY_ROW,
            Kind.ADMIN: EVERY_ROW,
            **WORKER,
            **every,
        },
        insert=every,
        update=every,
        touch=touch,
    )


PEOPLE_LAWS: Mapping[str, Law] = {
    "users": Law(
        key=("id",),
        select={**OWN_ROWS, **ADMIN, **WORKER, **DEFINER},
        insert=DEFINER,
        update={**ADMIN, **DEFINER},
        touch=("is_active", "true"),
    ),
    "credentials": Law(
        key=("user_id",),
        select=DEFINER,
        insert=DEFINER,
        update=DEFINER,
        delete=DEFINER,
        touch=("password_hash", "'x'"),
    ),
    "account_letters": Law(
        key=("user_id", "kind"),
        select={**WORKER, **DEFINER},
        insert=DEFINER,
        update={**WORKER, **DEFINER},
        delete=DEFINER,
        touch=("last_error", "'X'"),
    ),
    "user_sessions": Law(
        key=("id",),
        select={**WORKER, **DEFINER},
        insert=DEFINER,
        update=DEFINER,
        delete=WORKER,
        touch=("revoked_at", "now()"),
    ),
    "profiles": Law(
        key=("user_id",),
        select={Kind.PERSON: OWN_OR_KNOWN, **ADMIN, **WORKER, **DEFINER},
        insert={**OWN_ROWS, **ADMIN, **DEFINER},
        update={**OWN_ROWS, **ADMIN},
        touch=("locale", "'de'"),
    ),
    "consents": Law(key=("id",), select={**OWN_ROWS, **ADMIN}, insert=OWN_ROWS),
    "profile_contacts": _private_part("user_id", ("phone", "'+49301234567'")),
}

SPECIALIST_LAWS: Mapping[str, Law] = {
    "specialists": Law(
        key=("id",),
        select={**PUBLIC, **ADMIN, **WORKER, **DEFINER},
        insert={**OWN_ROWS, **ADMIN},
        update={**OWN_ROWS, **ADMIN, **WORKER, **DEFINER},
        touch=("headline", "'h'"),
    ),
    "specialist_contacts": _private_part("specialist_id", ("phone", "'+49301234567'")),
    "specialist_specialties": _page_part(
        ("specialty", "'Other'"), people_change=False, people_delete=True
    ),
    "specialist_languages": _page_part(
        ("language", "'Other'"), people_change=False, people_delete=True
    ),
    "specialist_rates": _page_part(("name", "'n'"), people_change=True, people_delete=False),
    "availability_rules": _page_part(
        ("buffer_minutes", "5"), people_change=True, people_delete=True
    ),
    "specialist_availability_exceptions": _page_part(
        ("exception_date", "'2031-01-01'"), people_change=True, people_delete=True
    ),
    "availability_exception_reasons": _private_part("exception_id", ("note", "'n'")),
}

SALES_LAWS: Mapping[str, Law] = {
    "coupons": Law(
        key=("id",),
        select={**OWN_ROWS, **ADMIN, **WORKER, **DEFINER},
        insert={**OWN_ROWS, **ADMIN},
        update={**OWN_ROWS, **ADMIN, **DEFINER},
        touch=("is_active", "true"),
    ),
    "coupon_usages": between_parties(insert=DEFINER, update=DEFINER, touch=("discount_minor", "1")),
    "booking_packages": _page_part(("name", "'n'"), people_change=True, people_delete=False),
    "package_purchases": between_parties(
        insert=DEFINER, update={**WORKER, **DEFINER}, touch=("valid_until", "now()")
    ),
    "package_credits": between_parties(insert={**WORKER, **DEFINER}),
}

SERIES_LAWS: Mapping[str, Law] = {
    "recurring_bookings": between_parties(
        insert=DEFINER, update={**ADMIN, **WORKER, **DEFINER}, touch=("note", "'n'")
    ),
    "recurring_booking_occurrences": between_parties(insert={**WORKER, **DEFINER}),
    "booking_reschedules": between_parties(insert=DEFINER, update=DEFINER, touch=FORGOTTEN),
    "booking_proposals": between_parties(insert=DEFINER, update=DEFINER, touch=("message", "'m'")),
}

CALENDAR_LAWS: Mapping[str, Law] = {
    "calendars": Law(
        key=("specialist_id",),
        select={**ADMIN, **WORKER, **DEFINER},
        insert=DEFINER,
        update={**WORKER, **DEFINER},
        touch=("revision", "7"),
    ),
    "slots": Law(
        key=("id",),
        select={**ADMIN, **WORKER, **DEFINER},
        insert={**WORKER, **DEFINER},
        update={**WORKER, **DEFINER},
        touch=("updated_at", "now()"),
    ),
}

BOOKING_LAWS: Mapping[str, Law] = {
    "bookings": Law(
        key=("id",),
        select={**PARTIES, **ADMIN, **WORKER, **DEFINER},
        insert={**WORKER, **DEFINER},
        update={**PARTIES, **ADMIN, **WORKER, **DEFINER},
        touch=("status", "status"),
    ),
    "booking_status_history": between_parties(insert=DEFINER, update=DEFINER, touch=FORGOTTEN),
    "booking_cancellations": Law(
        key=("id",),
        select={**PARTIES, **ADMIN, **WORKER, **DEFINER},
        insert={Kind.PERSON: OWN_AND_TRUE, **ADMIN},
        update=DEFINER,
        touch=FORGOTTEN,
    ),
    "booking_views": Law(
        key=("id",),
        select={**PARTIES, **ADMIN, **WORKER},
    ),
}

PLUMBING_LAWS: Mapping[str, Law] = {
    "audit_logs": Law(
        key=("id",),
        select={**OWN_ROWS, **ADMIN, **WORKER, **DEFINER},
        insert={
            Kind.ANONYMOUS: UNSIGNED,
            Kind.PERSON: OWN_AND_TRUE,
            **ADMIN,
            **WORKER,
            **DEFINER,
        },
    ),
    "outbox": Law(
        key=("id",),
        select={**ADMIN, **WORKER},
        insert={
            Kind.ANONYMOUS: UNPARTIED,
            Kind.PERSON: NAMES_ONESELF,
            **ADMIN,
            **WORKER,
            **DEFINER,
        },
        update=WORKER,
        delete=WORKER,
        touch=("attempts", "3"),
    ),
    "job_runs": Law(
        key=("id",),
        select={**ADMIN, **WORKER},
        insert=WORKER,
        update=WORKER,
        delete=WORKER,
        touch=("done_count", "3"),
    ),
    "idempotency_keys": Law(
        key=("caller", "route", "key"),
        select={**WORKER, **DEFINER},
        insert=DEFINER,
        update={**WORKER, **DEFINER},
        delete={**WORKER, **DEFINER},
        touch=("lease_until", "now()"),
    ),
    "rate_limits": Law(
        key=("key",),
        select={**WORKER, **DEFINER},
        insert=DEFINER,
        update=DEFINER,
        delete=WORKER,
        touch=("arrives_at", "now()"),
    ),
    "schema_state": _state_of_schema("id", ("applied_at", "now()")),
    "alembic_version": _state_of_schema("version_num", ("version_num", "'x'")),
}


def _owned(law: Law) -> Law:
    """The owner of a table may name it, and FORCE gives it no row: mistakes fail closed."""
    nothing = {Kind.OWNER: NO_ROW}
    return replace(
        law,
        select={**nothing, **law.select},
        update={**nothing, **law.update},
        delete={**nothing, **law.delete},
    )


LAWS: Mapping[str, Law] = {
    name: _owned(law)
    for laws in (
        PEOPLE_LAWS,
        SPECIALIST_LAWS,
        CALENDAR_LAWS,
        BOOKING_LAWS,
        SALES_LAWS,
        SERIES_LAWS,
        MONEY_LAWS,
        MESSAGE_LAWS,
        VIDEO_LAWS,
        SUBSCRIBER_LAWS,
        NOTE_LAWS,
        SESSION_LAWS,
        PLUMBING_LAWS,
    )
    for name, law in laws.items()
}
"""Every table and view of the schema; a test fails when one is missing here."""
