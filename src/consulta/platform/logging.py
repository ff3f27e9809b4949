"""Logging: one line an event, as JSON or for the eye, with the request's id and without secrets.

Our own events go straight out; what libraries say through the standard library joins them.
"""

import logging
import sys
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from consulta.platform.redaction import clean, clean_text, is_secret_name
from consulta.platform.request import current_request_id
from consulta.platform.tracebacks import told
from consulta.settings import ObservabilitySettings

_LEVELS = {
    "alembic": "INFO",
    "apscheduler": "WARNING",
    "asyncio": "WARNING",
    "httpcore": "WARNING",
    "httpx": "WARNING",  # its INFO lines carry whole addresses
    "sqlalchemy": "WARNING",
    "stripe": "WARNING",
    "uvicorn": "INFO",
    "uvicorn.error": "INFO",
}
_CLEAN_ALREADY = frozenset({"level", "timestamp", "logger", "request_id"})


def configure(settings: ObservabilitySettings, *, stream: TextIO | None = None) -> None:
    """Everything that is logged from now on leaves through here. Safe to call again.

    Uvicorn must be started with `log_config=None`, or it would put its own handlers back.
    """
    out = stream or sys.stdout
    level = logging.getLevelNamesMapping()[settings.log_level]
    shared = _shared_processors()
    ending = _ending(settings, out)
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_NamedLines(out),
        # A process configures once; whoever gives a stream looks at what comes out, and may again.
        cache_logger_on_first_use=stream is None,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, least in _LEVELS.items():
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        logger.setLevel(max(level, logging.getLevelNamesMapping()[least]))
    # Our own access log names the route; uvicorn's would print raw addresses with their queries.
    access = logging.getLogger("uvicorn.access")
    access.handlers = []
    access.propagate = False


def add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The id of the request or of the run at hand."""
    request_id = current_request_id()
    if request_id is not None:
        event.setdefault("request_id", request_id)
    return event


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Nothing secret is left in the event, neither by name nor by looks, at any depth."""
    for name, value in event.items():
        if name in _CLEAN_ALREADY or name.startswith("_"):
            continue
        event[name] = clean({name: value})[name] if is_secret_name(name) else clean(value)
    return event


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        add_request_id,
        structlog.processors.add_log_level,
        _add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.ExceptionRenderer(told),
    ]


def _ending(settings: ObservabilitySettings, out: TextIO) -> list[Processor]:
    if settings.log_format == "json":
        return [redact, _render_json]
    colours = out.isatty()
    return [
        redact,
        structlog.dev.ConsoleRenderer(
            colors=colours, exception_formatter=structlog.dev.plain_traceback
        ),
    ]


def _render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return orjson.dumps(event, default=lambda value: clean_text(str(value))).decode()


def _add_logger_name(logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    name = record.name if record is not None else getattr(logger, "name", None)
    if name:
        event["logger"] = name
    return event


class _NamedLines:
    """Makes loggers that print lines and know their name."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __call__(self, *arguments: Any) -> "_NamedLine":
        return _NamedLine(self._out, str(arguments[0]) if arguments else "")


class _NamedLine(structlog.PrintLogger):
    def __init__(self, out: TextIO, name: str) -> None:
        super().__init__(out)
        self.name = name
