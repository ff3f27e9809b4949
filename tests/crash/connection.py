"""One client and its own server connection: a pump each way, and a stop around every statement."""

import asyncio
from collections import deque
from dataclasses import replace
from typing import Final

from tests.crash.ledger import Ledger, Statement, Verdict
from tests.crash.messages import (
    COMMAND_COMPLETE,
    COPY_WANTS_DATA,
    ENDS_A_UNIT,
    FLUSH,
    OUTSIDE_UNITS,
    PARAMETER_STATUS,
    READY_FOR_QUERY,
    Frame,
    Startup,
    read_frame,
)
from tests.crash.units import Names, Unit, kind_after

BUFFERED_BYTES: Final = 8 * 1024 * 1024
LINGER_SECONDS: Final = 10.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Connection:
    """One client and its own server connection, joined by a pump in each direction."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        client: Streams,
        server: Streams,
        number: int,
        startup: Startup,
    ) -> None:
        self._ledger = ledger
        self._from_client, self._to_client = client
        self._from_server, self._to_server = server
        self._number = number
        self._user = startup.parameter("user")
        self._application_name = startup.parameter("application_name")
        self._names = Names()
        self._status = "I"
        self._is_held = False
        self._sent: deque[tuple[Unit, Statement]] = deque()
        self._answered = asyncio.Event()
        self._answered.set()

    async def run(self) -> None:
        """Returns when one side is gone or a verdict was DROP; raises what a hook raised."""
        up = asyncio.create_task(self._pump_up())
        down = asyncio.create_task(self._pump_down())
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if self._is_held:
                await asyncio.wait({up})
        finally:
            up.cancel()
            down.cancel()
            outcomes = await asyncio.gather(up, down, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, _Dropped | OSError):
                raise outcome

    async def _pump_up(self) -> None:
        unit = Unit()
        while (frame := await read_frame(self._from_client)) is not None:
            if self._is_held:
                continue
            if frame.kind in OUTSIDE_UNITS:
                await self._forward(frame.raw)
                continue
            self._names.note(frame, unit=unit)
            unit.request += frame.raw
            is_over = frame.kind in ENDS_A_UNIT
            if is_over or frame.kind == FLUSH or len(unit.request) > BUFFERED_BYTES:
                unit = await self._send(unit, is_over=is_over, is_flush=frame.kind == FLUSH)
        if not self._is_held:
            async with asyncio.timeout(LINGER_SECONDS):
                await self._answered.wait()

    async def _send(self, unit: Unit, *, is_over: bool, is_flush: bool) -> Unit:
        """The unit, or its part so far, is forwarded; returns the unit that the client fills now.

        A flushed part without an Execute (asyncpg's way to prepare) is a unit without an end.
        """
        is_new = unit.serial is None
        is_awaited = is_over or bool(unit.executed)
        if not is_awaited and not is_flush:
            return unit
        if is_new and not await self._open(unit, is_awaited=is_awaited):
            return Unit()
        unit.is_streaming = unit.is_streaming or (is_flush and is_awaited)
        await self._forward(bytes(unit.request))
        unit.request.clear()
        return Unit() if is_over or not is_awaited else unit

    async def _open(self, unit: Unit, *, is_awaited: bool) -> bool:
        """Whether the unit may pass; if so, its answer is awaited."""
        statement = self._ledger.record(
            unit,
            connection=self._number,
            user=self._user,
            application_name=self._application_name,
        )
        if statement.ordinal:
            verdict = await self._ledger.verdict_before(statement)
            if verdict is Verdict.DROP:
                raise _Dropped
            if verdict is Verdict.HOLD_FOREVER:
                self._is_held = True
                return False
        if is_awaited:
            self._sent.append((unit, statement))
            self._answered.clear()
        return True

    async def _pump_down(self) -> None:
        while (frame := await read_frame(self._from_server)) is not None:
            self._observe(frame)
            if not self._sent:
                self._status = _status(frame) or self._status
                await self._deliver(frame.raw)
                continue
            unit, statement = self._sent[0]
            unit.answer += frame.raw
            if frame.kind == READY_FOR_QUERY:
                await self._finish(unit, statement, status=_status(frame))
            elif (
                unit.is_streaming
                or frame.kind in COPY_WANTS_DATA
                or len(unit.answer) > BUFFERED_BYTES
            ):
                unit.is_streaming = True
                await self._deliver_answer(unit)
        # A server that goes away says why (57P01 and its like) and never gets ready again.
        if self._sent:
            await self._deliver_answer(self._sent[0][0])

    async def _finish(self, unit: Unit, statement: Statement, *, status: str) -> None:
        kind = kind_after(statement.kind, before=self._status, now=status, tag=unit.tag)
        self._status = status
        statement = replace(statement, kind=kind)
        verdict = await self._ledger.verdict_after(unit, statement)
        if verdict is Verdict.DROP:
            raise _Dropped
        if verdict is Verdict.HOLD_FOREVER:
            self._is_held = True
            await asyncio.Event().wait()
        await self._deliver_answer(unit)
        self._sent.popleft()
        if not self._sent:
            self._answered.set()

    def _observe(self, frame: Frame) -> None:
        if frame.kind == COMMAND_COMPLETE and self._sent:
            self._sent[0][0].tag = frame.body.rstrip(b"\0").decode(errors="replace")
        elif frame.kind == PARAMETER_STATUS:
            name, value, *_ = frame.body.decode(errors="replace").split("\0")
            if name == "application_name":
                self._application_name = value

    async def _forward(self, data: bytes) -> None:
        self._to_server.write(data)
        await self._to_server.drain()

    async def _deliver_answer(self, unit: Unit) -> None:
        await self._deliver(bytes(unit.answer))
        unit.answer.clear()

    async def _deliver(self, data: bytes) -> None:
        """The client has the bytes, or is dead; a dead one does not stop the server's work."""
        try:
            self._to_client.write(data)
            await self._to_client.drain()
        except OSError:
            return


class _Dropped(Exception):
    """A hook's verdict was DROP."""


def _status(frame: Frame) -> str:
    return frame.body.decode() if frame.kind == READY_FOR_QUERY else ""
