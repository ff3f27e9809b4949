"""The id of the request (or job run) at hand, carried by the context."""

from contextvars import ContextVar

_request_id: ContextVar[str | None] = ContextVar("consulta_request_id", default=None)


def current_request_id() -> str | None:
    return _request_id.get()


def set_request_id(value: str | None) -> None:
    """The id is known to everything that runs in this context from now on."""
    _request_id.set(value)
