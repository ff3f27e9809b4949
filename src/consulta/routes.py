"""Every router with its prefix, in the order of the API document."""

from collections.abc import Mapping

from fastapi import FastAPI

from consulta.features.admin.router import router as admin
from consulta.features.analytics.router import own_router as own_analytics
from consulta.features.analytics.router import router as analytics
from consulta.features.auth.router import router as auth
from consulta.features.availability.router import holds_router as holds
from consulta.features.availability.router import router as availability
from consulta.features.bookings.router import router as bookings
from consulta.features.compat.router import router as functions
from consulta.features.compat.rules import (
    CANCEL_ADDRESS,
    DISPATCH_ADDRESS,
    dispatch_refusal,
    refusal,
)
from consulta.features.compliance.router import router as compliance
from consulta.features.coupons.router import router as coupons
from consulta.features.intake.router import router as intake
from consulta.features.jobs.router import cron_router as cron
from consulta.features.jobs.router import router as jobs
from consulta.features.live.router import router as live
from consulta.features.meetings.router import router as meetings
from consulta.features.notifications.router import router as notifications
from consulta.features.packages.router import router as packages
from consulta.features.payment_configs.router import router as payment_configs
from consulta.features.payments.router import router as payments
from consulta.features.payments.router import sandbox_router as sandbox
from consulta.features.profiles.router import router as profiles
from consulta.features.receipts.router import router as receipts
from consulta.features.reconciliation.router import router as reconciliation
from consulta.features.recordings.router import router as recordings
from consulta.features.recurring.router import router as recurring
from consulta.features.reviews.router import router as reviews
from consulta.features.saved_methods.router import router as saved_methods
from consulta.features.saved_methods.router import sandbox_router as sandbox_cards
from consulta.features.session_notes.router import router as session_notes
from consulta.features.specialists.router import router as specialists
from consulta.features.subscribers.router import admin_router as all_subscribers
from consulta.features.subscribers.router import own_router as subscribers
from consulta.features.video_configs.router import router as video_configs
from consulta.features.webhooks.router import admin_router as letters
from consulta.features.webhooks.router import router as webhooks
from consulta.platform.http.contract import complete
from consulta.platform.http.documentation import documentation
from consulta.platform.http.older import Retell
from consulta.platform.http.operation import router as operation
from consulta.settings import Settings

API = "/api/v1"
OLD_SHAPES: Mapping[str, Retell] = {
    CANCEL_ADDRESS: refusal,
    DISPATCH_ADDRESS: dispatch_refusal,
}
"""Addresses whose errors are no problem documents."""

CHAPTERS: Mapping[str, str] = {
    "auth": "Registering, signing in, staying signed in.",
    "me": "The account of whoever asks, what it was told by mail, and what it wants to hear.",
    "specialists": "The directory, and a specialist's own page, rates and numbers.",
    "availability": "Hours, dates that differ, free times, why a time is not free, and holds.",
    "bookings": "A session from its booking to its end: paid, confirmed, moved, called off.",
    "series": "Recurring bookings: the same session again and again.",
    "packages": "Several sessions bought at once, and the ledger of their credits.",
    "meetings": "The video meeting of a session, and the way into it.",
    "intake": "What a specialist asks before a session, and what the client answers.",
    "session_notes": "What the specialist wrote about a session; sealed, and never read unseen.",
    "recordings": "What was recorded of a session, links to fetch it, and how long it is kept.",
    "reviews": "What clients say of sessions that they had.",
    "coupons": "Discounts by code.",
    "payments": "Money that was reserved, taken and returned, and cards saved for later.",
    "receipts": "What was paid, on paper.",
    "video_configs": "Where a specialist's sessions take place.",
    "payment_configs": "A specialist's own account at a payment provider.",
    "live": "What happens to what is yours, as it happens.",
    "subscribers": "Facts posted to other systems: addresses, signatures, deliveries.",
    "admin": "The whole house: accounts, pages, coupons, numbers, jobs.",
    "sandbox": "The payer's browser, for payments that move no money.",
    "webhooks": "What payment providers tell.",
    "cron": "Bells for a cron daemon, with `CRON_SECRET`.",
    "functions": "Addresses of the older system, with its shapes of answers and errors.",
    "operation": "Whether the service is well.",
}
"""The tags of the API document, in the order in which a newcomer reads."""

# The busiest come first: a request is compared with one after the other.
_ROOMS = (
    availability,
    bookings,
    recurring,
    holds,
    specialists,
    auth,
    profiles,
    compliance,
    notifications,
    packages,
    payments,
    saved_methods,
    receipts,
    coupons,
    session_notes,
    intake,
    recordings,
    reviews,
    meetings,
    video_configs,
    payment_configs,
    admin,
    reconciliation,
    letters,
    analytics,
    own_analytics,
    jobs,
    live,
    subscribers,
    all_subscribers,
)


def mount(app: FastAPI, settings: Settings) -> None:
    """All routes are on `app`; a route that is not mounted here does not exist."""
    for router in _ROOMS:
        app.include_router(router, prefix=API)
    if settings.payments.default_provider == "sandbox":
        app.include_router(sandbox, prefix=API)
        app.include_router(sandbox_cards, prefix=API)
    app.include_router(webhooks)
    app.include_router(cron)
    app.include_router(functions)
    app.include_router(operation)
    if settings.shows_docs:
        app.include_router(documentation())
    complete(app)
