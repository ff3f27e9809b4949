"""Which columns a role may write or read, declared by hand: the column is the smallest permission.

A role that the oracle lets at a table, and that is not listed here, may have all its columns.
"""

from collections.abc import Mapping

from tests.rls.people import Kind

_PAGE = (
    "full_name headline bio qualifications time_zone photo_url letterhead_url is_accepting"
    " auto_confirm payment_provider cancellation_policy cancellation_tiers minimum_notice_minutes"
    " horizon_days buffer_before_minutes confirmation_hours"
)
_RULE = (
    "weekday starts_minute ends_minute slot_minutes buffer_minutes max_bookings_per_day is_active"
)
_EXCEPTION = "exception_date is_available starts_minute ends_minute"
_TERMS = "description minimum_minor most_uses most_uses_per_client valid_from valid_until is_active"
_PACKAGE = (
    "name description session_count price_minor currency discount_percentage valid_for_days"
    " is_active"
)
_PROFILE = "full_name time_zone locale photo_url"
_CONTACT = "email phone verification_documents"
_ENTRY = "actor_id actor action subject_type subject_id old_values new_values status request_id"

SELECTED: Mapping[str, Mapping[Kind, str]] = {
    "payment_config_keys": {Kind.DEFINER: "config_id specialist_id"},
}

INSERTED: Mapping[str, Mapping[Kind, str]] = {
    "profiles": {Kind.PERSON: f"user_id {_PROFILE}"},
    "profile_contacts": {Kind.PERSON: "user_id phone"},
    "specialists": {Kind.PERSON: f"id {_PAGE}"},
    "specialist_contacts": {Kind.PERSON: f"specialist_id {_CONTACT}"},
    "specialist_specialties": {Kind.PERSON: "specialist_id specialty"},
    "specialist_languages": {Kind.PERSON: "specialist_id language"},
    "specialist_rates": {
        Kind.PERSON: "specialist_id kind name description price_minor currency duration_minutes"
        " is_active"
    },
    "availability_rules": {Kind.PERSON: f"specialist_id {_RULE}"},
    "specialist_availability_exceptions": {Kind.PERSON: f"specialist_id range_id {_EXCEPTION}"},
    "availability_exception_reasons": {Kind.PERSON: "exception_id specialist_id reason note"},
    "coupons": {
        Kind.PERSON: f"specialist_id code kind percent amount_minor currency {_TERMS}",
    },
    "booking_packages": {Kind.PERSON: f"specialist_id rate_id {_PACKAGE}"},
    "booking_cancellations": {
        Kind.PERSON: "booking_id specialist_id client_id cancelled_by cancelled_by_kind reason"
        " reason_code cancellation_policy_applied refund_percent refund_minor currency"
        " credit_returned"
    },
    "audit_logs": {Kind.ANONYMOUS: _ENTRY, Kind.PERSON: _ENTRY},
    "outbox": {Kind.ANONYMOUS: "topic payload", Kind.PERSON: "topic payload"},
}

UPDATED: Mapping[str, Mapping[Kind, str]] = {
    "users": {Kind.ADMIN: "role is_active"},
    "profiles": {Kind.PERSON: _PROFILE},
    "profile_contacts": {Kind.PERSON: "phone"},
    "specialists": {Kind.PERSON: _PAGE},
    "specialist_contacts": {Kind.PERSON: _CONTACT},
    "specialist_rates": {
        Kind.PERSON: "name description price_minor currency duration_minutes is_active"
    },
    "availability_rules": {Kind.PERSON: _RULE},
    "specialist_availability_exceptions": {Kind.PERSON: _EXCEPTION},
    "availability_exception_reasons": {Kind.PERSON: "reason note"},
    "coupons": {Kind.PERSON: _TERMS},
    "booking_packages": {Kind.PERSON: f"rate_id {_PACKAGE}"},
    "payment_config_keys": {Kind.WORKER: "key_id wrapped_key"},
    "reconciliation_findings": {Kind.ADMIN: "state settled_by settled_at note"},
    "bookings": {Kind.PERSON: "status meeting_link", Kind.ADMIN: "status meeting_link"},
}
