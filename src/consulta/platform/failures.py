"""What is kept, logged and reported of an error: its code and its kind, never its words."""

import random

import sentry_sdk
import structlog

from consulta.kernel.errors import DomainError, Unavailable

_log = structlog.get_logger("consulta.failures")

# Whoever logs before anything is configured, at a console or in a script, must not print local
# variables either, which the library does where `rich` happens to be installed.
if not structlog.is_configured():
    structlog.configure(
        processors=[
            *structlog.get_config()["processors"][:-1],
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    )


def code_of(error: BaseException) -> str:
    """A word that is safe to store: the code of a domain error, otherwise the name of its class.

    Messages may quote rows, keys and addresses, so they go nowhere.
    """
    return error.code if isinstance(error, DomainError) else type(error).__name__


def report(error: BaseException, *, during: str, **facts: object) -> None:
    """The error is in the log and, unless it is one that passes by itself, in Sentry."""
    code = code_of(error)
    if isinstance(error, Unavailable):
        _log.warning("unavailable", during=during, code=code, **facts)
        return
    _log.error("failed", during=during, code=code, exc_info=error, **facts)
    with sentry_sdk.new_scope() as scope:
        scope.set_tag("during", during)
        for name, value in facts.items():
            scope.set_tag(name, str(value)[:100])
        scope.capture_exception(error)


def alert(sentence: str, *, during: str, **facts: object) -> None:
    """Somebody should look at this: an error in the log, and an event in Sentry of its own."""
    _log.error(sentence, during=during, **facts)
    with sentry_sdk.new_scope() as scope:
        scope.set_tag("during", during)
        for name, value in facts.items():
            scope.set_tag(name, str(value)[:100])
        scope.capture_message(sentence, level="error")


def with_jitter(seconds: float) -> float:
    """Three quarters to the whole of it: what failed together is not retried together."""
    return seconds * random.uniform(0.75, 1.0)  # noqa: S311 - spreading load is no secret
