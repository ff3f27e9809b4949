"""Sentry: that something broke, and where in the code; nothing of whose data it was.

The SDK's defaults send request bodies, local variables, query strings and messages of exceptions.
Here an event is reduced to what is on a list.
"""

from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.fastapi import FastApiIntegration
from sentry_sdk.integrations.starlette import StarletteIntegration
from sentry_sdk.scrubber import DEFAULT_DENYLIST, DEFAULT_PII_DENYLIST, EventScrubber
from sentry_sdk.transport import Transport
from sentry_sdk.types import Breadcrumb, Event, Hint

from consulta.kernel.errors import DomainError
from consulta.platform.redaction import REMOVED, clean, clean_text
from consulta.settings import Settings

_HEADERS = frozenset({"accept", "content-length", "content-type", "user-agent", "x-request-id"})
_EVENT = frozenset(
    {
        "breadcrumbs",
        "contexts",
        "environment",
        "event_id",
        "exception",
        "fingerprint",
        "level",
        "logentry",
        "logger",
        "measurements",
        "message",
        "platform",
        "release",
        "request",
        "sdk",
        "spans",
        "start_timestamp",
        "tags",
        "threads",
        "timestamp",
        "transaction",
        "transaction_info",
        "type",
    }
)
_CONTEXTS = frozenset({"runtime", "trace"})
_SPAN = frozenset(
    {
        "op",
        "origin",
        "parent_span_id",
        "same_process_as_parent",
        "span_id",
        "start_timestamp",
        "status",
        "timestamp",
        "trace_id",
    }
)
_FRAME = frozenset({"abs_path", "filename", "function", "in_app", "lineno", "module"})
_LONGEST_ID = 40
_SECRETS = ["authorization", "card", "client_secret", "dsn", "key", "signature", "stripe-signature"]


def init(
    settings: Settings, *, release: str, transport: type[Transport] | Transport | None = None
) -> bool:
    """Errors are reported from now on; False, and nothing happens, without a DSN."""
    dsn = settings.observability.sentry_dsn.get_secret_value()
    if not dsn:
        return False
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        environment=settings.environment,
        transport=transport,
        server_name="consulta",
        # Integrations of whatever is installed would add SQL, addresses and command lines.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            AtexitIntegration(),
            DedupeIntegration(),
            ExcepthookIntegration(),
            # Errors are reported where they are answered; only what nobody caught comes from here.
            StarletteIntegration(failed_request_status_codes=set()),
            FastApiIntegration(failed_request_status_codes=set()),
        ],
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        auto_session_tracking=False,
        traces_sample_rate=None,
        max_breadcrumbs=30,
        event_scrubber=EventScrubber(
            recursive=True,
            denylist=[*DEFAULT_DENYLIST, *_SECRETS],
            pii_denylist=[*DEFAULT_PII_DENYLIST, "email", "phone", "name"],
        ),
        before_send=before_send,
        before_send_transaction=before_send_transaction,
        before_breadcrumb=before_breadcrumb,
    )
    return True


def before_send(event: Event, hint: Hint) -> Event | None:
    """What may leave of an error: kinds, codes and places in the code; no words of an exception."""
    reduced = _reduced(event)
    raised = hint.get("exc_info")
    codes = _codes(raised[1] if raised else None)
    for value in _values(reduced.get("exception")):
        value["value"] = codes.get(str(value.get("type")), REMOVED)
        value["mechanism"] = {"type": "generic", "handled": True}
        _without_contents(value.get("stacktrace"))
    for thread in _values(reduced.get("threads")):
        _without_contents(thread.get("stacktrace"))
    return cast("Event", reduced)


def before_send_transaction(event: Event, _hint: Hint) -> Event | None:
    """What may leave of a timing: names and durations; neither SQL nor addresses."""
    reduced = _reduced(event)
    reduced["spans"] = [
        {name: value for name, value in span.items() if name in _SPAN}
        for span in reduced.get("spans") or []
        if isinstance(span, Mapping)
    ]
    return cast("Event", reduced)


def before_breadcrumb(crumb: Breadcrumb, _hint: Hint) -> Breadcrumb | None:
    """That something happened, not what was said."""
    return {
        name: crumb[name] for name in ("type", "category", "level", "timestamp") if name in crumb
    }


def _reduced(event: Event) -> Any:
    """Listed members only, cleaned of whatever looks like a secret."""
    kept: Any = {name: value for name, value in event.items() if name in _EVENT}
    contexts = kept.get("contexts") or {}
    kept["contexts"] = {name: one for name, one in contexts.items() if name in _CONTEXTS}
    for context in kept["contexts"].values():
        if isinstance(context, dict):
            context.pop("data", None)
            context.pop("description", None)
    if "request" in kept:
        kept["request"] = _request(kept["request"])
    if isinstance(kept.get("logentry"), Mapping):
        kept["logentry"] = {"message": clean_text(str(kept["logentry"].get("message", "")))}
    for name in ("message", "transaction", "tags"):
        if name in kept:
            kept[name] = clean(kept[name])
    return kept


def _request(request: Mapping[str, Any]) -> dict[str, Any]:
    parts = urlsplit(str(request.get("url", "")))
    host = parts.netloc.rpartition("@")[2]
    headers = request.get("headers") or {}
    return {
        "method": request.get("method"),
        "url": clean_text(urlunsplit((parts.scheme, host, _without_keys(parts.path), "", ""))),
        "headers": {
            name: clean_text(str(value))
            for name, value in dict(headers).items()
            if str(name).lower() in _HEADERS
        },
    }


def _without_keys(path: str) -> str:
    """Some addresses are keys themselves, such as the link to a file; an id is shorter."""
    parts = path.split("/")
    return "/".join(REMOVED if len(part) > _LONGEST_ID else part for part in parts)


def _codes(error: BaseException | None) -> dict[str, str]:
    """The codes of domain errors in the chain, which are promises and no secrets."""
    codes: dict[str, str] = {}
    for _ in range(20):
        if error is None:
            break
        if isinstance(error, DomainError):
            codes[type(error).__name__] = error.code
        error = error.__cause__ or error.__context__
    return codes


def _values(holder: Any) -> list[dict[str, Any]]:
    values = holder.get("values") if isinstance(holder, dict) else None
    return [value for value in values or [] if isinstance(value, dict)]


def _without_contents(stacktrace: Any) -> None:
    if isinstance(stacktrace, dict):
        stacktrace["frames"] = [
            {name: value for name, value in frame.items() if name in _FRAME}
            for frame in stacktrace.get("frames") or []
        ]
