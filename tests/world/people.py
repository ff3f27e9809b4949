"""People: each speaks to the service over HTTP with the own token."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    json: Any
    headers: Mapping[str, str]
    content: bytes

    @property
    def code(self) -> str | None:
        """The stable code of a problem document; None for a good answer."""
        return self.json.get("code") if isinstance(self.json, dict) else None


class Person:
    """Somebody with a token, or nobody in particular."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        id: UUID | None = None,
        token: str | None = None,
        name: str = "nobody",
    ) -> None:
        self.http = http
        self.id = id
        self.token = token
        self.name = name

    async def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        key: str | None = "",
    ) -> Reply:
        """`path` is below `/api/v1` unless it begins with `/api` or `//`. POSTs carry a fresh
        Idempotency-Key; `key` names another, None none."""
        sent = dict(headers or {})
        if self.token is not None and "Authorization" not in sent:
            sent["Authorization"] = f"Bearer {self.token}"
        if method == "POST" and key is not None:
            sent["Idempotency-Key"] = key or secrets.token_hex(8)
        answer = await self.http.request(
            method, _address(path), json=json, headers=sent, params=params
        )
        is_json = "json" in answer.headers.get("content-type", "")
        return Reply(
            answer.status_code,
            answer.json() if is_json and answer.content else None,
            answer.headers,
            answer.content,
        )

    async def get(self, path: str, **more: Any) -> Reply:
        return await self.request("GET", path, **more)

    async def post(self, path: str, json: Any = None, **more: Any) -> Reply:
        return await self.request("POST", path, json, **more)

    async def put(self, path: str, json: Any = None, **more: Any) -> Reply:
        return await self.request("PUT", path, json, **more)

    async def patch(self, path: str, json: Any = None, **more: Any) -> Reply:
        return await self.request("PATCH", path, json, **more)

    async def delete(self, path: str, **more: Any) -> Reply:
        return await self.request("DELETE", path, **more)

    async def sees(self, path: str) -> list[Any]:
        """The items of a list as this person sees it."""
        reply = await self.get(path)
        assert reply.status == 200, reply.json
        items: list[Any] = reply.json["items"]
        return items


class Client(Person):
    """Somebody who books."""

    async def books(self, specialist: "Specialist", when: str | datetime, **more: Any) -> Any:
        """A booking that must succeed; the answer's body."""
        reply = await self.post("/bookings", specialist.booking(when, **more))
        assert reply.status == 201, reply.json
        return reply.json


class Specialist(Client):
    """Somebody who is booked; `rates` by kind."""

    zone: ZoneInfo
    rates: dict[str, UUID]
    today: date

    def at(self, when: str | datetime) -> datetime:
        """`mon 10:00`: the first such time at least two days from today, in the own zone."""
        if isinstance(when, datetime):
            return when
        day, clock = re.fullmatch(r"(\w{3}) (\d\d:\d\d)", when).groups()  # type: ignore[union-attr]
        ahead = (WEEKDAYS.index(day) - self.today.isoweekday() % 7) % 7
        if ahead < 2:
            ahead += 7
        local = datetime.combine(self.today + timedelta(days=ahead), time.fromisoformat(clock))
        return local.replace(tzinfo=self.zone)

    def booking(
        self, when: str | datetime, *, kind: str = "standard", **more: Any
    ) -> dict[str, Any]:
        """The body of a booking request for that time."""
        return {
            "specialist_id": str(self.id),
            "rate_id": str(self.rates[kind]),
            "starts_at": self.at(when).isoformat(),
            **more,
        }

    slot = booking


def _address(path: str) -> str:
    if path.startswith("//"):
        return path[1:]
    return path if path.startswith(("/api/", "/functions/")) else f"/api/v1{path}"
