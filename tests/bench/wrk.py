"""The load on the service: `wrk` with a list of requests, each of which is sent once."""

import asyncio
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.bench.measured import CONNECTIONS, THREADS, Failed

MOST_REFUSED = 0.01
_SUMMARY = re.compile(
    r"^BENCH requests=(\d+) microseconds=(\d+) refused=(\d+) broken=(\d+) p50=(\d+) p99=(\d+)",
    re.MULTILINE,
)
_SCRIPT = Path(__file__).parent / "load.lua"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `person` is the number of a token, counted from 1, or None for nobody's."""

    path: str
    person: int | None = None
    key: str = ""
    body: str = ""

    @property
    def line(self) -> str:
        return f"{self.person or ''}\t{self.path}\t{self.key}\t{self.body}\n"


@dataclass(frozen=True, slots=True)
class LoadRun:
    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Load:
    """Requests against the service at `address`; lists lie in `folder` while they are used."""

    address: str
    tokens: Sequence[str]
    folder: Path

    async def run(
        self,
        method: str,
        requests: Sequence[Request],
        *,
        seconds: int,
        connections: int = CONNECTIONS,
    ) -> LoadRun:
        """Only answers of 2xx count. Raises `Failed` when more than 1 % were anything else, or a
        connection broke.
        """
        program = shutil.which("wrk")
        if program is None:
            raise Failed("wrk is not installed (Debian: wrk)")
        threads = min(THREADS, connections)
        lines, tokens = self.folder / "requests", self.folder / "tokens"
        lines.write_text("".join(request.line for request in requests))
        tokens.write_text("\n".join(self.tokens) + "\n")
        process = await asyncio.create_subprocess_exec(
            program,
            *(f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "-s", str(_SCRIPT)),
            *(self.address, "--", method, str(lines), str(tokens), str(threads)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said = (await process.communicate())[0].decode()
        summary = _SUMMARY.search(said)
        if process.returncode != 0 or summary is None:
            raise Failed(f"wrk failed:\n{said[-2000:]}")
        total, microseconds, refused, broken, p50, p99 = map(int, summary.groups())
        if broken or refused > total * MOST_REFUSED or total == refused:
            raise Failed(
                f"{refused} of {total} answers were not 2xx, {broken} connections broke;"
                f" the next one: {await self._next_answer(method, requests[-1])}"
            )
        good = total - refused
        return LoadRun(good, good * 1_000_000 / microseconds, p50 / 1000, p99 / 1000)

    async def send(self, method: str, request: Request) -> httpx.Response:
        """One request, by hand."""
        headers = {}
        if request.person is not None:
            headers["Authorization"] = f"Bearer {self.tokens[request.person - 1]}"
        if method == "POST":
            headers |= {"Idempotency-Key": request.key, "Content-Type": "application/json"}
        async with httpx.AsyncClient(base_url=self.address, timeout=10) as client:
            return await client.request(
                method, request.path, headers=headers, content=request.body or None
            )

    async def _next_answer(self, method: str, request: Request) -> str:
        answer = await self.send(method, request)
        return f"{answer.status_code} {answer.text[:500]}"
