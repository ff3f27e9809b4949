"""A server on the loopback that answers exactly what a test wrote, down to nonsense and silence."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

BODY_MAX = 1_048_576


@dataclass(frozen=True, slots=True)
class Answer:
    body: Any = None
    """Bytes as they are, anything else as JSON."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    after_seconds: float = 0.0
    hangs_up: bool = False

    def as_bytes(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)
        headers = {"content-length": str(len(body)), "content-type": "application/json"}
        lines = [f"{name}: {value}" for name, value in (headers | dict(self.headers)).items()]
        return "\r\n".join([f"HTTP/1.1 {self.status} Scripted", *lines, "", ""]).encode() + body


@dataclass
class Script:
    """Answers in their order; the last one is given again and again. `requests` keeps what came."""

    answers: list[Answer] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    url: str = ""

    def will_answer(self, *answers: Answer) -> None:
        self.answers = list(answers)

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def running_script() -> AsyncIterator[Script]:
    script = Script()
    server = await asyncio.start_server(_talker(script), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    script.url = f"http://{host}:{port}"
    try:
        yield script
    finally:
        server.close()
        await server.wait_closed()


def _talker(script: Script) -> Callable[..., Any]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                script.requests.append(await _request(reader))
                answer = script.next_answer()
                await asyncio.sleep(answer.after_seconds)
                if answer.hangs_up:
                    break
                writer.write(answer.as_bytes())
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # The client has had enough, which is what some tests are about.
        finally:
            writer.close()

    return talk


async def _request(reader: asyncio.StreamReader) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = 0
    for line in head.lower().split("\r\n"):
        if line.startswith("content-length:"):
            length = min(int(line.partition(":")[2]), BODY_MAX)
    return head + (await reader.readexactly(length)).decode()
