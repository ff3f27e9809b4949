"""What FastAPI does not say of itself in the API document: problem documents, who may knock, and
where an Idempotency-Key is read.
"""

from collections.abc import Iterator
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from consulta.kernel.actor import Role
from consulta.platform.http.idempotency import OnceDep, OpenOnceDep, OptionalOnceDep
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

EXAMPLE_KEY = "a-fresh-one-for-every-act"
_MANDATORY = get_args(OnceDep)[1].dependency
_WELCOME = {get_args(dep)[1].dependency for dep in (OptionalOnceDep, OpenOnceDep)}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key and body get the same answer again, for 72 hours.",
    "schema": {
        "type": "string",
        "pattern": r"^[\x21\x23-\x7e]+$",
        "minLength": 1,
        "maxLength": 255,
    },
    "example": EXAMPLE_KEY,
}


def complete(app: FastAPI) -> None:
    """From now on `app.openapi()` also holds the schema of problem documents, and for every
    operation whether it wants a token and a key. Call it when all routes are mounted.
    """
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            components = document.setdefault("components", {})
            components.setdefault("schemas", {}).setdefault("Problem", Problem.model_json_schema())
            components["securitySchemes"] = _SCHEMES
            document["info"].setdefault("description", DESCRIPTION)
            _say_what_is_asked_for(app, document["paths"])
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _say_what_is_asked_for(app: FastAPI, paths: dict[str, Any]) -> None:
    for route in iter_route_contexts(app.routes):
        operations = paths.get(getattr(route, "path_format", None) or "", {})
        for method in getattr(route, "methods", None) or ():
            operation = operations.get(method.lower())
            if operation is None:
                continue
            calls = list(_calls(getattr(route, "dependant", None)))
            operation["security"] = _security(calls)
            if _MANDATORY in calls or not _WELCOME.isdisjoint(calls):
                key = {**_KEY, "required": _MANDATORY in calls}
                operation["parameters"] = [*operation.get("parameters", ()), key]


def _security(calls: list[Any]) -> list[dict[str, list[str]]]:
    """No token, a token if there is one, a token, or the cron secret, as the guards ask for it."""
    doors = [call.roles for call in calls if isinstance(getattr(call, "roles", None), frozenset)]
    if not doors:
        return _UNGUARDED
    roles = frozenset.intersection(*doors)
    if roles == {Role.SYSTEM}:
        return [{_CRON: []}]
    if Role.SYSTEM in roles:  # An open door: the token is not even looked at.
        return _UNGUARDED
    return [{}, {_BEARER: []}] if Role.ANONYMOUS in roles else [{_BEARER: []}]


def _calls(dependant: Any) -> Iterator[Any]:
    """Everything that a route depends on, wherever it hangs."""
    for inner in dependant.dependencies if dependant is not None else ():
        yield inner.call
        yield from _calls(inner)
