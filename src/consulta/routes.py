"""Every router with its prefix, in the order of the API document."""

from fastapi import FastAPI

from consulta.features.analytics.router import router as analytics
from consulta.features.auth.router import router as auth
from consulta.features.bookings.router import router as bookings
from consulta.features.payments.router import router as payments
from consulta.features.payments.router import sandbox_router as sandbox
from consulta.features.profiles.router import router as profiles
from consulta.features.webhooks.router import router as webhooks
from consulta.settings import Settings

API = "/api/v1"


def mount(app: FastAPI, settings: Settings) -> None:
    """All routes are on `app`; a route that is not mounted here does not exist."""
    for router in (auth, profiles, bookings, payments, analytics):
        app.include_router(router, prefix=API)
    if settings.payments.default_provider == "sandbox":
        app.include_router(sandbox, prefix=API)
    app.include_router(webhooks)
