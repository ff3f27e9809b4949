"""Every error that Stripe's API answers with, in its own shape, free of HTTP but for the number."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

DOCUMENTATION = "https://stripe.com/docs/error-codes/"


class Refused(Exception):
    """An answer other than 200. `stored` tells whether the idempotency store keeps it: Stripe
    keeps what happened after a request began to execute, never a refused parameter or a conflict.
    """

    def __init__(
        self,
        status: int,
        *,
        kind: str,
        message: str,
        code: str | None = None,
        param: str | None = None,
        stored: bool = True,
        headers: Mapping[str, str] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.stored, self.headers = status, stored, dict(headers or {})
        error: Json = {"type": kind, "message": message}
        if code is not None:
            error |= {"code": code, "doc_url": DOCUMENTATION + code.replace("_", "-")}
        if param is not None:
            error["param"] = param
        self.error = error | dict(facts or {})

    def body(self) -> Json:
        return {"error": self.error}


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> Refused:
    """A refused parameter: nothing began, so nothing is stored under the key."""
    return Refused(
        400,
        kind="invalid_request_error",
        message=message,
        code=code,
        param=param,
        stored=False,
    )


def impossible(
    message: str,
    *,
    code: str | None = None,
    param: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Refused:
    """A request that began and cannot be carried out as things stand: stored under the key."""
    return Refused(
        400, kind="invalid_request_error", message=message, code=code, param=param, facts=facts
    )


def unexpected_state(message: str, *, intent: Json, noun: str = "payment_intent") -> Refused:
    return impossible(message, code=f"{noun}_unexpected_state", facts={noun: intent})


def missing(param: str) -> Refused:
    return invalid(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(param: str) -> Refused:
    return invalid(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def unsupported(what: str, *, param: str) -> Refused:
    """Loud, because a fake that quietly ignores something would prove a falsehood."""
    return invalid(f"This fake does not do {what}.", code="fake_unsupported", param=param)


def no_such(noun: str, reference: str, *, param: str = "id", in_path: bool = True) -> Refused:
    """404 for the object in the path, 400 for one that only a parameter names."""
    return Refused(
        404 if in_path else 400,
        kind="invalid_request_error",
        message=f"No such {noun}: '{reference}'",
        code="resource_missing",
        param=param,
    )


def unrecognized_url(method: str, path: str) -> Refused:
    return Refused(
        404,
        kind="invalid_request_error",
        message=f"Unrecognized request URL ({method}: {path}). Please see "
        "https://stripe.com/docs or we can help at https://support.stripe.com/.",
        stored=False,
    )


def unauthorized(message: str, *, code: str | None = None) -> Refused:
    return Refused(401, kind="invalid_request_error", message=message, code=code, stored=False)


def no_access(account: str, *, last4: str) -> Refused:
    return Refused(
        403,
        kind="invalid_request_error",
        code="account_invalid",
        message=f"The provided key '****{last4}' does not have access to account '{account}' "
        "(or that account does not exist). Application access may have been revoked.",
        stored=False,
    )


def key_reused(key: str) -> Refused:
    return Refused(
        400,
        kind="idempotency_error",
        message="Keys for idempotent requests can only be used with the same parameters they "
        f"were first used with. Try using a key other than '{key}' if you meant to execute a "
        "different request.",
        stored=False,
    )


def key_in_use(key: str) -> Refused:
    return Refused(
        409,
        kind="invalid_request_error",
        code="idempotency_key_in_use",
        message="There is currently another in-progress request using this Idempotent Key (that "
        "probably means you submitted twice, and the other request is still going through): "
        f"{key}. Please try again later.",
        stored=False,
    )


def card_refused(error: Json, *, noun: str, intent: Json) -> Refused:
    """402 with everything that the intent itself remembers about the failure."""
    facts = {k: v for k, v in error.items() if k not in {"type", "message", "code", "doc_url"}}
    return Refused(
        402,
        kind="card_error",
        message=error["message"],
        code=error["code"],
        facts={**facts, noun: intent},
    )
