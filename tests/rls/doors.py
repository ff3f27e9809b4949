"""The doors of people: functions they may call, most of which read and write past policies.

A new one is a decision, and stands here with the rest.
"""

from collections.abc import Mapping

KERNEL = {"now", "new_id", "user_id", "request_id", "caller_role", "refuse"}

OPEN = {
    "begin_idempotent",
    "explain_slot",
    "finish_idempotent",
    "hold",
    "open_on",
    "release_hold",
    "reviews_of",
    "slots_json",
    "take_turn",
}
"""For whoever comes, signed in or not."""

SIGNING_IN = {
    "address_of_reset",
    "ask_for_reset",
    "identity",
    "identity_of_external",
    "register",
    "reset_password",
    "rotate_session",
    "verify_email",
}

DOORS: Mapping[str, set[str]] = {
    "consulta_api": set(),
    "consulta_anonymous": {*KERNEL, *OPEN, *SIGNING_IN},
    "consulta_user": {
        *KERNEL,
        *OPEN,
        "accept_proposal",
        "accept_series_of",
        "ask_for_verification",
        "begin_erasure",
        "erase_account",
        "own_sign_ins",
        "book",
        "buy_package",
        "booking_exists",
        "booking_moves",
        "change_series",
        "change_review",
        "check_booking_move",
        "change_webhook_endpoint",
        "client_at",
        "create_webhook_endpoint",
        "delete_webhook_endpoint",
        "lock_webhook_endpoint",
        "replay_webhook_delivery",
        "replay_webhook_failures",
        "rotate_webhook_secret",
        "test_webhook_endpoint",
        "create_series",
        "decline_proposal",
        "end_payment_config",
        "end_session",
        "leave_out_of_series",
        "lock_booking",
        "look_at_booking",
        "lock_calendar",
        "lock_purchase",
        "mark_paid",
        "mark_returned",
        "present_method",
        "post_review",
        "preview_series",
        "purchase_facts",
        "propose_time",
        "publishable_key_of",
        "refunds_of",
        "release_booking",
        "remove_method",
        "reply_to_review",
        "request_operation",
        "save_method",
        "save_payment_config",
        "save_video_config",
        "end_video_config",
        "retry_meeting",
        "take_back_credits",
        "turn_series",
        "upcoming_series_dates",
        "validate_coupon",
        "reschedule_booking",
        "sessions_affected",
    },
}
