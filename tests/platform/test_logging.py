"""Logging: one line an event, with the request's id, from us and from libraries, no secrets."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

import asyncpg
import pytest
import structlog
from fastapi.exceptions import ResponseValidationError
from pydantic import BaseModel
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from consulta.platform.logging import configure
from consulta.platform.request import set_request_id
from consulta.settings import ObservabilitySettings

HIDDEN = "weeps every night"


class Log:
    """What was logged since the start."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def event(self) -> dict[str, Any]:
        assert len(self.events) == 1
        return self.events[0]


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Logging is a global thing: afterwards it is as it was before."""
    root = logging.getLogger()
    names = ["uvicorn", "uvicorn.error", "uvicorn.access", "stripe", "httpx", "sqlalchemy", ""]
    before = {
        name: (one.handlers[:], one.level, one.propagate)
        for name in names
        for one in [logging.getLogger(name)]
    }
    ours = structlog.get_config()
    yield
    structlog.configure(**ours)
    for name, (handlers, level, propagate) in before.items():
        one = logging.getLogger(name) if name else root
        one.handlers, one.propagate = handlers, propagate
        one.setLevel(level)


def configured(log_format: str = "json", level: str = "INFO") -> Log:
    log = Log()
    configure(
        ObservabilitySettings.model_validate({"LOG_FORMAT": log_format, "LOG_LEVEL": level}),
        stream=log.stream,
    )
    return log


def test_an_event_is_one_line_of_json() -> None:
    log = configured()
    structlog.get_logger("consulta.test").info("booking confirmed", booking_id="b1", n=3)
    event = log.event
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "booking confirmed",
        "level": "info",
        "logger": "consulta.test",
        "booking_id": "b1",
        "n": 3,
    }


def test_the_request_id_is_added() -> None:
    log = configured()

    def within_a_request() -> None:
        set_request_id("req-12345678")
        structlog.get_logger("consulta.test").info("ours")
        logging.getLogger("stripe").warning("theirs")

    copy_context().run(within_a_request)
    assert [event["request_id"] for event in log.events] == ["req-12345678"] * 2


def test_secrets_are_removed_by_name_and_by_looks_at_any_depth() -> None:
    log = configured()
    structlog.get_logger("consulta.test").warning(
        "paid with sk_live_abcdefghijkl",
        headers={"Authorization": "Bearer abc.def", "stripe-signature": "t=1,v1=abc"},
        body={"items": [{"client_secret": "pi_1_secret_2", "email": "anna@example.com"}]},
        password="hunter2",
        dsn="postgresql://a:hunter2@db/app",
    )
    for secret in ("sk_live_abc", "abc.def", "v1=abc", "pi_1_secret_2", "anna@", "hunter2"):
        assert secret not in log.text
    assert "a***@example.com" in log.text


def test_an_exception_is_told_without_what_it_quotes() -> None:
    log = configured()
    hidden = "sk_live_" + "nevershown1234"
    try:
        int(f"{hidden} of {'anna'}@example.com with {4242424242424242}")
    except ValueError:
        structlog.get_logger("consulta.test").exception("failed")
    assert "ValueError" in log.event["exception"]
    assert "test_logging.py" in log.event["exception"]
    for secret in (hidden, "anna@", "4242424242424242"):
        assert secret not in log.text


class _Said(BaseModel):
    notes: int


def _answer_of_another_shape() -> None:
    raise ResponseValidationError([{"type": "missing", "input": {"notes": HIDDEN}}], body=HIDDEN)


def _model_of_another_shape() -> None:
    _Said.model_validate({"notes": HIDDEN})


def _row_that_does_not_fit() -> None:
    error = asyncpg.CheckViolationError(f"a row says {HIDDEN}")
    error.detail, error.constraint_name = f"Failing row contains ({HIDDEN}).\n{HIDDEN}", "ck_it"
    raise error


def _several_at_once() -> None:
    try:
        dict[str, str]()[HIDDEN]
    except KeyError:
        raise ExceptionGroup("of a task", [ValueError(HIDDEN)]) from None


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (_answer_of_another_shape, "ResponseValidationError"),
        (_model_of_another_shape, "ValidationError: int_parsing"),
        (_row_that_does_not_fit, "CheckViolationError: 23514 ck_it"),
        (_several_at_once, "ValueError"),
    ],
)
def test_no_exception_tells_what_somebody_wrote(act: Callable[[], None], words: str) -> None:
    """Neither through us, nor through a library, nor before anything was configured."""
    log = configured()
    with pytest.raises(Exception) as caught:
        act()
    for logger in (structlog.get_logger("consulta.test"), logging.getLogger("uvicorn.error")):
        logger.error("failed", exc_info=caught.value)
    assert all(words in event["exception"] for event in log.events)
    assert HIDDEN not in log.text


def test_local_variables_are_not_told_where_nothing_is_configured() -> None:
    script = (
        "import structlog, consulta.platform.failures as failures\n"
        f"def act():\n    hidden = '{HIDDEN[:7]}' + '{HIDDEN[7:]}'\n    raise RuntimeError\n"
        "try:\n    act()\nexcept RuntimeError as error:\n"
        "    failures.report(error, during='a test')\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "RuntimeError" in ran.stdout
    assert HIDDEN not in ran.stdout + ran.stderr


def test_libraries_join_in_and_are_cleaned_as_well() -> None:
    log = configured()
    logging.getLogger("stripe").warning("key %s refused", "sk_test_abcdefghijkl")
    logging.getLogger("uvicorn.error").info("started")
    row = {"name": f"An{'na'}"}  # The line below stands in the trace.
    try:
        create_engine("sqlite://").connect().execute(text("SELECT :name FROM x"), row)
    except SQLAlchemyError:
        logging.getLogger("sqlalchemy.pool").exception("lost")
    events = log.events
    assert [(event["logger"], event["level"]) for event in events] == [
        ("stripe", "warning"),
        ("uvicorn.error", "info"),
        ("sqlalchemy.pool", "error"),
    ]
    assert "sk_test_abc" not in log.text
    assert "Anna" not in log.text


def test_raw_addresses_are_not_logged() -> None:
    log = configured(level="DEBUG")
    logging.getLogger("uvicorn.access").info('"GET /?token=abc HTTP/1.1" 200')
    logging.getLogger("httpx").info("HTTP Request: GET https://example.org/?token=abc")
    assert log.text == ""


def test_the_level_holds_for_everybody() -> None:
    log = configured(level="WARNING")
    structlog.get_logger("consulta.test").info("quiet")
    logging.getLogger("uvicorn.error").info("quiet")
    structlog.get_logger("consulta.test").warning("loud")
    assert [event["event"] for event in log.events] == ["loud"]


def test_text_for_the_eye_is_cleaned_as_well() -> None:
    log = configured("text")
    structlog.get_logger("consulta.test").info("signed in", email="anna@example.com", token="abc")
    assert "signed in" in log.text
    assert "anna@" not in log.text
    assert "abc" not in log.text


def test_configuring_twice_does_not_log_twice() -> None:
    configured()
    log = configured()
    logging.getLogger("stripe").warning("once")
    assert len(log.events) == 1


def test_values_that_json_does_not_know_become_text() -> None:
    log = configured()
    structlog.get_logger("consulta.test").info("odd", value={1, 2}, kind=ValueError, path=object)
    assert sorted(log.event["value"]) == [1, 2]
    assert "ValueError" in log.event["kind"]
