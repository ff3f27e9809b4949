"""Every route has a guard, and what anybody may knock at stands on one short list with a reason."""

from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from consulta.kernel.actor import Actor, Role
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import ADMIN, OPEN, PERSON, PUBLIC
from consulta.platform.http.deps import WorkDep, _work
from tests.house.app import calls_of, doors, roles_of, the_app
from tests.house.source import obey

BARE = {
    "GET /livez": "an orchestrator asks, who has no token",
    "GET /readyz": "an orchestrator asks, who has no token",
    "GET /metrics": "its own token, where one is set",
    "GET /openapi.json": "the contract is public; off in production unless asked for",
    "GET /docs": "the contract is public; off in production unless asked for",
    "GET /docs/static/{name}": "what the page of the contract is drawn with",
}
"""Routes without a guard."""

_SIGNS_IN = "whoever comes here is not signed in yet"
_DIRECTORY = "strangers look before they sign up"
PUBLIC_LIST = {
    "POST /api/v1/auth/register": _SIGNS_IN,
    "POST /api/v1/auth/login": _SIGNS_IN,
    "POST /api/v1/auth/refresh": "the refresh token is the key, the access token has lapsed",
    "POST /api/v1/auth/password/forgot": _SIGNS_IN,
    "POST /api/v1/auth/password/reset": "the token of the letter is the key",
    "POST /api/v1/auth/verify-email": "the token of the letter is the key",
    "GET /api/v1/specialists": _DIRECTORY,
    "GET /api/v1/specialists/{specialist_id}": _DIRECTORY,
    "GET /api/v1/specialists/{specialist_id}/rates": _DIRECTORY,
    "GET /api/v1/specialists/{specialist_id}/packages": _DIRECTORY,
    "GET /api/v1/specialists/{specialist_id}/availability": _DIRECTORY,
    "GET /api/v1/specialists/{specialist_id}/availability-exceptions": _DIRECTORY,
    "GET /api/v1/specialists/{specialist_id}/slots": _DIRECTORY,
    "GET /api/v1/specialists/{specialist_id}/intake-form": _DIRECTORY,
    "GET /api/v1/specialists/{specialist_id}/slots/explain": _DIRECTORY,
    "GET /api/v1/specialists/{specialist_id}/reviews": _DIRECTORY,
    "GET /api/v1/files/{token}": "the signature in the address is the lock",
    "PUT /api/v1/files/{token}": "the signature in the address is the lock",
    "POST /api/v1/holds": "a stranger may keep a time while signing up; the hold token is the key",
    "DELETE /api/v1/holds/{hold_id}": "the hold token is the key",
    **{
        f"{method} /api/v1/payments/return/{path}": "what the provider's page signed is the key"
        for method in ("GET", "POST")
        for path in ("{provider}", "{provider}/{account}")
    },
    "POST /api/webhooks/{provider}": "the signature is the lock",
    "POST /api/webhooks/{provider}/{account}": "the signature is the lock",
}
"""Routes whose guard lets strangers in."""


def unguarded(app: FastAPI) -> list[str]:
    """Routes that have no guard and no place on the list of those that need none."""
    return [door for door, route in doors(app) if roles_of(route) is None and door not in BARE]


def unexpectedly_public(app: FastAPI) -> list[str]:
    """Routes that let strangers in without standing on the public list."""
    return [
        door
        for door, route in doors(app)
        if Role.ANONYMOUS in (roles_of(route) or ()) and door not in PUBLIC_LIST
    ]


def impassable(app: FastAPI) -> list[str]:
    """Routes whose guards, taken together, let nobody through."""
    return [door for door, route in doors(app) if roles_of(route) == frozenset()]


def writing_gets(app: FastAPI) -> list[str]:
    """GET routes that hold a transaction which may write."""
    return [
        door
        for door, route in doors(app)
        if door.startswith("GET ") and _work in calls_of(route) and door not in AUDITED_READS
    ]


_OPENED = "whoever opens what is sealed stands in the audit log"
AUDITED_READS: dict[str, str] = {
    "GET /api/v1/bookings/{booking_id}/notes": _OPENED,
    "GET /api/v1/bookings/{booking_id}/notes/{note_id}": _OPENED,
    "GET /api/v1/session-notes": _OPENED,
    "GET /api/v1/bookings/{booking_id}/intake": _OPENED,
}
"""GET routes that write: reads which are themselves recorded."""


def table(app: FastAPI) -> str:
    """Method, path and roles of every route."""
    rows = [(*door.split(" ", 1), roles_of(route)) for door, route in doors(app)]
    return "\n".join(
        f"{method:7} {path:70} {', '.join(sorted(roles)) if roles else '(no guard)'}"
        for method, path, roles in rows
    )


def test_every_route_has_a_guard() -> None:
    print(table(the_app()))
    assert len(doors(the_app())) > 10
    obey(
        unguarded(the_app()),
        law="Every route has a guard.",
        mend="add dependencies=[PERSON], [SPECIALIST], [ADMIN], [SIGNED_IN], [PUBLIC] or [OPEN]"
        " from platform/auth/guards.py; what truly needs none stands in BARE, with its reason.",
    )


def test_what_strangers_may_do_is_listed() -> None:
    obey(
        unexpectedly_public(the_app()),
        law="A route that lets strangers in stands on the short public list.",
        mend="guard it with a role, or add it to PUBLIC_LIST with the reason.",
    )


def gone(app: FastAPI, *lists: Mapping[str, str]) -> list[str]:
    """Places on a list that no route has: a route that comes back there would go unseen."""
    known = {door for door, _ in doors(app)}
    return [door for listed in lists for door in listed if door not in known]


def test_the_lists_name_routes_that_exist() -> None:
    obey(
        gone(the_app(), BARE, PUBLIC_LIST, AUDITED_READS),
        law="The lists of open doors are as short as they can be.",
        mend="take the route out of the list in tests/house/test_guards.py.",
    )


def test_every_guard_lets_somebody_in() -> None:
    obey(
        impassable(the_app()), law="A guard lets somebody in.", mend="its guards exclude each other"
    )


def test_reads_cannot_write() -> None:
    obey(
        writing_gets(the_app()),
        law="GET routes use ReadDep: PostgreSQL itself refuses to write there.",
        mend="take ReadDep; a read that is recorded stands in AUDITED_READS with the reason.",
    )


_router = APIRouter(prefix="/gifts")


@_router.get("/bare")
async def _bare() -> None: ...


@_router.get("/public", dependencies=[PUBLIC])
async def _public() -> None: ...


@_router.post("/open", dependencies=[OPEN])
async def _open() -> None: ...


@_router.get("/nobody", dependencies=[PERSON, ADMIN])
async def _nobody() -> None: ...


@_router.get("/writes", dependencies=[PERSON])
async def _writes(work: WorkDep) -> None: ...


@pytest.fixture
def bad_app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.include_router(_router, prefix="/api")
    return app


def test_bad_doors_are_found(bad_app: FastAPI) -> None:
    assert unguarded(bad_app) == ["GET /api/gifts/bare"]
    assert unexpectedly_public(bad_app) == ["GET /api/gifts/public", "POST /api/gifts/open"]
    assert impassable(bad_app) == ["GET /api/gifts/nobody"]
    assert writing_gets(bad_app) == ["GET /api/gifts/writes"]
    assert gone(bad_app, {"GET /api/gifts/bare": "", "GET /gone": ""}) == ["GET /gone"]
    assert "client, specialist" in table(bad_app)


@pytest.mark.parametrize(
    ("guard", "sentence"),
    [
        (ADMIN, "Only an admin may do this."),
        (PERSON, "Only a client or a specialist may do this."),
    ],
)
async def test_a_guard_says_for_whom_it_opens(guard: Any, sentence: str) -> None:
    with pytest.raises(Forbidden, match=f"^{sentence}$"):
        await guard.dependency(Actor.system("house.guards"))
