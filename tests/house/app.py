"""The real app, built but not started, and its routes as one flat list."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from consulta.kernel.actor import Role
from consulta.main import create_app
from consulta.platform.auth.cron import CronGuard
from consulta.platform.auth.guards import Guard
from consulta.platform.db.dsn import Dsn
from tests.conftest import TestDatabase
from tests.settings import settings_for

_NOWHERE = TestDatabase(Dsn("postgresql://nobody:nothing@127.0.0.1:1/none"))


@cache
def the_app() -> FastAPI:
    """The service with its sandbox. Nothing connects: its lifespan never begins."""
    return create_app(settings_for(_NOWHERE))


def doors(app: FastAPI) -> list[tuple[str, RouteContext]]:
    """Every route of the app as `METHOD path`, in the order of the document."""
    return [
        (f"{method} {route.path}", route)
        for route in iter_route_contexts(app.routes)
        for method in sorted(getattr(route, "methods", None) or ["ANY"])
        if method != "HEAD"
    ]


def guards_of(route: RouteContext) -> list[Guard | CronGuard]:
    """The locks on that door, wherever in its dependencies they hang."""
    return [call for call in calls_of(route) if isinstance(call, Guard | CronGuard)]


def calls_of(route: RouteContext) -> list[Any]:
    """Everything that the route depends on."""
    return list(_calls(getattr(route, "dependant", None)))


def _calls(dependant: Any) -> Iterator[Any]:
    for inner in dependant.dependencies if dependant is not None else ():
        yield inner.call
        yield from _calls(inner)


def roles_of(route: RouteContext) -> frozenset[Role] | None:
    """Who passes every lock on that door; None where there is no lock."""
    guards = guards_of(route)
    return frozenset.intersection(*(guard.roles for guard in guards)) if guards else None
