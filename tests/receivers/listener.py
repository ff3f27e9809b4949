"""A receiver of webhooks on the loopback: it writes down what came, answers as it is told, and
verifies signatures by the text of Standard Webhooks, without any code of ours.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Writer = asyncio.StreamWriter


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it stood on the wire; names of headers in small letters."""

    line: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """Whether one of the signatures is that secret's, over id, timestamp and the very bytes."""
        key = base64.b64decode(secret.split("_", 1)[1], validate=True)
        signed = b".".join(
            (
                self.headers["webhook-id"].encode(),
                self.headers["webhook-timestamp"].encode(),
                self.body,
            )
        )
        wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return f"v1,{wanted}" in self.headers["webhook-signature"].split(" ")


@dataclass(slots=True)
class Listener:
    """`answers` are used up one by one; then the last one stays. What they may be: a status, a
    whole answer in bytes, or `slow`, `huge`, `drip`, `drip headers`, `hang up`.
    """

    port: int = 0
    answers: list[int | bytes | str] = field(default_factory=lambda: [200])
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    sent_bytes: int = 0
    pause_seconds: float = 0
    """Between a request that has come and its answer."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?from=consulta"

    async def serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head[1:] if line)
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.received.append(Received(head[0], headers, body))
            await asyncio.sleep(self.pause_seconds)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            await self._answer(answer, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    async def _answer(self, answer: int | bytes | str, writer: Writer) -> None:
        if isinstance(answer, bytes):
            await self._write(writer, answer)
        elif isinstance(answer, int):
            await self._write(writer, _head(answer) + b"content-length: 2\r\n\r\nok")
        elif answer == "slow":
            await asyncio.sleep(60)
        elif answer == "drip headers":
            await self._write(writer, b"HTTP/1.1 200 OK\r\n")
            await self._drip(writer, b"x-more: 1\r\n")
        elif answer == "drip":
            await self._write(writer, _head(200) + b"content-length: 100000\r\n\r\n")
            await self._drip(writer, b"a")
        elif answer == "huge":
            await self._write(writer, _head(200) + b"content-length: 1000000000\r\n\r\n")
            while True:
                await self._write(writer, b"a" * 65_536)

    async def _drip(self, writer: Writer, piece: bytes) -> None:
        while True:
            await self._write(writer, piece)
            await asyncio.sleep(0.05)

    async def _write(self, writer: Writer, data: bytes) -> None:
        writer.write(data)
        await writer.drain()
        self.sent_bytes += len(data)


def _head(status: int) -> bytes:
    return f"HTTP/1.1 {status} Said\r\n".encode()


@asynccontextmanager
async def listening(
    *answers: int | bytes | str, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Listener]:
    """A listener until the end of the block, and all that it had begun is over then."""
    listener = Listener(answers=list(answers) or [200])
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await listener.serve(reader, writer)

    server = await asyncio.start_server(serve, host, port)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # So that the connections are gone when the listener is.
