"""Who may do what: every route with every kind of caller, against a table written by hand.

All is about Anna's bookings with Dr. Sarah: Ben and Dr. Omar are the others. `cron` shows the cron
secret instead of a token.
"""

import secrets

import pytest

from tests.house.app import doors, the_app
from tests.surface.asks import ASKS
from tests.surface.test_contract_of_routes import NOT_IN_THE_DOCUMENT
from tests.surface.town import Town, build_town
from tests.world import World

COLUMNS = (
    "anonymous",
    "client",
    "other client",
    "specialist",
    "other specialist",
    "admin",
    "cron",
)

_EVERYBODY = "200 200 200 200 200 200 200"
_OPEN_TO_STRANGERS = "200 200 200 200 200 200 401"
_SIGNED_IN = "401 200 200 200 200 200 401"
_PEOPLE = "401 200 200 200 200 403 401"
_SPECIALISTS = "401 403 403 200 200 403 401"
_PARTIES = "401 200 404 200 404 200 401"
_PARTIES_ALONE = "401 200 404 200 404 403 401"
_DECIDES = "401 403 403 200 404 200 401"
_CLIENT_ANSWERS = "401 200 404 403 404 403 401"
_DECIDES_TOO_EARLY = "401 403 403 409 404 409 401"
_ADMINS = "401 403 403 403 403 200 401"
_NOBODY_WITHOUT_A_SIGNATURE = "400 400 400 400 400 400 400"
_NOT_SET_UP = "503 503 503 503 503 503 503"
_NO_ROOM = "401 503 503 503 503 503 401"
"""For streams, which would never end here: whoever may have one hears that there is no room."""
_CRON = "401 401 401 401 401 401 200"

MATRIX = {
    "POST /api/v1/auth/register": "201 201 201 201 201 201 201",
    "POST /api/v1/auth/login": _EVERYBODY,
    "POST /api/v1/auth/refresh": _EVERYBODY,
    "POST /api/v1/auth/logout": "401 204 204 204 204 204 401",
    "POST /api/v1/auth/password/forgot": "202 202 202 202 202 202 202",
    "POST /api/v1/auth/password/reset": "204 204 204 204 204 204 204",
    "POST /api/v1/auth/verify-email": "204 204 204 204 204 204 204",
    "POST /api/v1/auth/verify-email/send": "401 202 202 202 202 202 401",
    "GET /api/v1/me": _SIGNED_IN,
    "PATCH /api/v1/me": _SIGNED_IN,
    "GET /api/v1/me/consents": _PEOPLE,
    "PUT /api/v1/me/consents": _PEOPLE,
    "GET /api/v1/me/export": _PEOPLE,
    "DELETE /api/v1/me": "401 403 403 403 403 403 401",
    "GET /api/v1/specialists": _OPEN_TO_STRANGERS,
    "GET /api/v1/specialists/me": _SPECIALISTS,
    "PUT /api/v1/specialists/me": _SPECIALISTS,
    "PATCH /api/v1/specialists/me": _SPECIALISTS,
    "GET /api/v1/specialists/me/rates": _SPECIALISTS,
    "POST /api/v1/specialists/me/rates": "401 403 403 201 201 403 401",
    "PATCH /api/v1/specialists/me/rates/{rate_id}": "401 403 403 200 404 403 401",
    "GET /api/v1/specialists/{specialist_id}": _OPEN_TO_STRANGERS,
    "GET /api/v1/specialists/{specialist_id}/rates": _OPEN_TO_STRANGERS,
    "GET /api/v1/specialists/me/availability": _SPECIALISTS,
    "PUT /api/v1/specialists/me/availability": _SPECIALISTS,
    "GET /api/v1/specialists/me/availability-exceptions": _SPECIALISTS,
    "POST /api/v1/specialists/me/availability-exceptions": "401 403 403 201 201 403 401",
    "DELETE /api/v1/specialists/me/availability-exceptions/{exception_id}": (
        "401 403 403 204 404 403 401"
    ),
    "GET /api/v1/specialists/{specialist_id}/availability": _OPEN_TO_STRANGERS,
    "GET /api/v1/specialists/{specialist_id}/availability-exceptions": _OPEN_TO_STRANGERS,
    "GET /api/v1/specialists/{specialist_id}/slots": _OPEN_TO_STRANGERS,
    "GET /api/v1/specialists/{specialist_id}/slots/explain": _OPEN_TO_STRANGERS,
    "POST /api/v1/holds": "201 201 201 201 201 201 401",
    "DELETE /api/v1/holds/{hold_id}": "404 204 404 404 404 404 401",
    "POST /api/v1/bookings": "401 201 201 422 201 201 401",
    "GET /api/v1/bookings": _SIGNED_IN,
    "GET /api/v1/bookings/{booking_id}": _PARTIES,
    "GET /api/v1/bookings/{booking_id}/calendar.ics": _PARTIES,
    "GET /api/v1/bookings/{booking_id}/history": _PARTIES,
    "POST /api/v1/bookings/{booking_id}/confirm": _DECIDES,
    "POST /api/v1/bookings/{booking_id}/decline": _DECIDES,
    "POST /api/v1/bookings/{booking_id}/cancel": _PARTIES,
    "GET /api/v1/bookings/{booking_id}/cancellation-quote": _PARTIES,
    "POST /api/v1/bookings/{booking_id}/complete": _DECIDES_TOO_EARLY,
    "POST /api/v1/bookings/{booking_id}/no-show": _DECIDES_TOO_EARLY,
    "POST /api/v1/bookings/{booking_id}/reschedule": _PARTIES,
    "POST /api/v1/bookings/{booking_id}/proposals": "401 403 403 201 404 201 401",
    "GET /api/v1/bookings/{booking_id}/proposals": _PARTIES,
    "POST /api/v1/bookings/{booking_id}/proposals/{proposal_id}/accept": _CLIENT_ANSWERS,
    "POST /api/v1/bookings/{booking_id}/proposals/{proposal_id}/decline": _CLIENT_ANSWERS,
    # What is not one's own fails by itself, within the answer.
    "POST /api/v1/bookings/bulk-cancel": "401 403 403 200 200 200 401",
    "POST /api/v1/bookings/bulk-propose": "401 403 403 200 200 200 401",
    "POST /api/v1/bookings/{booking_id}/payments": "401 201 404 403 404 403 401",
    "POST /api/v1/recurring-bookings": "401 201 201 422 201 201 401",
    "GET /api/v1/recurring-bookings": _SIGNED_IN,
    "GET /api/v1/recurring-bookings/{series_id}": _PARTIES,
    "PATCH /api/v1/recurring-bookings/{series_id}": _PARTIES,
    "POST /api/v1/recurring-bookings/{series_id}/accept": _DECIDES,
    "POST /api/v1/recurring-bookings/{series_id}/pause": _PARTIES,
    "POST /api/v1/recurring-bookings/{series_id}/resume": _PARTIES,
    "DELETE /api/v1/recurring-bookings/{series_id}": _PARTIES,
    "GET /api/v1/specialists/me/packages": _SPECIALISTS,
    # Omar's package cannot be for a rate of Sarah's.
    "POST /api/v1/specialists/me/packages": "401 403 403 201 404 403 401",
    "PATCH /api/v1/specialists/me/packages/{own_package_id}": "401 403 403 200 404 403 401",
    "GET /api/v1/specialists/{specialist_id}/packages": _OPEN_TO_STRANGERS,
    "POST /api/v1/admin/packages": "401 403 403 403 403 201 401",
    "POST /api/v1/packages/{package_id}/purchases": "401 201 201 422 201 403 401",
    "GET /api/v1/package-purchases": _SIGNED_IN,
    "GET /api/v1/package-purchases/{purchase_id}": _PARTIES,
    "POST /api/v1/package-purchases/{purchase_id}/payments": "401 201 404 403 404 403 401",
    "GET /api/v1/package-purchases/{purchase_id}/refund-quote": _PARTIES,
    "POST /api/v1/package-purchases/{purchase_id}/refund": _DECIDES,
    "GET /api/v1/payments/{payment_id}": _PARTIES,
    "POST /api/v1/payments/{payment_id}/refunds": "401 403 403 201 404 201 401",
    "GET /api/v1/payments/{payment_id}/refunds": _PARTIES,
    "POST /api/v1/payments/{payment_id}/mark-paid": _DECIDES,
    "POST /api/v1/payments/{payment_id}/mark-returned": _DECIDES,
    "GET /api/v1/saved-methods": "401 200 200 200 200 403 401",
    "POST /api/v1/saved-methods": "401 201 201 201 422 403 401",
    "POST /api/v1/saved-methods/{method_id}/refresh": "401 200 404 404 404 403 401",
    "DELETE /api/v1/saved-methods/{method_id}": "401 204 404 404 404 403 401",
    "POST /api/v1/sandbox/saved-methods/{method_id}/method": "401 200 404 404 404 403 401",
    "GET /api/v1/me/notifications": _SIGNED_IN,
    "POST /api/v1/me/notifications/{notification_id}/read": "401 204 404 404 404 404 401",
    "GET /api/v1/me/notification-preferences": _SIGNED_IN,
    "PUT /api/v1/me/notification-preferences": _SIGNED_IN,
    "POST /api/v1/bookings/{booking_id}/notes": "401 403 403 201 404 403 401",
    "GET /api/v1/bookings/{booking_id}/notes": _PARTIES_ALONE,
    "GET /api/v1/bookings/{booking_id}/notes/{note_id}": _PARTIES_ALONE,
    "PATCH /api/v1/bookings/{booking_id}/notes/{note_id}": "401 403 403 200 404 403 401",
    "POST /api/v1/bookings/{booking_id}/notes/{note_id}/amendments": "401 403 403 201 404 403 401",
    "GET /api/v1/session-notes": "401 200 200 200 200 403 401",
    "GET /api/v1/admin/session-notes": _ADMINS,
    "POST /api/v1/admin/session-notes/{note_id}/open": _ADMINS,
    "DELETE /api/v1/admin/session-notes/{note_id}": "401 403 403 403 403 204 401",
    "GET /api/v1/specialists/me/intake-forms": _SPECIALISTS,
    "PUT /api/v1/specialists/me/intake-forms": _SPECIALISTS,
    "DELETE /api/v1/specialists/me/intake-forms/{form_id}": "401 403 403 204 404 403 401",
    "GET /api/v1/specialists/{specialist_id}/intake-form": _OPEN_TO_STRANGERS,
    "GET /api/v1/bookings/{booking_id}/intake": _PARTIES_ALONE,
    "PUT /api/v1/bookings/{booking_id}/intake": _CLIENT_ANSWERS,
    "POST /api/v1/bookings/{booking_id}/recordings": "401 403 403 403 403 201 401",
    "POST /api/v1/bookings/{booking_id}/recordings/{recording_id}/complete": _ADMINS,
    "GET /api/v1/bookings/{booking_id}/recordings": _PARTIES,
    "POST /api/v1/bookings/{booking_id}/recordings/{recording_id}/download-link": _PARTIES_ALONE,
    "DELETE /api/v1/bookings/{booking_id}/recordings/{recording_id}": "401 403 403 403 403 204 401",
    "GET /api/v1/specialists/me/recording-settings": _SPECIALISTS,
    "PUT /api/v1/specialists/me/recording-settings": _SPECIALISTS,
    # Who shows a token must be the one to whom the link was given.
    "GET /api/v1/files/{token}": "200 200 403 403 403 403 401",
    "PUT /api/v1/files/{token}": "403 403 403 403 403 403 401",
    "POST /api/v1/bookings/{booking_id}/review": "401 201 404 403 404 403 401",
    "GET /api/v1/bookings/{booking_id}/review": _PARTIES,
    "PATCH /api/v1/bookings/{booking_id}/review": "401 200 404 403 404 403 401",
    "POST /api/v1/bookings/{booking_id}/review/reply": "401 403 403 200 404 403 401",
    "GET /api/v1/specialists/{specialist_id}/reviews": _OPEN_TO_STRANGERS,
    "POST /api/v1/admin/reviews/{review_id}/hide": _ADMINS,
    "POST /api/v1/admin/reviews/{review_id}/unhide": _ADMINS,
    "GET /api/v1/receipts": _SIGNED_IN,
    "GET /api/v1/receipts/{receipt_id}": _PARTIES,
    "GET /api/v1/receipts/{receipt_id}/html": _PARTIES,
    "GET /api/v1/bookings/{booking_id}/receipts": _PARTIES,
    "GET /api/v1/package-purchases/{purchase_id}/receipts": _PARTIES,
    "GET /api/v1/specialists/me/ledger": _SPECIALISTS,
    "GET /api/v1/admin/ledger": _ADMINS,
    "GET /api/v1/admin/ledger/mismatches": _ADMINS,
    "POST /api/v1/sandbox/payments/{payment_id}/method": "401 200 404 404 404 403 401",
    "POST /api/v1/sandbox/payments/{payment_id}/action": "401 200 404 404 404 403 401",
    "GET /api/v1/specialists/me/coupons": _SPECIALISTS,
    "POST /api/v1/specialists/me/coupons": "401 403 403 201 201 403 401",
    "GET /api/v1/specialists/me/coupons/{coupon_id}": "401 403 403 200 404 403 401",
    "PATCH /api/v1/specialists/me/coupons/{coupon_id}": "401 403 403 200 404 403 401",
    "GET /api/v1/specialists/me/coupons/{coupon_id}/usages": "401 403 403 200 404 403 401",
    "GET /api/v1/coupons/{code}/validate": _SIGNED_IN,
    "GET /api/v1/admin/coupons": _ADMINS,
    "POST /api/v1/admin/coupons": "401 403 403 403 403 201 401",
    "PATCH /api/v1/admin/coupons/{coupon_id}": _ADMINS,
    "GET /api/v1/specialists/me/video-config": "401 403 403 200 404 403 401",
    "PUT /api/v1/specialists/me/video-config": _SPECIALISTS,
    "DELETE /api/v1/specialists/me/video-config": "401 403 403 204 404 403 401",
    "POST /api/v1/specialists/me/video-config/check": "401 403 403 200 404 403 401",
    "GET /api/v1/bookings/{booking_id}/join": "401 409 404 409 404 403 401",
    "GET /api/v1/bookings/{booking_id}/meeting": _PARTIES,
    "POST /api/v1/bookings/{booking_id}/meeting/retry": _DECIDES,
    "GET /api/v1/specialists/me/payment-configs": _SPECIALISTS,
    "PUT /api/v1/specialists/me/payment-configs/stripe": _SPECIALISTS,
    "PUT /api/v1/specialists/me/payment-configs/razorpay": _SPECIALISTS,
    "PUT /api/v1/specialists/me/payment-configs/paytabs": _SPECIALISTS,
    "DELETE /api/v1/specialists/me/payment-configs/stripe": "401 403 403 204 404 403 401",
    "DELETE /api/v1/specialists/me/payment-configs/razorpay": "401 403 403 204 404 403 401",
    "DELETE /api/v1/specialists/me/payment-configs/paytabs": "401 403 403 404 404 403 401",
    "GET /api/v1/admin/payment-configs": _ADMINS,
    "GET /api/v1/events": _NO_ROOM,
    "GET /api/v1/specialists/me/webhook-endpoints": _SPECIALISTS,
    "POST /api/v1/specialists/me/webhook-endpoints": "401 403 403 201 201 403 401",
    "GET /api/v1/specialists/me/webhook-endpoints/{endpoint_id}": "401 403 403 200 404 403 401",
    "PATCH /api/v1/specialists/me/webhook-endpoints/{endpoint_id}": "401 403 403 200 404 403 401",
    "DELETE /api/v1/specialists/me/webhook-endpoints/{endpoint_id}": "401 403 403 204 404 403 401",
    "POST /api/v1/specialists/me/webhook-endpoints/{endpoint_id}/secret/rotate": (
        "401 403 403 200 404 403 401"
    ),
    "POST /api/v1/specialists/me/webhook-endpoints/{endpoint_id}/test": (
        "401 403 403 202 404 403 401"
    ),
    "GET /api/v1/specialists/me/webhook-endpoints/{endpoint_id}/deliveries": (
        "401 403 403 200 404 403 401"
    ),
    "POST /api/v1/specialists/me/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/replay": (
        "401 403 403 202 404 403 401"
    ),
    "POST /api/v1/specialists/me/webhook-endpoints/{endpoint_id}/replay": (
        "401 403 403 202 404 403 401"
    ),
    "GET /api/v1/admin/webhook-endpoints": _ADMINS,
    "POST /api/v1/admin/webhook-endpoints": "401 403 403 403 403 201 401",
    "GET /api/v1/admin/webhook-endpoints/{endpoint_id}": "401 403 403 403 403 200 401",
    "PATCH /api/v1/admin/webhook-endpoints/{endpoint_id}": "401 403 403 403 403 200 401",
    "DELETE /api/v1/admin/webhook-endpoints/{endpoint_id}": "401 403 403 403 403 204 401",
    "POST /api/v1/admin/webhook-endpoints/{endpoint_id}/secret/rotate": (
        "401 403 403 403 403 200 401"
    ),
    "POST /api/v1/admin/webhook-endpoints/{endpoint_id}/test": "401 403 403 403 403 202 401",
    "GET /api/v1/admin/webhook-endpoints/{endpoint_id}/deliveries": "401 403 403 403 403 200 401",
    "POST /api/v1/admin/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/replay": (
        "401 403 403 403 403 202 401"
    ),
    "POST /api/v1/admin/webhook-endpoints/{endpoint_id}/replay": "401 403 403 403 403 202 401",
    "GET /api/v1/admin/users": _ADMINS,
    "PATCH /api/v1/admin/users/{user_id}": _ADMINS,
    "POST /api/v1/admin/users/{user_id}/erase": _ADMINS,
    "GET /api/v1/admin/specialists": _ADMINS,
    "POST /api/v1/admin/specialists/{specialist_id}/verify": _ADMINS,
    "POST /api/v1/admin/specialists/{specialist_id}/unverify": _ADMINS,
    "GET /api/v1/admin/reconciliation": _ADMINS,
    "POST /api/v1/admin/reconciliation/{finding_id}/settle": _ADMINS,
    "POST /api/v1/admin/reconciliation/{finding_id}/replay": _ADMINS,
    "GET /api/v1/admin/operations": _ADMINS,
    "POST /api/v1/admin/operations/{operation_id}/replay": "401 403 403 403 403 201 401",
    "GET /api/v1/admin/webhook-events": _ADMINS,
    "POST /api/v1/admin/webhook-events/{event_id}/replay": _ADMINS,
    "GET /api/v1/admin/stats": _ADMINS,
    "GET /api/v1/admin/stats/series": _ADMINS,
    "GET /api/v1/specialists/me/stats": _SPECIALISTS,
    "GET /api/v1/admin/jobs": _ADMINS,
    "GET /api/v1/admin/job-runs": _ADMINS,
    "POST /api/v1/admin/jobs/{job}/run": _ADMINS,
    "GET /api/v1/payments/return/{provider}": _NOT_SET_UP,
    "POST /api/v1/payments/return/{provider}": _NOT_SET_UP,
    "GET /api/v1/payments/return/{provider}/{account}": _NOBODY_WITHOUT_A_SIGNATURE,
    "POST /api/v1/payments/return/{provider}/{account}": _NOBODY_WITHOUT_A_SIGNATURE,
    "POST /api/webhooks/{provider}": _NOBODY_WITHOUT_A_SIGNATURE,
    "POST /api/webhooks/{provider}/{account}": _NOBODY_WITHOUT_A_SIGNATURE,
    "POST /api/cron/{job}": _CRON,
    "GET /api/cron/{job}": _CRON,
    "POST /functions/v1/booking-cancel": "401 200 403 200 403 200 401",
    "POST /functions/v1/recurring-bookings-dispatcher": _CRON,
    "GET /livez": _EVERYBODY,
    "GET /readyz": _EVERYBODY,
    "GET /metrics": _EVERYBODY,
}
"""The status that each caller gets, in the order of `COLUMNS`."""


@pytest.fixture(scope="module")
async def town(surface: World) -> Town:
    """One for all that only look."""
    return await build_town(surface)


def test_every_route_stands_in_the_table() -> None:
    live = {name for name, _ in doors(the_app())} - NOT_IN_THE_DOCUMENT

    assert live == MATRIX.keys()


@pytest.mark.parametrize("door", MATRIX)
async def test_every_caller_gets_what_the_table_says(surface: World, town: Town, door: str) -> None:
    expected = dict(zip(COLUMNS, map(int, MATRIX[door].split()), strict=True))
    # The house's own endpoint is that of all towns, and others of this table delete it.
    if not door.startswith("GET ") or "/admin/webhook-endpoints/" in door:
        town = await build_town(surface)
    found: dict[str, int] = {}
    for who in COLUMNS:
        if ASKS[door].spends and any(status < 300 for status in found.values()):
            town = await build_town(surface)
        found[who] = await _status(town, door, who)

    assert found == expected


async def _status(town: Town, door: str, who: str) -> int:
    method, _, path = door.partition(" ")
    ask = ASKS[door]
    address = ask.address(path, town)
    reply = await town.identity(who).request(
        method,
        address if address.startswith("/api/") else f"/{address}",
        ask.body(town) if ask.body else None,
        key=secrets.token_hex(8),
    )
    return reply.status
