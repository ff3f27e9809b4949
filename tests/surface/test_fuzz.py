"""Every operation of the API document, fuzzed from the document itself for every kind of caller:
no answer is a 5xx, and none is of a status, a type or a shape that the document does not name.
"""

import secrets
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, GenerationMode, Response
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from consulta.kernel.actor import Role
from tests.house.app import doors, roles_of, the_app
from tests.surface.believable import believable
from tests.surface.town import Town
from tests.world import Person

NOT_NOW = {"PAYMENT_PROVIDER_NOT_CONFIGURED", "PROVIDER_UNAVAILABLE"}
"""Codes of a 503 that is the truth: of a provider that is not set up here, or is away."""


def is_no_server_error(_context: CheckContext, response: Response, _case: Case[Any]) -> bool | None:
    """Nothing breaks, however odd the request was."""
    if response.status_code == 503:
        assert response.json()["code"] in NOT_NOW, response.json()
    else:
        assert response.status_code < 500, response.json()
    return None


CHECKS: list[Any] = [
    is_no_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
]
DOCUMENT = the_app().openapi()
IDENTITIES = {
    "anonymous": Role.ANONYMOUS,
    "client": Role.CLIENT,
    "specialist": Role.SPECIALIST,
    "admin": Role.ADMIN,
    "cron": Role.SYSTEM,
}
Cases = st.SearchStrategy[Case[Any]]
_LOGOUT = ("POST", "/api/v1/auth/logout")

_OURS = {"authorization", "idempotency-key", "connection"}
LET_IN, TURNED_AWAY = 18, 4
"""Requests for each pair of operation and caller: enough to meet every field some time, and all of
it in a minute or two."""

# The same cases in every run: a failure here is reproduced by running the test again.
_SETTINGS: dict[str, Any] = {
    "derandomize": True,
    "database": None,
    "deadline": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


def _pairs(*, let_in: bool) -> list[Any]:
    """Each operation with each caller, who is let in by its guards, or is not."""
    found = []
    for name, route in doors(the_app()):
        method, _, path = name.partition(" ")
        if path not in DOCUMENT["paths"]:
            continue
        roles = roles_of(route)
        for identity, role in IDENTITIES.items():
            is_cron = path.startswith("/api/cron/")
            passes = role is Role.SYSTEM if is_cron else roles is None or role in roles
            if passes is let_in and (is_cron or role is not Role.SYSTEM):
                found.append(pytest.param(identity, path, method, id=f"{identity} {name}"))
    return found


@pytest.fixture
def cases(town: Town, path: str, method: str) -> Cases:
    """Requests about real things, requests as the document wants them, and requests that break it
    somewhere.
    """
    known = schemathesis.openapi.from_dict(believable(DOCUMENT, town))[path][method]
    plain = schemathesis.openapi.from_dict(DOCUMENT)[path][method]
    return st.one_of(
        known.as_strategy(GenerationMode.POSITIVE),
        known.as_strategy(GenerationMode.NEGATIVE),
        plain.as_strategy(GenerationMode.POSITIVE),
    )


@pytest.mark.slow
@pytest.mark.parametrize(("identity", "path", "method"), _pairs(let_in=True))
@settings(max_examples=LET_IN, **_SETTINGS)
@given(data=st.data())
async def test_whoever_is_let_in_gets_what_the_document_says(
    town: Town, cases: Cases, identity: str, path: str, method: str, data: st.DataObject
) -> None:
    await _try(town, identity, path, method, data.draw(cases))


@pytest.mark.slow
@pytest.mark.parametrize(("identity", "path", "method"), _pairs(let_in=False))
@settings(max_examples=TURNED_AWAY, **_SETTINGS)
@given(data=st.data())
async def test_whoever_is_not_let_in_is_told_so_as_documented(
    town: Town, cases: Cases, identity: str, path: str, method: str, data: st.DataObject
) -> None:
    response = await _try(town, identity, path, method, data.draw(cases))

    assert response.status_code >= 400


async def _try(
    town: Town, identity: str, path: str, method: str, case: Case[Any]
) -> httpx.Response:
    person = town.identity(identity)
    if (method, path) == _LOGOUT and person.id is not None:
        person = await town.signed_in_again(person)
    response = await _send(case, person)
    case.validate_response(response, checks=CHECKS)
    return response


async def _send(case: Case[Any], person: Person) -> httpx.Response:
    """The request as Schemathesis would send it, with that person's token in it."""
    asked = case.as_transport_kwargs(base_url="http://consulta.test")
    prepared = requests.Request(**asked).prepare()
    assert prepared.url is not None
    headers = [
        (name.encode(), value.encode("latin-1") if isinstance(value, str) else value)
        for name, value in prepared.headers.items()
        if name.lower() not in _OURS
    ]
    if person.token is not None:
        headers.append((b"authorization", f"Bearer {person.token}".encode()))
    if prepared.method == "POST":
        headers.append((b"idempotency-key", secrets.token_hex(8).encode()))
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    assert body is None or isinstance(body, bytes)
    return await person.http.request(
        prepared.method or "GET", prepared.url, headers=headers, content=body
    )
