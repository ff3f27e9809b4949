"""What FastAPI does not say of itself in the API document: problem documents, who may knock, and
what each part of the service is about.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from consulta.kernel.actor import Role
from consulta.platform.http.schema import Problem

DESCRIPTION = """
Booking and payments for specialists and the people who book them.

* **Sign in** at `POST /api/v1/auth/login` and send `Authorization: Bearer <access_token>`.
* **Errors** are RFC 9457 problem documents; `code` is stable, `detail` is for people.
* **Idempotency-Key**: needed wherever something is booked or money moves. The same key and body
  get the same answer, so a request may be sent again whatever happened to the first one.
* **Money** is in minor units of its currency; **times** are RFC 3339 with an offset.
* **Lists** have `items` and a `next_cursor`, which is sent back as `cursor`.
""".strip()

_BEARER = "bearer"
_CRON = "cron"
_SCHEMES = {
    _BEARER: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access_token` of a sign-in, or a token of the trusted issuer.",
    },
    _CRON: {"type": "http", "scheme": "bearer", "description": "`CRON_SECRET`."},
}
_UNGUARDED: list[dict[str, list[str]]] = []


def complete(app: FastAPI) -> None:
    """From now on `app.openapi()` also holds the schema of problem documents, and for every
    operation whether it wants a token. Call it when all routes are mounted.
    """
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            components = document.setdefault("components", {})
            components.setdefault("schemas", {}).setdefault("Problem", Problem.model_json_schema())
            components["securitySchemes"] = _SCHEMES
            document["info"].setdefault("description", DESCRIPTION)
            _say_who_may_knock(app, document["paths"])
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _say_who_may_knock(app: FastAPI, paths: dict[str, Any]) -> None:
    for route in iter_route_contexts(app.routes):
        operations = paths.get(getattr(route, "path_format", None) or "", {})
        for method in getattr(route, "methods", None) or ():
            operation = operations.get(method.lower())
            if operation is not None:
                operation["security"] = _security(route)


def _security(route: RouteContext) -> list[dict[str, list[str]]]:
    """No token, a token if there is one, a token, or the cron secret, as the guards ask for it."""
    doors = [frozenset(roles) for roles in _roles(getattr(route, "dependant", None))]
    if not doors:
        return _UNGUARDED
    roles = frozenset.intersection(*doors)
    if roles == {Role.SYSTEM}:
        return [{_CRON: []}]
    if Role.SYSTEM in roles:  # An open door: the token is not even looked at.
        return _UNGUARDED
    return [{}, {_BEARER: []}] if Role.ANONYMOUS in roles else [{_BEARER: []}]


def _roles(dependant: Any) -> Iterator[frozenset[Role]]:
    """The roles of every guard, wherever it hangs; both kinds of guard have them."""
    for inner in dependant.dependencies if dependant is not None else ():
        roles = getattr(inner.call, "roles", None)
        if isinstance(roles, frozenset):
            yield roles
        yield from _roles(inner)
