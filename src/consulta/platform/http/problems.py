"""Problem documents (RFC 9457): the only place that knows a status number, and that answers errors.

No answer repeats what was sent: neither input, nor SQL, nor a stack (D9).
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import sentry_sdk
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from consulta.kernel.errors import (
    Bug,
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    Invalid,
    Malformed,
    NotFound,
    PaymentRefused,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from consulta.platform.db.constraints import DatabaseAway, DatabaseBusy, as_domain_error
from consulta.platform.request import current_request_id

STATUS_OF_KIND: Mapping[type[DomainError], int] = {
    Unauthenticated: 401,
    PaymentRefused: 402,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    Malformed: 400,
    Invalid: 422,
    RateLimited: 429,
    Unavailable: 503,
    Bug: 500,
}

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger("consulta.http")
_MOST_FIELDS = 20


class BodyTooLarge(Malformed):
    """The body is larger than this service reads."""

    code = "BODY_TOO_LARGE"
    title = "Body too large"


class UnsupportedBody(Malformed):
    """The body is not JSON in UTF-8."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    title = "Unsupported media type"


class MethodNotAllowed(Malformed):
    """This address does not know that method."""

    code = "METHOD_NOT_ALLOWED"
    title = "Method not allowed"


_STATUS_OF_CODE = {
    BodyTooLarge.code: 413,
    UnsupportedBody.code: 415,
    MethodNotAllowed.code: 405,
}


ALWAYS: tuple[type[DomainError], ...] = (
    Malformed,
    Unauthenticated,
    BodyTooLarge,
    UnsupportedBody,
    Invalid,
    DatabaseBusy,
    DatabaseAway,
)
"""What any route may answer: the token, the body, or the database was not as it should be."""


def status_of(error: DomainError | type[DomainError]) -> int:
    """The status number of an error: its own, or that of the nearest kind above it."""
    kind = error if isinstance(error, type) else type(error)
    if kind.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[kind.code]
    return next(STATUS_OF_KIND[step] for step in kind.__mro__ if step in STATUS_OF_KIND)


def problem(error: DomainError) -> Response:
    """The answer that says what went wrong: a code that stays, a sentence that may improve."""
    status = status_of(error)
    body = {
        "type": "about:blank",
        "title": error.title,
        "status": status,
        "detail": error.detail,
        "code": error.code,
        "request_id": current_request_id(),
        **error.facts,
    }
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers["Retry-After"] = str(error.facts.get("retry_after_seconds", 1))
    if error.code == "IDEMPOTENCY_IN_PROGRESS":
        headers["Retry-After"] = str(error.facts.get("retry_after_seconds", 1))
    said = orjson.dumps(body, default=str, option=orjson.OPT_UTC_Z)
    return Response(said, status, headers=headers, media_type=MEDIA_TYPE)


def problems(*errors: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: every error it can answer, by status, with its codes."""
    by_status: dict[int, list[type[DomainError]]] = {}
    for error in dict.fromkeys(errors):
        by_status.setdefault(status_of(error), []).append(error)
    return {
        status: {
            "description": "; ".join(f"`{kind.code}`" for kind in kinds),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, kinds in sorted(by_status.items())
    }


def install(app: FastAPI) -> None:
    """Every error of `app` leaves as a problem document; an address has one spelling."""
    # A redirect to the spelling without a slash would be built from the Host that was sent.
    app.router.redirect_slashes = False
    app.add_exception_handler(DomainError, _domain)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


async def _domain(_request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    if isinstance(error, Bug):
        _report(error)
    elif isinstance(error, Unavailable | RateLimited):
        _log.warning("refused", code=error.code)
    else:
        _log.info("refused", code=error.code)
    return problem(error)


async def _validation(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return problem(Malformed("The body is not valid JSON."))
    return problem(Invalid("The request does not fit the contract.", errors=_fields(found)))


def _fields(found: Sequence[Any]) -> list[dict[str, str]]:
    """Where and why, never what: rejected input is not repeated (FastAPI's own answer would)."""
    return [
        {
            "field": _place(one),
            "problem": _safe_message(one),
        }
        for one in found[:_MOST_FIELDS]
    ]


def _place(one: Mapping[str, Any]) -> str:
    # The name of a field that nobody knows is input, too: then the place is where it stands.
    known = one["loc"][:-1] if one["type"] == "extra_forbidden" else one["loc"]
    return ".".join(str(part) for part in known if part != "body")[:200] or "body"


def _safe_message(one: Mapping[str, Any]) -> str:
    # Messages of these two quote what was sent.
    if one["type"] in {"value_error", "enum", "literal_error"} and "ctx" in one:
        expected = one["ctx"].get("expected")
        return f"one of {expected}" if expected else str(one["ctx"].get("error", "not valid"))
    message = str(one["msg"])[:200]
    # A parser quotes the character at which it stopped.
    return message.partition(",")[0] if one["type"].endswith("_parsing") else message


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem(NotFound("There is nothing at this address."))
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer = problem(MethodNotAllowed())
        answer.headers.update(error.headers or {})
        return answer
    if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return problem(Malformed())
    return problem(Bug())


async def _unforeseen(_request: Request, error: Exception) -> Response:
    return answer_to(error)


def answer_to(error: Exception) -> Response:
    """What is said of an error that nobody foresaw: it is recorded, and told in general words."""
    known = as_domain_error(error)
    if known is not None and not isinstance(known, Bug):
        return problem(known)
    _report(error)
    return problem(Bug())


def _report(error: Exception) -> None:
    _log.error("bug", exc_info=error, kind=type(error).__name__)
    sentry_sdk.capture_exception(error)
