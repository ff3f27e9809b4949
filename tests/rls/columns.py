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

_WANTED = "language bookings reminders follow_ups series packages"

_MEETING = (
    "id booking_id specialist_id client_id provider starts_at ends_at state last_error created_at"
    " updated_at"
)

_NOTE = "id booking_id specialist_id client_id revision editable_until created_at updated_at"
_ENVELOPE = "key_id wrapped_key"
_PARTIES = "specialist_id client_id"

SELECTED: Mapping[str, Mapping[Kind, str]] = {
    "session_notes": {Kind.ADMIN: _NOTE, Kind.WORKER: f"{_NOTE} {_ENVELOPE}"},
    "session_note_amendments": {
        Kind.WORKER: f"id note_id {_PARTIES} created_at {_ENVELOPE}",
    },
    "intake_answers": {
        Kind.WORKER: f"booking_id {_PARTIES} form_id revision submitted_at created_at updated_at"
        f" {_ENVELOPE}",
        Kind.DEFINER: "booking_id client_id",
    },
    "notifications": {
        Kind.PERSON: "id recipient_id kind specialist_id client_id booking_id series_id payment_id"
        " purchase_id revision local_date language state send_at sent_at read_at created_at"
    },
    "payment_config_keys": {Kind.DEFINER: "config_id specialist_id"},
    "webhook_endpoint_secrets": {Kind.DEFINER: "id endpoint_id valid_until"},
    "video_config_keys": {Kind.DEFINER: "config_id specialist_id"},
    "meetings": {Kind.PERSON: _MEETING, Kind.ADMIN: _MEETING},
}

INSERTED: Mapping[str, Mapping[Kind, str]] = {
    "session_notes": {Kind.PERSON: f"id booking_id {_PARTIES} {_ENVELOPE} sealed"},
    "session_note_amendments": {Kind.PERSON: f"id note_id {_PARTIES} {_ENVELOPE} sealed"},
    "intake_forms": {Kind.PERSON: "specialist_id rate_id version title questions is_active"},
    "intake_answers": {Kind.PERSON: f"booking_id {_PARTIES} form_id {_ENVELOPE} sealed"},
    "consents": {Kind.PERSON: "user_id purpose version granted"},
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
    "recording_settings": {Kind.PERSON: "specialist_id retention_days"},
    "booking_cancellations": {
        Kind.PERSON: "booking_id specialist_id client_id cancelled_by cancelled_by_kind reason"
        " reason_code cancellation_policy_applied refund_percent refund_minor currency"
        " credit_returned"
    },
    "audit_logs": {Kind.ANONYMOUS: _ENTRY, Kind.PERSON: _ENTRY},
    "notification_preferences": {
        Kind.PERSON: f"user_id {_WANTED}",
        Kind.ADMIN: f"user_id {_WANTED}",
    },
    "outbox": {Kind.ANONYMOUS: "topic payload", Kind.PERSON: "topic payload"},
}

UPDATED: Mapping[str, Mapping[Kind, str]] = {
    "session_notes": {Kind.PERSON: f"{_ENVELOPE} sealed", Kind.WORKER: _ENVELOPE},
    "session_note_amendments": {Kind.WORKER: _ENVELOPE},
    "intake_forms": {Kind.PERSON: "is_active"},
    "intake_answers": {Kind.PERSON: f"form_id {_ENVELOPE} sealed", Kind.WORKER: _ENVELOPE},
    "notifications": {Kind.PERSON: "read_at", Kind.ADMIN: "read_at"},
    "notification_preferences": {Kind.PERSON: _WANTED, Kind.ADMIN: _WANTED},
    "users": {Kind.ADMIN: "role is_active"},
    "profiles": {Kind.PERSON: _PROFILE},
    "booking_cancellations": {Kind.DEFINER: "reason"},
    "booking_reschedules": {Kind.DEFINER: "reason"},
    "booking_status_history": {Kind.DEFINER: "reason"},
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
    "recording_settings": {Kind.PERSON: "retention_days"},
    "meeting_recordings": {
        Kind.ADMIN: "status ready_at expires_at deleted_at",
        Kind.WORKER: "status ready_at expires_at deleted_at object_deleted_at",
        Kind.DEFINER: "expires_at",
    },
    "reviews": {Kind.ADMIN: "is_hidden hidden_reason hidden_at"},
    "payment_config_keys": {Kind.WORKER: "key_id wrapped_key"},
    "webhook_endpoint_secrets": {
        Kind.WORKER: "key_id wrapped_key",
        Kind.DEFINER: "key_id valid_until",
    },
    "webhook_endpoints": {Kind.WORKER: "is_active disabled_at disabled_reason failing_since"},
    "video_configs": {Kind.WORKER: "state last_error checked_at"},
    "video_config_keys": {Kind.WORKER: "key_id wrapped_key sealed"},
    "meeting_links": {Kind.WORKER: "key_id wrapped_key sealed"},
    "reconciliation_findings": {Kind.ADMIN: "state settled_by settled_at note"},
    "bookings": {Kind.PERSON: "status", Kind.ADMIN: "status"},
}
