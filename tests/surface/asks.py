"""One good request for every route. Whatever the tests break, they break in one of these."""

from collections.abc import Mapping
from typing import Any

from tests.surface.ask import Ask, Of
from tests.surface.asks_about_accounts import ASKS_ABOUT_ACCOUNTS
from tests.surface.asks_about_letters import ASKS_ABOUT_LETTERS
from tests.surface.asks_about_messages import ASKS_ABOUT_MESSAGES
from tests.surface.asks_about_money import ASKS_ABOUT_MONEY
from tests.surface.asks_about_notes import ASKS_ABOUT_NOTES
from tests.surface.asks_about_reconciliation import ASKS_ABOUT_RECONCILIATION
from tests.surface.asks_about_series import ASKS_ABOUT_SERIES
from tests.surface.asks_about_sessions import ASKS_ABOUT_SESSIONS
from tests.surface.asks_about_subscribers import ASKS_ABOUT_SUBSCRIBERS
from tests.surface.asks_about_video import ASKS_ABOUT_VIDEO
from tests.surface.town import PASSWORD, Town

__all__ = ["ASKS", "Ask"]


def _booking(stage: str) -> Mapping[str, Of]:
    return {"booking_id": lambda town: getattr(town, stage)["id"]}


def _payment(stage: str) -> Mapping[str, Of]:
    return {"payment_id": lambda town: getattr(town, stage)["payment"]["id"]}


_SARAH: Mapping[str, Of] = {"specialist_id": lambda town: town.sarah.id}
_RULE = {
    "weekday": 1,
    "starts_at": "09:00",
    "ends_at": "17:00",
    "slot_minutes": 30,
    "buffer_minutes": 0,
    "max_bookings_per_day": 8,
    "is_active": True,
}
_PAGE = {
    "full_name": "Dr. Sarah",
    "headline": "Cardiologist",
    "bio": "Hearts.",
    "qualifications": ["MD"],
    "specialties": ["Cardiology"],
    "languages": ["en"],
    "time_zone": "UTC",
    "photo_url": "https://example.org/sarah.jpg",
    "letterhead_url": "https://example.org/letter.pdf",
    "is_accepting": True,
    "auto_confirm": False,
    "payment_provider": "manual",
    "cancellation_policy": {
        "name": "custom",
        "tiers": [{"hours_before": 24, "refund_percent": 100}],
    },
    "minimum_notice_minutes": 0,
    "horizon_days": 90,
    "buffer_before_minutes": 0,
    "confirmation_hours": 24,
    "email": "sarah@example.org",
    "phone": "+971501234567",
    "verification_documents": ["https://example.org/licence.pdf"],
}
_RATE = {
    "name": "Long",
    "description": "An hour.",
    "price": {"amount_minor": 30000, "currency": "USD"},
    "duration_minutes": 60,
}
_CONSENT = {"purpose": "terms", "version": "2026-11", "granted": True}
_REASON = {"reason": "I have a cold.", "reason_code": "illness"}


def _me(_town: Town) -> Any:
    return {
        "full_name": "Anna Weber",
        "time_zone": "Europe/Berlin",
        "locale": "de-DE",
        "photo_url": "https://example.org/anna.jpg",
        "phone": "+491701234567",
    }


def _register(town: Town) -> Any:
    return {
        "email": f"dora.{town.sarah.id}@example.org",
        "password": PASSWORD,
        "full_name": "Dora",
        "role": "client",
        "time_zone": "UTC",
    }


def _book(town: Town) -> Any:
    return {
        **_hold(town),
        "client_id": None,
        "client_email": None,
        "hold_token": None,
        "coupon_code": None,
        "package_purchase_id": None,
        "payment_method": "pm_sandbox_visa",
        "return_url": "https://example.org/back",
        "note": "It hurts.",
    }


def _hold(town: Town) -> Any:
    return town.sarah.booking(town.next_start())


_COUPON: Mapping[str, Of] = {"coupon_id": lambda town: town.coupon["id"]}
_TERMS = {
    "description": "For good friends",
    "minimum": None,
    "most_uses": 100,
    "most_uses_per_client": 1,
    "valid_from": "2026-01-01T00:00:00Z",
    "valid_until": "2099-01-01T00:00:00Z",
    "is_active": True,
}


def _coupon(town: Town) -> Any:
    amount = {"amount_minor": 1000, "currency": "USD"}
    town.booked += 1
    code = {"code": f"NEW-{town.booked}", "kind": "fixed", "percent": None, "amount": amount}
    return {**_TERMS, **code, "minimum": {"amount_minor": 5000, "currency": "USD"}}


def _exception(town: Town) -> Any:
    return {
        "date": town.sarah.today.isoformat(),
        "end_date": town.sarah.today.isoformat(),
        "dry_run": False,
        "is_available": False,
        "starts_at": "12:00",
        "ends_at": "13:00",
        "reason": "personal",
        "note": "Lunch",
    }


def _new_time(town: Town) -> Any:
    return {"starts_at": town.next_start().isoformat(), "anyway": False}


_PROPOSAL: Mapping[str, Of] = {
    **_booking("confirmed"),
    "proposal_id": lambda town: town.proposal["id"],
}


def _purchase(stage: str) -> Mapping[str, Of]:
    return {"purchase_id": lambda town: getattr(town, stage)["id"]}


_PAYS = {"payment_method": "pm_sandbox_visa", "return_url": "https://example.org/back"}


def _package(town: Town) -> dict[str, Any]:
    return {
        "name": "Six sessions",
        "description": "A course.",
        "rate_id": str(town.sarah.rates["standard"]),
        "session_count": 6,
        "price": {"amount_minor": 90_000, "currency": "USD"},
        "discount_percentage": 25,
        "valid_for_days": 180,
        "is_active": True,
    }


ASKS: Mapping[str, Ask] = {
    "POST /api/v1/auth/register": Ask("anonymous", body=_register, spends=True),
    "POST /api/v1/auth/login": Ask(
        "anonymous",
        body=lambda town: {"email": town.account["user"]["email"], "password": PASSWORD},
    ),
    "POST /api/v1/auth/refresh": Ask(
        "anonymous",
        body=lambda town: {"refresh_token": town.account["refresh_token"]},
        spends=True,
    ),
    "POST /api/v1/auth/logout": Ask("client", spends=True),
    **ASKS_ABOUT_LETTERS,
    "GET /api/v1/me": Ask("client"),
    "PATCH /api/v1/me": Ask("client", body=_me),
    "GET /api/v1/me/consents": Ask("client"),
    "PUT /api/v1/me/consents": Ask("client", body=lambda _: dict(_CONSENT)),
    "GET /api/v1/me/export": Ask("client"),
    # Nobody in the town has a password, so that nobody is erased.
    "DELETE /api/v1/me": Ask("client", body=lambda _: {"password": PASSWORD, "email": None}),
    "GET /api/v1/specialists": Ask("anonymous"),
    "GET /api/v1/specialists/me": Ask("specialist"),
    "PUT /api/v1/specialists/me": Ask("specialist", body=lambda _: dict(_PAGE)),
    "PATCH /api/v1/specialists/me": Ask("specialist", body=lambda _: dict(_PAGE)),
    "GET /api/v1/specialists/me/rates": Ask("specialist"),
    "POST /api/v1/specialists/me/rates": Ask(
        "specialist", body=lambda _: {"kind": "long", **_RATE}, spends=True
    ),
    "PATCH /api/v1/specialists/me/rates/{rate_id}": Ask(
        "specialist",
        {"rate_id": lambda town: town.sarah.rates["standard"]},
        lambda _: {**_RATE, "is_active": True},
    ),
    "GET /api/v1/specialists/{specialist_id}": Ask("anonymous", _SARAH),
    "GET /api/v1/specialists/{specialist_id}/rates": Ask("anonymous", _SARAH),
    "GET /api/v1/specialists/me/availability": Ask("specialist"),
    "PUT /api/v1/specialists/me/availability": Ask(
        "specialist", body=lambda _: {"time_zone": "UTC", "rules": [dict(_RULE)]}
    ),
    "GET /api/v1/specialists/me/availability-exceptions": Ask("specialist"),
    "POST /api/v1/specialists/me/availability-exceptions": Ask("specialist", body=_exception),
    "DELETE /api/v1/specialists/me/availability-exceptions/{exception_id}": Ask(
        "specialist", {"exception_id": lambda town: town.exception["id"]}, spends=True
    ),
    "GET /api/v1/specialists/{specialist_id}/availability": Ask("anonymous", _SARAH),
    "GET /api/v1/specialists/{specialist_id}/availability-exceptions": Ask("anonymous", _SARAH),
    "GET /api/v1/specialists/{specialist_id}/slots": Ask("anonymous", _SARAH),
    "GET /api/v1/specialists/{specialist_id}/slots/explain": Ask(
        "anonymous", _SARAH, query=lambda town: {"at": town.sarah.at("mon 10:00").isoformat()}
    ),
    "POST /api/v1/holds": Ask("anonymous", body=_hold),
    "DELETE /api/v1/holds/{hold_id}": Ask(
        "client", {"hold_id": lambda town: town.hold["id"]}, spends=True
    ),
    "POST /api/v1/bookings": Ask("client", body=_book),
    "GET /api/v1/bookings": Ask("client"),
    "GET /api/v1/bookings/{booking_id}": Ask("client", _booking("pending")),
    "GET /api/v1/bookings/{booking_id}/calendar.ics": Ask("client", _booking("pending")),
    "GET /api/v1/bookings/{booking_id}/history": Ask("client", _booking("pending")),
    "POST /api/v1/bookings/{booking_id}/confirm": Ask(
        "specialist", _booking("awaiting"), spends=True
    ),
    "POST /api/v1/bookings/{booking_id}/decline": Ask(
        "specialist",
        _booking("awaiting"),
        lambda _: dict(_REASON),
        spends=True,
        body_optional=True,
    ),
    "POST /api/v1/bookings/{booking_id}/cancel": Ask(
        "client", _booking("awaiting"), lambda _: dict(_REASON), spends=True, body_optional=True
    ),
    "GET /api/v1/bookings/{booking_id}/cancellation-quote": Ask("client", _booking("awaiting")),
    "POST /api/v1/bookings/{booking_id}/complete": Ask("specialist", _booking("confirmed")),
    "POST /api/v1/bookings/{booking_id}/no-show": Ask("specialist", _booking("confirmed")),
    "POST /api/v1/bookings/{booking_id}/reschedule": Ask(
        "client",
        _booking("confirmed"),
        lambda town: {**_new_time(town), "revision": 0, "reason": "The dentist."},
        spends=True,
    ),
    "POST /api/v1/bookings/{booking_id}/proposals": Ask(
        "specialist",
        _booking("confirmed"),
        lambda town: {**_new_time(town), "message": "Would this suit you?"},
    ),
    "GET /api/v1/bookings/{booking_id}/proposals": Ask("client", _booking("confirmed")),
    "POST /api/v1/bookings/{booking_id}/proposals/{proposal_id}/accept": Ask(
        "client", _PROPOSAL, spends=True
    ),
    "POST /api/v1/bookings/{booking_id}/proposals/{proposal_id}/decline": Ask(
        "client", _PROPOSAL, spends=True
    ),
    "POST /api/v1/bookings/bulk-cancel": Ask(
        "specialist",
        body=lambda town: {"booking_ids": [town.awaiting["id"]], **_REASON},
        spends=True,
    ),
    "POST /api/v1/bookings/bulk-propose": Ask(
        "specialist",
        body=lambda town: {
            "items": [{**_new_time(town), "booking_id": town.confirmed["id"], "message": "Please."}]
        },
    ),
    "POST /api/v1/bookings/{booking_id}/payments": Ask(
        "client",
        _booking("pending"),
        lambda _: {
            "payment_method": "pm_sandbox_visa",
            "return_url": "https://example.org/back",
        },
        spends=True,
    ),
    **ASKS_ABOUT_SERIES,
    "GET /api/v1/specialists/me/packages": Ask("specialist"),
    "POST /api/v1/specialists/me/packages": Ask("specialist", body=_package),
    "PATCH /api/v1/specialists/me/packages/{own_package_id}": Ask(
        "specialist", {"own_package_id": lambda town: town.package["id"]}, _package
    ),
    "GET /api/v1/specialists/{specialist_id}/packages": Ask("anonymous", _SARAH),
    "POST /api/v1/admin/packages": Ask(
        "admin",
        body=lambda town: {"items": [{"specialist_id": str(town.sarah.id), **_package(town)}]},
    ),
    "POST /api/v1/packages/{package_id}/purchases": Ask(
        "client",
        {"package_id": lambda town: town.package["id"]},
        lambda _: dict(_PAYS),
        body_optional=True,
    ),
    "GET /api/v1/package-purchases": Ask("client"),
    "GET /api/v1/package-purchases/{purchase_id}": Ask("client", _purchase("bought")),
    "POST /api/v1/package-purchases/{purchase_id}/payments": Ask(
        "client", _purchase("unpaid"), lambda _: dict(_PAYS), spends=True
    ),
    "GET /api/v1/package-purchases/{purchase_id}/refund-quote": Ask("client", _purchase("bought")),
    "POST /api/v1/package-purchases/{purchase_id}/refund": Ask(
        "specialist", _purchase("bought"), spends=True
    ),
    "GET /api/v1/payments/{payment_id}": Ask("client", _payment("pending")),
    "POST /api/v1/payments/{payment_id}/refunds": Ask(
        "specialist",
        _payment("confirmed"),
        lambda _: {"amount_minor": 1, "reason": "We ended early."},
        body_optional=True,
    ),
    "GET /api/v1/payments/{payment_id}/refunds": Ask("client", _payment("confirmed")),
    **ASKS_ABOUT_MONEY,
    **ASKS_ABOUT_VIDEO,
    **ASKS_ABOUT_SUBSCRIBERS,
    **ASKS_ABOUT_MESSAGES,
    **ASKS_ABOUT_NOTES,
    **ASKS_ABOUT_SESSIONS,
    "POST /api/v1/sandbox/payments/{payment_id}/method": Ask(
        "client",
        _payment("pending"),
        lambda _: {"payment_method": "pm_sandbox_visa"},
        spends=True,
    ),
    "POST /api/v1/sandbox/payments/{payment_id}/action": Ask(
        "client", _payment("pending"), lambda _: {"succeed": True}, spends=True
    ),
    "GET /api/v1/specialists/me/coupons": Ask("specialist"),
    "POST /api/v1/specialists/me/coupons": Ask("specialist", body=_coupon),
    "GET /api/v1/specialists/me/coupons/{coupon_id}": Ask("specialist", _COUPON),
    "PATCH /api/v1/specialists/me/coupons/{coupon_id}": Ask(
        "specialist", _COUPON, lambda _: dict(_TERMS)
    ),
    "GET /api/v1/specialists/me/coupons/{coupon_id}/usages": Ask("specialist", _COUPON),
    "GET /api/v1/coupons/{code}/validate": Ask(
        "client",
        {"code": lambda town: town.coupon["code"]},
        query=lambda town: {
            "specialist_id": town.sarah.id,
            "rate_id": town.sarah.rates["standard"],
        },
    ),
    "GET /api/v1/admin/coupons": Ask("admin"),
    "POST /api/v1/admin/coupons": Ask(
        "admin", body=lambda town: {**_coupon(town), "specialist_id": None}
    ),
    "PATCH /api/v1/admin/coupons/{coupon_id}": Ask("admin", _COUPON, lambda _: dict(_TERMS)),
    **ASKS_ABOUT_ACCOUNTS,
    "GET /api/v1/admin/users": Ask("admin"),
    "PATCH /api/v1/admin/users/{user_id}": Ask(
        "admin",
        {"user_id": lambda town: town.account["user"]["id"]},
        lambda _: {"role": "client", "is_active": True},
    ),
    "POST /api/v1/admin/users/{user_id}/erase": Ask(
        "admin",
        {"user_id": lambda town: town.account["user"]["id"]},
        lambda _: {"reason": "Letter 118"},
        spends=True,
    ),
    "GET /api/v1/admin/specialists": Ask("admin"),
    "POST /api/v1/admin/specialists/{specialist_id}/verify": Ask("admin", _SARAH),
    "POST /api/v1/admin/specialists/{specialist_id}/unverify": Ask("admin", _SARAH, spends=True),
    **ASKS_ABOUT_RECONCILIATION,
    "GET /api/v1/admin/stats": Ask("admin"),
    "GET /api/v1/admin/stats/series": Ask("admin"),
    "GET /api/v1/specialists/me/stats": Ask("specialist"),
    "GET /api/v1/admin/jobs": Ask("admin"),
    "GET /api/v1/admin/job-runs": Ask("admin"),
    "POST /api/v1/admin/jobs/{job}/run": Ask("admin", {"job": lambda _: "bookings.expire"}),
    "POST /api/webhooks/{provider}": Ask(
        "anonymous", {"provider": lambda _: "sandbox"}, lambda _: {"id": "evt_1"}
    ),
    "POST /api/cron/{job}": Ask("cron", {"job": lambda _: "cleanup-bookings"}),
    "GET /api/cron/{job}": Ask("cron", {"job": lambda _: "cleanup-bookings"}),
    "POST /functions/v1/booking-cancel": Ask(
        "client",
        body=lambda town: {"booking_id": town.awaiting["id"], "reason": "I have a cold."},
        spends=True,
    ),
    "POST /functions/v1/recurring-bookings-dispatcher": Ask("cron"),
    "GET /livez": Ask("anonymous"),
    "GET /readyz": Ask("anonymous"),
    "GET /metrics": Ask("anonymous"),
}
"""By `METHOD path`, in the order of the API document."""
