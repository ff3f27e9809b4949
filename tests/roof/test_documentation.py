"""The documentation page: whole without internet, and absent in production."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from consulta.main import create_app
from consulta.platform.db.dsn import Dsn
from consulta.platform.http.documentation import CONTENT_SECURITY_POLICY, PAGE, SCRIPT, STYLE
from consulta.settings import HttpSettings
from tests.conftest import TestDatabase
from tests.settings import settings_for

NOWHERE = TestDatabase(Dsn("postgresql://nobody:nothing@127.0.0.1:1/none"))


@asynccontextmanager
async def browsing(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://docs.test") as http:
        yield http


def app_with(**http: Any) -> FastAPI:
    return create_app(settings_for(NOWHERE, http=HttpSettings(**http)))


def loaded_by(html: str) -> list[str]:
    """Every address that a browser fetches to show the page."""
    return re.findall(r"""<(?:script|link|img)[^>]+?(?:src|href)="([^"]+)\"""", html)


async def test_everything_that_the_page_loads_comes_from_here() -> None:
    async with browsing(app_with(docs=True)) as http:
        page = await http.get("/docs")
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        found = loaded_by(page.text)
        assert len(found) >= 4
        for address in found:
            assert not re.match(r"(https?:)?//", address)
            file = await http.get("/" + address)
            assert file.status_code == 200, address
            assert len(file.content) > 50
        document = await http.get("/openapi.json")
        assert document.json()["openapi"].startswith("3.1")


async def test_the_browser_is_told_to_load_nothing_from_elsewhere() -> None:
    async with browsing(app_with(docs=True)) as http:
        policy = (await http.get("/docs")).headers["content-security-policy"]
        elsewhere = (await http.get("/api/v1/bookings")).headers["content-security-policy"]

    assert policy == CONTENT_SECURITY_POLICY
    assert not re.search(r"https?:|\*|'unsafe-eval'", policy)
    assert re.search(r"script-src 'self'(;|$)", policy)
    assert "script-src" not in elsewhere, "the page's policy is the page's alone"


@pytest.mark.parametrize("text", [PAGE, SCRIPT, STYLE])
def test_our_own_files_name_no_other_origin(text: str) -> None:
    assert "//" not in text.replace("<!doctype html>", "")


async def test_swagger_ui_fetches_nothing_by_itself() -> None:
    """Its one habit of asking elsewhere, the validator's badge, is switched off."""
    assert "validatorUrl: null" in SCRIPT
    async with browsing(app_with(docs=True)) as http:
        style = (await http.get("/docs/static/swagger-ui.css")).text
        library = (await http.get("/docs/static/swagger-ui-bundle.js")).text
    assert not re.search(r"""(@import|url\(["']?(https?:)?//)""", style)
    assert re.search(r'PACKAGE_VERSION:"5\.', library), "OpenAPI 3.1 needs Swagger UI 5"


@pytest.mark.parametrize("name", ["..%2fpage.js", "favicon.png", "redoc.standalone.js"])
async def test_nothing_else_is_served(name: str) -> None:
    async with browsing(app_with(docs=True)) as http:
        assert (await http.get(f"/docs/static/{name}")).status_code == 404


@pytest.mark.parametrize("path", ["/docs", "/docs/static/page.js", "/openapi.json"])
async def test_it_can_be_switched_off(path: str) -> None:
    async with browsing(app_with(docs=False)) as http:
        assert (await http.get(path)).status_code == 404
