"""The service with one of its promises broken, as controls: a call before its record, or something
that belongs into a transaction and is written behind it, in another.
"""

import importlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import Response

from consulta.features.payments import flows as payments
from consulta.features.payments.flows import errands
from consulta.features.payments.flows.errands import Decided, Errand
from consulta.features.payments.flows.till import Till
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Database, Work
from consulta.platform.http.idempotency import Once
from consulta.serving import application as sound_application
from tests.crash import piecemeal
from tests.world import World

Behind = Callable[[Work], Any]


def calls_first() -> FastAPI:
    """Whatever ends at a provider calls it first, and commits the record behind the call."""
    for name in ("payments.flows", "payments.flows.refund"):
        module = importlib.import_module(f"consulta.features.{name}")
        assert hasattr(module, "carry_out"), name
        module.__dict__["carry_out"] = _carry_out
    return sound_application()


async def _carry_out(
    till: Till, actor: Actor, once: Once, body: BaseModel | None, errand: Errand
) -> Response:
    """As the product's, but for the order: decide, call, and only then commit and record."""
    async with till.database.work(actor) as work:
        beginning = await once.begin(work, body)
        if beginning.replay is not None:
            return beginning.replay
        if beginning.subject_id is not None:
            decided = Decided(beginning.subject_id, None)
        else:
            decided = await errand.decide(work)
        assert decided.lease is not None, "no crash is survived"
        answer = await payments.ask(till, decided.lease)
        once.made(work, decided.subject_id)
    async with till.recording() as work:
        await payments.write_down(work, decided.lease, answer)
        return await errands._finish(work, once, errand, decided.subject_id)


def keys_behind() -> FastAPI:
    """What a key made, and what was answered, is written behind the effect."""

    def keys(work: Work) -> list[Behind]:
        outcome, work.trail.key_outcome = work.trail.key_outcome, None
        if outcome is None:
            return []

        async def write(behind: Work) -> None:
            behind.trail.key_outcome = outcome

        return [write]

    _write_behind(keys)
    return sound_application()


def operations_behind() -> FastAPI:
    """What a decision asks of a provider is written behind the decision."""
    sound = Work.execute

    async def execute(work: Work, statement: str, *values: Any) -> int:
        if "app.enqueue_operation" not in statement:
            return await sound(work, statement, *values)

        async def write(behind: Work) -> None:
            await sound(behind, statement, *values)

        _PUT_ASIDE.setdefault(id(work), []).append(write)
        return 1

    Work.execute = execute  # type: ignore[method-assign, assignment]
    _write_behind(lambda work: _PUT_ASIDE.pop(id(work), []))
    return sound_application()


_PUT_ASIDE: dict[int, list[Behind]] = {}

_REMEMBER_DATES = """
WITH put_aside AS (DELETE FROM testing.dates_put_aside RETURNING *), dated AS (
    INSERT INTO app.recurring_booking_occurrences (recurring_booking_id, specialist_id, client_id,
        local_date, starts_at, outcome, reason, booking_id, series_revision)
    SELECT recurring_booking_id, specialist_id, client_id, local_date, starts_at, outcome, reason,
           booking_id, series_revision FROM put_aside
    RETURNING recurring_booking_id)
UPDATE app.recurring_bookings SET status = 'ended', ended_at = app.now(), next_booking_date = NULL
WHERE id IN (SELECT recurring_booking_id FROM dated)
"""


def dates_behind() -> FastAPI:
    """What became of the dates of a series, and that it has moved on, is written behind their
    bookings. The database has been prepared by `put_dates_aside`.
    """

    async def write(behind: Work) -> None:
        await behind.execute(_REMEMBER_DATES)

    def dates(work: Work) -> list[Behind]:
        return [write] if work.actor.label in _DISPATCHERS else []

    _write_behind(dates)
    return piecemeal.application()


_DISPATCHERS = {f"system:recurring.{name}" for name in ("dispatch", "at_once")}


async def put_dates_aside(world: World) -> None:
    """The dispatcher's functions tell a table of the tests what became of dates, and leave the
    series alone.
    """
    book = await _altered(
        world,
        "app.book_dispatched",
        "INSERT INTO app.recurring_booking_occurrences",
        # Whatever a lost process had not remembered is lost.
        "DELETE FROM testing.dates_put_aside; INSERT INTO testing.dates_put_aside",
    )
    move = await _altered(
        world, "app.move_series_on", r"UPDATE app\.recurring_bookings r.*?is_over$", _LOOK
    )
    await world.superuser.execute(_ASIDE + book + ";" + move)


_ASIDE = """
CREATE TABLE testing.dates_put_aside (LIKE app.recurring_booking_occurrences);
ALTER TABLE testing.dates_put_aside ALTER id DROP NOT NULL, ALTER created_at DROP NOT NULL;
GRANT USAGE ON SCHEMA testing TO consulta_worker;
GRANT ALL ON testing.dates_put_aside TO consulta_worker;
"""
_LOOK = """SELECT r.id, r.specialist_id, r.client_id, o.is_over
        FROM app.recurring_bookings r JOIN done o ON o.series_id = r.id WHERE o.is_over"""


async def _altered(world: World, function: str, pattern: str, instead: str) -> str:
    """The function's definition with the only match of the pattern replaced."""
    text: str = await world.value("SELECT pg_get_functiondef($1::regproc)", function)
    altered, count = re.subn(pattern, instead, text, flags=re.DOTALL | re.MULTILINE)
    assert count == 1, function
    return altered


def _write_behind(what: Callable[[Work], list[Behind]]) -> None:
    """Every transaction that writes puts aside what `what` says, and another one follows it."""
    sound = Database.work

    @asynccontextmanager
    async def work(database: Database, actor: Actor) -> AsyncIterator[Work]:
        async with sound(database, actor) as inner:
            yield inner
            put_aside = what(inner)
        if put_aside:
            async with sound(database, actor) as behind:
                for write in put_aside:
                    await write(behind)

    Database.work = work  # type: ignore[method-assign, assignment]
