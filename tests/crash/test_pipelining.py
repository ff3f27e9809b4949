"""What asyncpg does not do and others may: bare messages through the proxy to a made-up server."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.crash.messages import CANCEL_REQUEST, Frame, ProtocolBroken, read_frame, read_startup
from tests.crash.wire import Statement, Verdict, WireProxy

READY = b"Z\x00\x00\x00\x05I"


def message(kind: str, body: bytes = b"") -> bytes:
    return kind.encode() + struct.pack("!I", len(body) + 4) + body


def asked(sql: str) -> bytes:
    return message("Q", sql.encode() + b"\0")


def executed(sql: str) -> bytes:
    """Parse, Bind and Execute of the unnamed statement, without Sync."""
    parse = message("P", b"\0" + sql.encode() + b"\0\0\0")
    return parse + message("B", b"\0" * 8) + message("E", b"\0" * 5)


class AgreeableServer:
    """Completes every Query and Execute, and is ready after every Query and Sync.

    "slow" takes a while, "large" answers with 12 MiB, "copy" wants data first.
    """

    def __init__(self) -> None:
        self.done: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        startup = await read_startup(reader)
        if startup is not None and startup.code == CANCEL_REQUEST:
            await asyncio.sleep(0.1)
            self.done.append("cancelled")
        else:
            writer.write(READY)
            while (frame := await read_frame(reader)) is not None:
                await self._answer(frame, writer)
        writer.close()

    async def _answer(self, frame: Frame, writer: asyncio.StreamWriter) -> None:
        if b"slow" in frame.body:
            await asyncio.sleep(0.2)
            self.done.append("slow")
        if b"copy" in frame.body:
            writer.write(message("G", b"\0\0\0"))
            return
        if b"large" in frame.body:
            for _ in range(12):
                writer.write(message("D", b"x" * 1024 * 1024))
        if frame.kind in "QEc":
            writer.write(message("C", b"SELECT 1\0"))
        if frame.kind in "QSc":
            writer.write(READY)
        await writer.drain()


Wire = tuple[WireProxy, asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def proxied(upstream: AgreeableServer) -> AsyncIterator[WireProxy]:
    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, WireProxy(upstream_host="127.0.0.1", upstream_port=port) as proxy:
        yield proxy


@asynccontextmanager
async def wire() -> AsyncIterator[Wire]:
    """A client's bare connection, past its start, through a proxy to an agreeable server."""
    async with proxied(AgreeableServer()) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        words = b"user\0ann\0application_name\0bare\0\0"
        writer.write(struct.pack("!II", 8, 80877103) + struct.pack("!II", len(words) + 8, 196608))
        writer.write(words)
        assert await reader.readexactly(1) == b"N"
        assert await heard(reader) == "Z"
        yield proxy, reader, writer
        writer.close()
        await writer.wait_closed()


async def heard(reader: asyncio.StreamReader) -> str:
    async with asyncio.timeout(5):
        frame: Frame | None = await read_frame(reader)
    return frame.kind if frame else "gone"


async def test_statements_sent_together_are_judged_and_answered_one_by_one() -> None:
    judged: list[str] = []

    async def note(statement: Statement) -> Verdict:
        judged.append(f"{statement.ordinal} {statement.user} {statement.application_name}")
        return Verdict.PASS

    async with wire() as (proxy, reader, writer):
        proxy.after(note)
        writer.write(asked("SELECT 1") + executed("SELECT 2") + message("S") + asked("SELECT 3"))
        assert [await heard(reader) for _ in range(6)] == ["C", "Z"] * 3

        assert judged == ["1 ann bare", "2 ann bare", "3 ann bare"]
        assert [one.sql for one in proxy.trace] == ["SELECT 1", "SELECT 2", "SELECT 3"]


async def test_what_was_flushed_is_answered_before_its_unit_ends() -> None:
    async with wire() as (proxy, reader, writer):
        writer.write(executed("SELECT 1") + message("H"))
        assert await heard(reader) == "C"
        writer.write(executed("SELECT 2") + message("S"))
        assert [await heard(reader), await heard(reader)] == ["C", "Z"]

        assert [(one.ordinal, one.sql) for one in proxy.trace] == [(1, "SELECT 1")]


async def test_after_a_held_statement_nothing_more_is_forwarded() -> None:
    async def hold_the_first(statement: Statement) -> Verdict:
        return Verdict.HOLD_FOREVER if statement.ordinal == 1 else Verdict.PASS

    async with wire() as (proxy, _reader, writer):
        proxy.before(hold_the_first)
        writer.write(asked("SELECT 1") + asked("SELECT 2"))
        await writer.drain()
        await asyncio.sleep(0.1)

        assert [one.sql for one in proxy.trace] == ["SELECT 1"]


async def test_what_is_no_message_ends_the_connection_and_fails_the_test() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        async with wire() as (_proxy, reader, writer):
            writer.write(b"Q\xff\xff\xff\xff")
            assert await heard(reader) == "gone"

    assert caught.group_contains(ProtocolBroken, match="4294967295 bytes")


async def test_a_client_that_is_asked_for_data_hears_it_in_the_middle_of_its_unit() -> None:
    async with wire() as (_proxy, reader, writer):
        writer.write(asked("copy"))
        assert await heard(reader) == "G"
        writer.write(message("d", b"one\n") + message("c"))
        assert [await heard(reader), await heard(reader)] == ["C", "Z"]


async def test_a_large_answer_begins_before_the_hook_and_ends_after_it() -> None:
    let_go = asyncio.Event()

    async def wait(_statement: Statement) -> Verdict:
        await let_go.wait()
        return Verdict.PASS

    async with wire() as (proxy, reader, writer):
        proxy.after(wait)
        writer.write(asked("large"))
        assert [await heard(reader) for _ in range(8)] == ["D"] * 8
        let_go.set()
        assert [await heard(reader) for _ in range(6)] == ["D"] * 4 + ["C", "Z"]


async def test_the_statement_of_a_client_that_died_runs_to_its_end() -> None:
    ended = asyncio.Event()

    async def note(_statement: Statement) -> Verdict:
        ended.set()
        return Verdict.PASS

    async with wire() as (proxy, _reader, writer):
        proxy.after(note)
        writer.write(asked("slow"))
        await writer.drain()
        writer.close()
        async with asyncio.timeout(5):
            await ended.wait()


async def test_a_statement_from_before_a_reset_concerns_no_later_hook() -> None:
    judged: list[str] = []

    async def note(statement: Statement) -> Verdict:
        judged.append(statement.sql)
        return Verdict.PASS

    async with wire() as (proxy, reader, writer):
        writer.write(asked("slow"))
        await asyncio.sleep(0.1)
        proxy.reset()
        proxy.after(note)
        writer.write(asked("SELECT 2"))
        assert [await heard(reader) for _ in range(4)] == ["C", "Z"] * 2

        assert judged == ["SELECT 2"]


async def test_a_cancellation_is_over_for_the_client_when_it_is_for_the_server() -> None:
    upstream = AgreeableServer()
    async with proxied(upstream) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(struct.pack("!IIII", 16, CANCEL_REQUEST, 4711, 42))
        assert await reader.read() == b""
        assert upstream.done == ["cancelled"]
        writer.close()
        await writer.wait_closed()
