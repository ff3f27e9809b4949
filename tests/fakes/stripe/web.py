"""The fake's HTTP: Stripe's API under `/v1/`, payers' browsers and control under `/_fake/`."""

import html
import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.requests import Request as WebRequest
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.fakes.stripe.control import VERBS, Control
from tests.fakes.stripe.idempotency import Reply
from tests.fakes.stripe.machine import Machine, Request
from tests.fakes.stripe.refusals import Json, Refused, no_such
from tests.fakes.stripe.serve import dropped

LARGEST_BODY_BYTES = 256 * 1024
KINDS = {"payment_intents": "payment_intent", "setup_intents": "setup_intent"}

Answer = Callable[[Request], Awaitable[Reply | None]]


def make_app(machine: Machine, control: Control, *, answer: Answer) -> Starlette:
    async def api(request: WebRequest) -> Response:
        body = await _body(request)
        reply = await answer(_read(request, body))
        if reply is None:
            return await dropped(request)
        return Response(reply.body, reply.status, dict(reply.headers))

    async def confirm(request: WebRequest) -> Response:
        return await _browser_confirm(request, machine, control)

    async def authenticate(request: WebRequest) -> Response:
        return await _authenticate(request, machine, control)

    async def command(request: WebRequest) -> Response:
        return await _command(request, control)

    intent = "/_fake/{kind:str}/{intent_id:str}"
    methods = ["GET", "POST", "DELETE", "PUT", "PATCH"]
    return Starlette(
        routes=[
            Route("/v1/{rest:path}", api, methods=methods),
            Route(f"{intent}/browser_confirm", confirm, methods=["POST"]),
            Route(f"{intent}/authenticate", authenticate, methods=["GET", "POST"]),
            Route("/_fake/{verb:str}", command, methods=["GET", "POST"]),
        ]
    )


async def _body(request: WebRequest) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            raise OverflowError("the request is larger than the fake reads")
    return body


def _read(request: WebRequest, body: bytes) -> Request:
    query = request.url.query.encode()
    encoded = b"&".join(part for part in (query, body) if part)
    return Request(
        method=request.method,
        path=request.url.path,
        encoded=encoded,
        api_key=_key(request),
        account=request.headers.get("stripe-account"),
        idempotency_key=request.headers.get("idempotency-key"),
        api_version=request.headers.get("stripe-version"),
    )


def _key(request: WebRequest) -> str | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


async def _fields(request: WebRequest) -> Json:
    """The query, and the body as JSON or as a form, in one."""
    body = await _body(request)
    fields: Json = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        fields |= json.loads(body or b"{}")
    else:
        fields |= dict(parse_qsl(body.decode()))
    return fields


def _intent_of(request: WebRequest, machine: Machine, fields: Json) -> Json:
    """The intent, for who knows its client secret; for everybody else it does not exist."""
    intent_id, kind = request.path_params["intent_id"], KINDS.get(request.path_params["kind"], "")
    try:
        _, intent = machine.find(kind, intent_id)
    except LookupError:
        raise no_such(kind, intent_id) from None
    if fields.get("client_secret") != intent["client_secret"]:
        raise no_such(kind, intent_id)
    return intent


async def _browser_confirm(request: WebRequest, machine: Machine, control: Control) -> Response:
    """As Stripe.js does: a publishable key, the client secret, a payment method."""
    fields = await _fields(request)
    try:
        books = machine.keys.publishable_books(_key(request) or fields.get("key"))
        intent = _intent_of(request, machine, fields)
        if all(book.look_up(intent["object"], intent["id"]) is None for book in books):
            raise no_such(intent["object"], intent["id"])
        done = control.browser_confirm(
            intent["id"],
            payment_method=fields.get("payment_method", ""),
            return_url=fields.get("return_url"),
        )
    except Refused as refusal:
        return JSONResponse(refusal.body(), refusal.status)
    return JSONResponse(done)


async def _authenticate(request: WebRequest, machine: Machine, control: Control) -> Response:
    """The bank's page: GET shows it, POST with `succeed` answers it and goes back to the shop."""
    fields = await _fields(request)
    try:
        intent = _intent_of(request, machine, fields)
        if request.method == "GET":
            return HTMLResponse(_bank_page(intent))
        return_url = (intent["next_action"] or {}).get("redirect_to_url", {}).get("return_url")
        succeed = str(fields.get("succeed", "true")).lower() == "true"
        done = control.complete_action(intent["id"], succeed=succeed)
    except Refused as refusal:
        return JSONResponse(refusal.body(), refusal.status)
    if return_url is None:
        return JSONResponse(done)
    result = urlencode(
        {
            done["object"]: done["id"],
            f"{done['object']}_client_secret": done["client_secret"],
            "redirect_status": "succeeded" if succeed else "failed",
        }
    )
    return RedirectResponse(f"{return_url}{'&' if '?' in return_url else '?'}{result}", 303)


def _bank_page(intent: Json) -> str:
    secret = html.escape(intent["client_secret"])
    buttons = "".join(
        f'<button name="succeed" value="{value}">{label}</button>'
        for value, label in (("true", "Complete"), ("false", "Fail"))
    )
    return (
        "<!doctype html><title>3-D Secure (fake)</title><form method=post>"
        f'<input type=hidden name="client_secret" value="{secret}">{buttons}</form>'
    )


async def _command(request: WebRequest, control: Control) -> Response:
    """`POST /_fake/<verb>` with the arguments of the control's method as a JSON object."""
    verb = request.path_params["verb"]
    if verb not in VERBS:
        return JSONResponse({"error": f"no such verb: {verb}"}, 404)
    try:
        fields = await _fields(request)
        method = getattr(control, verb)
        inspect.signature(method).bind(**fields)
        result: Any = method(**fields)
        if inspect.isawaitable(result):
            result = await result
    except Refused as refusal:
        return JSONResponse(refusal.body(), refusal.status)
    except LookupError as error:
        return JSONResponse({"error": str(error)}, 404)
    except (TypeError, ValueError, OverflowError) as error:
        return JSONResponse({"error": str(error)}, 400)
    return JSONResponse({"result": result})
