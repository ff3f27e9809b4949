"""A good client: what broke or was put off is asked again, the same, under the same key."""

import json
from collections.abc import Awaitable, Callable
from typing import Final

import httpx

MOST_TRIES: Final = 8
_TIMEOUT_SECONDS: Final = 20.0


class PatientTransport(httpx.AsyncBaseTransport):
    """Sends a request until it is answered for good, at most eight times.

    A broken connection, a 5xx and 409 `IDEMPOTENCY_IN_PROGRESS` are no answer for good; before the
    next try, `wait` lets seconds pass: 1, 2, 4 and so on, never fewer than the service asked for.
    After the last try the caller gets what came.
    """

    def __init__(
        self,
        *,
        wait: Callable[[float], Awaitable[None]],
        wire: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.statuses: list[int] = []
        """Every answer that came, passing ones included."""
        self._wait = wait
        self._wire = wire or httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        broken: httpx.TransportError | None = None
        answer: httpx.Response | None = None
        for tried in range(MOST_TRIES):
            try:
                answer = await self._send(request)
            except httpx.TransportError as error:
                broken, answer = error, None
            if answer is not None and not _is_passing(answer):
                return answer
            await self._wait(max(2.0**tried, _asked_to_wait(answer)))
        if answer is None:
            assert broken is not None
            raise broken
        return answer

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        answer = await self._wire.handle_async_request(request)
        try:
            body = await answer.aread()
        finally:
            await answer.aclose()
        self.statuses.append(answer.status_code)
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


def patient_client(transport: PatientTransport, *, base_url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=transport, base_url=base_url, timeout=_TIMEOUT_SECONDS, trust_env=False
    )


def _is_passing(answer: httpx.Response) -> bool:
    if answer.status_code >= 500:
        return True
    return answer.status_code == 409 and _code(answer) == "IDEMPOTENCY_IN_PROGRESS"


def _code(answer: httpx.Response) -> str | None:
    try:
        said = answer.json()
    except json.JSONDecodeError:
        return None
    return said.get("code") if isinstance(said, dict) else None


def _asked_to_wait(answer: httpx.Response | None) -> float:
    asked = "" if answer is None else answer.headers.get("retry-after", "")
    return float(asked) if asked.isdigit() else 0.0
