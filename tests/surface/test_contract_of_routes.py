"""What holds for every answer of every route: the document names it, its headers are safe, and odd
methods, origins and spellings of an address open nothing.
"""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from structlog.testing import capture_logs

from consulta.main import create_app
from consulta.platform.http.schema import Problem
from consulta.routes import OLD_SHAPES
from consulta.settings import AuthSettings, HttpSettings, MailSettings, PaymentSettings
from tests.conftest import TestDatabase
from tests.house.app import doors, the_app
from tests.settings import JWT_SECRET, settings_for
from tests.surface.asks import ASKS
from tests.surface.conftest import ALLOWED_ORIGIN
from tests.surface.refusals import DOCUMENT, is_older
from tests.surface.town import Town, build_town
from tests.surface.wire import raw
from tests.world import World, running_world

NOT_IN_THE_DOCUMENT = {"GET /openapi.json", "GET /docs", "GET /docs/static/{name}"}
SECURE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=31536000",
    "cross-origin-resource-policy": "same-site",
    "cache-control": "no-store",
}
KEPT = {"GET /api/v1/specialists/{specialist_id}/slots": "private, no-cache"}
"""Answers that a browser may keep if it asks each time."""
_POLICY = "content-security-policy"
PAGES = {"GET /api/v1/receipts/{receipt_id}/html"}
"""Answers with a look of their own, for which their policy makes room."""
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "ODD"}
GUARDED = [door for door, ask in ASKS.items() if ask.who != "anonymous"]


@pytest.fixture(scope="module")
async def town(surface: World) -> Town:
    return await build_town(surface)


def documented(document: Any) -> set[str]:
    return {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
    }


def test_the_document_has_every_route_and_no_other() -> None:
    live = {name for name, _ in doors(the_app())}

    assert live - NOT_IN_THE_DOCUMENT == documented(DOCUMENT)
    assert documented(DOCUMENT) == ASKS.keys()


@pytest.mark.parametrize("door", ASKS)
@pytest.mark.parametrize("who", ["anonymous", "owner"])
async def test_every_answer_is_signed_off(surface: World, town: Town, door: str, who: str) -> None:
    ask = ASKS[door]
    if ask.spends and who == "owner":
        town = await build_town(surface)
    person = surface.anonymous if who == "anonymous" else town.identity(ask.who)
    method, _, path = door.partition(" ")
    address = ask.address(path, town)
    address = address if address.startswith("/api/") else f"/{address}"

    reply = await person.request(
        method, address, ask.body(town) if ask.body else None, headers={"X-Request-ID": "my-own-id"}
    )

    is_page = door in PAGES and reply.status == 200
    _ensure_secure(
        _without_style(reply.headers) if is_page else reply.headers,
        keeps=KEPT.get(door, "no-store") if reply.status == 200 else None,
    )
    assert reply.headers["x-request-id"] == "my-own-id"
    if reply.status >= 400 and not is_older(door):
        assert reply.headers["content-type"] == "application/problem+json"
        assert Problem.model_validate(reply.json).request_id == "my-own-id"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/nowhere", {}, 404),
        ("GET", "/api/v1/nowhere/%00", {}, 404),
        ("POST", "/livez", {}, 405),
        ("POST", "/api/v1/auth/login", {"content-length": "999999999"}, 413),
        ("POST", "/api/v1/auth/login", {"content-encoding": "gzip"}, 415),
        ("POST", "/api/v1/auth/login", {"content-type": "application/json"}, 422),
    ],
)
async def test_refusals_without_a_route_are_signed_off_too(
    town: Town, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    sent = [(name, value.encode()) for name, value in headers.items()]
    reply = await raw(town.world, method, path, headers=sent)

    assert reply.status == status
    _ensure_secure(reply.headers)
    assert Problem.model_validate(reply.json).request_id == reply.headers["x-request-id"]


@pytest.mark.parametrize("sent", ["short", "a b c d e f", "a" * 65, "ümläut-12", "<script>12"])
async def test_odd_request_ids_are_replaced(town: Town, sent: str) -> None:
    reply = await raw(
        town.world, "GET", "/api/v1/me", headers=[("x-request-id", sent.encode("latin-1"))]
    )

    assert reply.headers["x-request-id"] != sent
    assert len(reply.headers["x-request-id"]) == 24


async def test_our_own_fault_says_nothing_of_the_database(world: World) -> None:
    anna = await world.client()
    await world.superuser.execute("ALTER TABLE app.profiles RENAME full_name TO odd_name")

    with capture_logs() as logs:
        reply = await anna.get("/me")

    assert (reply.status, reply.code) == (500, "INTERNAL_ERROR")
    _ensure_secure(reply.headers)
    assert reply.json["request_id"] == reply.headers["x-request-id"]
    said = reply.content.decode().lower()
    for word in ("full_name", "select", "column", "asyncpg", "trace"):
        assert word not in said
    assert [log["event"] for log in logs] == ["bug", "request"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://app.consulta.example",
        "https://app.consulta.example.evil.example",
        "https://evil-app.consulta.example",
        "https://xapp.consulta.example",
        "https://app.consulta.example:8443",
        "https://app.consulta.example/",
        "https://APP.consulta.example",
        "https://app.consulta.example\x00",
        "*",
        "",
    ],
)
async def test_strange_origins_are_told_nothing(town: Town, origin: str) -> None:
    for method, more in (
        ("GET", []),
        ("OPTIONS", [("access-control-request-method", b"GET")]),
        ("OPTIONS", [("access-control-request-method", b"DELETE")]),
    ):
        sent = [("origin", origin.encode()), ("cookie", b"session=1"), *more]
        sent.append(("authorization", f"Bearer {town.anna.token}".encode()))
        reply = await raw(town.world, method, "/api/v1/me", headers=sent)
        assert "access-control-allow-origin" not in reply.headers
        assert "access-control-allow-credentials" not in reply.headers


async def test_the_allowed_origin_may_ask_and_send_no_cookies(town: Town) -> None:
    origin = ("origin", ALLOWED_ORIGIN.encode())
    asked = [("access-control-request-method", b"PATCH")]
    headers = [("access-control-request-headers", b"authorization, idempotency-key")]
    preflight = await raw(town.world, "OPTIONS", "/api/v1/me", headers=[origin, *asked, *headers])
    reply = await raw(town.world, "GET", "/api/v1/specialists", headers=[origin])

    for one in (preflight, reply):
        assert one.status == 200
        assert one.headers["access-control-allow-origin"] == ALLOWED_ORIGIN
        assert "access-control-allow-credentials" not in one.headers
        assert "Origin" in one.headers["vary"]


async def test_refusals_never_repeat_what_was_sent(town: Town) -> None:
    canary = "canary-3f9a"
    for method, path, body in (
        ("GET", f"/{canary}", None),
        ("GET", f"/api/v1/bookings/{canary}", None),
        ("GET", f"/api/v1/bookings?status={canary}&from={canary}&limit={canary}", None),
        ("GET", f"/api/v1/bookings?cursor={canary}", None),
        ("GET", f"/api/v1/specialists/{town.sarah.id}/slots?from={canary}&rate_id={canary}", None),
        ("GET", f"/api/v1/specialists/{town.sarah.id}/slots?time_zone={canary}", None),
        ("GET", f"/api/v1/specialists?sort={canary}&currency={canary}&q={'x' * 90}{canary}", None),
        ("POST", f"/api/cron/{canary}", None),
        ("POST", f"/api/webhooks/{canary}", {canary: canary}),
        ("POST", "/api/v1/auth/login", {"email": canary, "password": canary}),
        ("POST", "/api/v1/auth/login", {"email": f"{canary}@example.org", "password": canary}),
        ("POST", "/api/v1/auth/register", {"email": canary, "password": canary, "role": canary}),
        ("POST", "/api/v1/auth/refresh", {"refresh_token": canary}),
        ("POST", "/api/v1/holds", {"specialist_id": canary, "starts_at": canary, canary: canary}),
        ("PATCH", "/api/v1/me", {"phone": canary, "photo_url": canary, "time_zone": canary}),
    ):
        headers = {"X-Hold-Token": canary, "Idempotency-Key": f"{canary} x", "Accept": canary}
        for person in (town.anna, town.world.anonymous):
            reply = await person.http.request(
                method,
                path,
                json=body,
                headers=headers | ({"Authorization": f"Bearer {person.token or canary}"}),
            )
            assert 400 <= reply.status_code < 500, (path, reply.text)
            assert canary not in reply.text, (path, reply.text)


@pytest.mark.parametrize("path", DOCUMENT["paths"])
async def test_other_methods_are_not_allowed(town: Town, path: str) -> None:
    known = {method.upper() for method in DOCUMENT["paths"][path]}
    address = next(
        ask.address(path, town) for door, ask in ASKS.items() if door.endswith(f" {path}")
    )
    for method in sorted(METHODS - known):
        sent = [("authorization", f"Bearer {town.ada.token}".encode())]
        reply = await raw(town.world, method, address, headers=sent)
        if reply.status == 200 or method in _other_routes(path):
            continue  # A sibling with a name in place of the id answers here.
        code = reply.json.get("error" if path in OLD_SHAPES else "code")
        told = "INVALID_REQUEST" if path in OLD_SHAPES else "METHOD_NOT_ALLOWED"
        assert (reply.status, code) == (405, told), (method, address)
        assert set(reply.headers["allow"].split(", ")) & known


@pytest.mark.parametrize("door", GUARDED)
async def test_odd_spellings_of_an_address_open_nothing(town: Town, door: str) -> None:
    method, _, path = door.partition(" ")
    address = ASKS[door].address(path, town)
    first, _, rest = address[1:].partition("/")
    for odd in (
        f"/{address}",
        f"//{rest}",
        f"/{first}//{rest}",
        f"{address}/",
        f"{address}//",
        f"{address}/.",
        f"{address}%2f",
        f"{address};a=b",
        f"{address}%20",
        f"{address}%00",
        f"{address}.json",
        f"/./{address[1:]}",
        f"/%2e/{address[1:]}",
        f"/livez/..{address}",
        f"/livez/%2e%2e{address}",
        f"/livez/..%2f{address[1:]}",
        f"/livez\\..{address}",
        address.upper(),
        address.replace("/v1/", "/V1/"),
        address.replace("/", "%2f"),
        address.replace("/", "\\"),
        address.replace("a", "%61"),
    ):
        reply = await raw(town.world, method, odd, headers=[("x-http-method-override", b"GET")])
        assert reply.status in {401, 404, 405, 422}, (odd, reply)
        told = "application/json" if is_older(door) else "application/problem+json"
        assert reply.headers["content-type"] in {"application/problem+json", told}


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/static/swagger-ui.css", "/openapi.json", "/redoc"]
)
async def test_production_shows_no_documentation(production: FastAPI, path: str) -> None:
    assert (await _plain(production, path)).status_code == 404


async def test_production_shows_metrics_to_those_with_the_token(production: FastAPI) -> None:
    assert (await _plain(production, "/metrics")).status_code == 401
    assert (await _plain(production, "/metrics", "wrong")).status_code == 401
    assert (await _plain(production, "/metrics", METRICS_TOKEN)).status_code == 200


async def test_without_a_token_production_has_no_metrics(module_database: TestDatabase) -> None:
    app = create_app(_production(module_database, metrics_token=""))

    assert (await _plain(app, "/metrics")).status_code == 404
    assert (await _plain(app, "/metrics", METRICS_TOKEN)).status_code == 404


async def test_production_has_no_sandbox(database: TestDatabase) -> None:
    # A house of its own: a start says who takes the money, to everybody on that database.
    settings = _production(database, metrics_token="")
    async with running_world(database, settings) as world:
        anna = await world.client()
        things = ("payments/{}/method", "payments/{}/action", "saved-methods/{}/method")
        for path in (f"/sandbox/{thing.format(uuid4())}" for thing in things):
            assert (await anna.post(path, {})).status == 404
        assert (await anna.post("/api/webhooks/sandbox", {})).status in {404, 503}


METRICS_TOKEN = "metrics-token-of-the-tests-0123456789"


@pytest.fixture(scope="module")
def production(module_database: TestDatabase) -> FastAPI:
    return create_app(_production(module_database, metrics_token=METRICS_TOKEN))


def _production(database: TestDatabase, *, metrics_token: str) -> Any:
    return settings_for(
        database,
        environment="production",
        auth=AuthSettings(jwt_secret=SecretStr(JWT_SECRET)),
        payments=PaymentSettings(provider="manual"),
        mail=MailSettings(delivery="none"),
        http=HttpSettings(
            public_url="https://consulta.example", metrics_token=SecretStr(metrics_token)
        ),
    )


async def _plain(app: FastAPI, path: str, token: str = "") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://consulta.test") as http:
        return await http.get(path, headers=headers)


def _ensure_secure(headers: Any, *, keeps: str | None = None) -> None:
    expected = SECURE | {"cache-control": keeps or "no-store"}
    assert {name: headers.get(name) for name in expected} == expected


def _without_style(headers: Any) -> dict[str, str]:
    """The headers of a page, without the one style that its policy names, and without what is
    stricter than anywhere else.
    """
    policy = re.sub(r"; style-src 'sha256-[A-Za-z0-9+/=]{44}'", "", headers[_POLICY])
    return {**headers, _POLICY: policy.replace("; base-uri 'none'; form-action 'none'", "")}


def _other_routes(path: str) -> set[str]:
    """Methods that a route with a name where this one has an id answers to, or the reverse."""
    parts = path.split("/")
    return {
        method.upper()
        for other, operations in DOCUMENT["paths"].items()
        for method in operations
        if other != path
        and len(other.split("/")) == len(parts)
        and all(
            mine == theirs or "{" in mine or "{" in theirs
            for mine, theirs in zip(parts, other.split("/"), strict=True)
        )
    }
