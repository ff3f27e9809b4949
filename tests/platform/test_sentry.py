"""Sentry: an event leaves, and nothing in it belongs to anybody."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sentry_sdk
from fastapi import FastAPI, Request
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from consulta.kernel.errors import Conflict, Unavailable
from consulta.platform import sentry
from consulta.platform.failures import alert, report
from consulta.settings import ObservabilitySettings, Settings

DSN = "https://public@sentry.example.org/1"
CANARIES = (
    "hunter2",
    "4242424242424242",
    "sk_live_canary",
    "pi_1_secret_canary",
    "query-canary",
    "signature-canary",
    "anna@example.com",
    "cookie-canary",
    "Bearer",
    "local-canary",
    "note-canary",
    "link-canary",
)


class Wire(Transport):
    """Where events would leave for the internet."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.sent: list[str] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append(envelope.serialize().decode())

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(text.splitlines()[2]) for text in self.sent]


class RoomTaken(Conflict):
    """Somebody has the room of anna@example.com."""

    code = "ROOM_TAKEN"


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    assert sentry.init(settings(DSN), release="consulta@test", transport=made)
    yield made
    sentry_sdk.get_global_scope().set_client(None)


def settings(dsn: str) -> Settings:
    return Settings.model_validate(
        {"observability": ObservabilitySettings.model_validate({"SENTRY_DSN": dsn})}
    )


def canary_free(wire: Wire) -> None:
    assert wire.sent
    for text in wire.sent:
        assert [canary for canary in CANARIES if canary in text] == []


def fail(**values: str) -> None:
    local = "local-canary"
    raise RuntimeError(f"{local} {values} hunter2 4242424242424242 sk_live_canary1234")


def test_without_a_dsn_it_is_off() -> None:
    assert not sentry.init(settings(""), release="consulta@test")
    assert sentry_sdk.get_client().transport is None


def test_a_reported_error_says_where_and_not_what(wire: Wire) -> None:
    with pytest.raises(RuntimeError) as raised:
        fail(email="anna@example.com", client_secret="pi_1_secret_canary")
    report(raised.value, during="bookings.expire_unpaid", item="0190f4f6")
    canary_free(wire)
    event = wire.events[0]
    exception = event["exception"]["values"][-1]
    assert (exception["type"], exception["value"]) == ("RuntimeError", "[removed]")
    frame = exception["stacktrace"]["frames"][-1]
    assert frame["function"] == "fail"
    assert set(frame) <= {"abs_path", "filename", "function", "in_app", "lineno", "module"}
    assert event["tags"]["during"] == "bookings.expire_unpaid"
    assert event["release"] == "consulta@test"
    assert "server_name" not in event


def test_the_code_of_a_domain_error_stays(wire: Wire) -> None:
    try:
        try:
            fail()
        except RuntimeError as cause:
            raise RoomTaken from cause
    except RoomTaken as error:
        sentry_sdk.capture_exception(error)
    canary_free(wire)
    values = [one["value"] for one in wire.events[0]["exception"]["values"]]
    assert values == ["[removed]", "ROOM_TAKEN"]


async def test_a_request_that_breaks_leaves_its_secrets_here(wire: Wire) -> None:
    app = FastAPI()

    @app.post("/pay/{booking}/files/{link}")
    async def pay(request: Request, booking: str, link: str) -> None:
        body = await request.json()
        sentry_sdk.add_breadcrumb(message="note-canary", data={"sql": "note-canary"}, category="q")
        sentry_sdk.set_user({"email": "anna@example.com", "ip_address": "10.0.0.1"})
        sentry_sdk.set_context("booking", {"note": "note-canary"})
        sentry_sdk.set_extra("body", body)
        sentry_sdk.set_tag("mail", "anna@example.com")
        fail(email=body["email"])

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        answer = await http.post(
            f"/pay/b1/files/{'link-canary' * 5}?token=query-canary&email=anna@example.com",
            json={
                "password": "hunter2",
                "card_number": "4242424242424242",
                "client_secret": "pi_1_secret_canary",
                "email": "anna@example.com",
            },
            headers={
                "Authorization": "Bearer sk_live_canary",
                "Stripe-Signature": "t=1,v1=signature-canary",
                "Cookie": "session=cookie-canary",
                "X-Something": "anna@example.com",
                "User-Agent": "a browser",
            },
        )
    assert answer.status_code == 500
    canary_free(wire)
    request = wire.events[0]["request"]
    assert request["url"] == "http://test/pay/b1/files/[removed]"
    assert {name.lower() for name in request["headers"]} <= {
        "accept",
        "content-length",
        "content-type",
        "user-agent",
    }
    assert not {"data", "cookies", "env", "query_string"} & set(request)
    assert not {"user", "extra", "modules"} & set(wire.events[0])


def test_an_alert_is_an_event_of_its_own(wire: Wire) -> None:
    alert("a letter is parked", during="inbox", kind="charge.refunded", mail="anna@example.com")
    canary_free(wire)
    assert wire.events[0]["level"] == "error"
    assert "a letter is parked" in wire.sent[0]


def test_what_passes_by_itself_is_not_reported(wire: Wire) -> None:
    report(Unavailable(), during="outbox")
    assert wire.sent == []


def test_a_timing_leaves_without_sql_and_addresses() -> None:
    reduced = sentry.before_send_transaction(
        {
            "type": "transaction",
            "transaction": "/pay/{booking}",
            "request": {
                "url": "http://test/pay?token=query-canary",
                "query_string": "query-canary",
            },
            "contexts": {
                "trace": {"trace_id": "1", "data": {"url": "query-canary"}},
                "other": {"note": "note-canary"},
            },
            "spans": [
                {"op": "db", "description": "SELECT 'note-canary'", "data": {"q": "note-canary"}}
            ],
            "user": {"email": "anna@example.com"},
        },
        {},
    )
    assert reduced is not None
    text = json.dumps(reduced)
    assert [canary for canary in CANARIES if canary in text] == []
    assert reduced["spans"] == [{"op": "db"}]
