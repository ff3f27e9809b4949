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

NOT_NOW = {"PAYMENT_PROVIDER_NOT_CONFIGURED", "PROVIDER_UNAVAILABLE", "STREAMS_FULL"}
"""Codes of a 503 that is the truth: of a provider that is not set up here, or is away; of streams,
for which there is no room here, since they would never end."""


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
PLAIN = schemathesis.openapi.from_dict(DOCUMENT)
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
EXAMPLES = 6
"""Requests of each caller who is let in, for each operation: enough to meet every field some time,
and all of it in a minute or two. Who is turned away sends what the last one sent.
"""

# The same cases in every run: a failure here is reproduced by running the test again.
_SETTINGS: dict[str, Any] = {
    "derandomize": True,
    "database": None,
    "deadline": None,
    "phases": [Phase.generate],
    "suppress_health_check": list(HealthCheck),
}


def _operations() -> list[Any]:
    """Each operation of the document, with the callers whom its guards let in, and the others."""
    found = []
    for name, route in doors(the_app()):
        method, _, path = name.partition(" ")
        if path not in DOCUMENT["paths"]:
            continue
        roles = roles_of(route)
        is_cron = path.startswith("/api/cron/")
        let_in: list[str] = []
        turned_away: list[str] = []
        for identity, role in IDENTITIES.items():
            passes = role is Role.SYSTEM if is_cron else roles is None or role in roles
            if is_cron or role is not Role.SYSTEM:
                (let_in if passes else turned_away).append(identity)
        found.append(pytest.param(path, method, let_in, turned_away, id=name))
    return found


@pytest.fixture
def cases(town: Town, path: str, method: str) -> Cases:
    """Requests about real things, requests as the document wants them, and requests that break it
    somewhere.
    """
    known = schemathesis.openapi.from_dict(believable(DOCUMENT, town))[path][method]
    plain = PLAIN[path][method]
    return st.one_of(
        known.as_strategy(GenerationMode.POSITIVE),
        known.as_strategy(GenerationMode.NEGATIVE),
        plain.as_strategy(GenerationMode.POSITIVE),
    )


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method", "let_in", "turned_away"), _operations())
@settings(max_examples=EXAMPLES, **_SETTINGS)
@given(data=st.data())
async def test_every_caller_gets_what_the_document_says(
    town: Town,
    cases: Cases,
    path: str,
    method: str,
    let_in: list[str],
    turned_away: list[str],
    data: st.DataObject,
) -> None:
    case = None
    for identity in let_in:
        case = data.draw(cases)
        await _try(town, identity, path, method, case)
    for identity in turned_away:
        response = await _try(town, identity, path, method, case or data.draw(cases))

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
