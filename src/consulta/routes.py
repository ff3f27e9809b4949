"""Every router with its prefix, in the order of the API document."""

from fastapi import APIRouter, FastAPI

from consulta.settings import Settings

API = "/api/v1"


def mount(app: FastAPI, settings: Settings) -> None:
    """All routes are on `app`; a route that is not mounted here does not exist."""
    for router in _rooms():
        app.include_router(router, prefix=API)


def _rooms() -> list[APIRouter]:
    return []
