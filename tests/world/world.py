"""World: the real service on a database of its own, the people in it, and its clock."""

import asyncio
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg
import httpx
from fastapi import FastAPI

from consulta.main import create_app
from consulta.providers.payments.sandbox import SandboxProvider
from consulta.settings import Settings
from tests.conftest import TestDatabase
from tests.settings import CRON_SECRET, files_of, settings_for
from tests.world.people import WEEKDAYS, Client, Person, Reply, Specialist

_PERSON = """
WITH person AS (
    INSERT INTO app.users (email, role, email_verified_at) VALUES ($1, $2, now()) RETURNING id
), profile AS (
    INSERT INTO app.profiles (user_id, full_name, time_zone) SELECT id, $3, $4 FROM person
), signed_in AS (
    INSERT INTO app.user_sessions
        (id, user_id, family_id, token_hash, expires_at, family_expires_at)
    SELECT $5, id, $5, sha256($1::bytea), now() + interval '900 days',
           now() + interval '900 days' FROM person
    RETURNING user_id, family_id
)
SELECT user_id, family_id FROM signed_in
"""

_PAGE = """
INSERT INTO app.specialists (id, full_name, time_zone, is_verified, verified_at, is_accepting,
    auto_confirm, payment_provider, cancellation_policy, minimum_notice_minutes, horizon_days,
    buffer_before_minutes, confirmation_hours)
VALUES ($1, $2, $3, $4, CASE WHEN $4 THEN now() END, $5, $6, $7, $8, $9, $10, $11, $12)
"""

_RATE = """
INSERT INTO app.specialist_rates (specialist_id, kind, name, price_minor, currency,
    duration_minutes)
VALUES ($1, $2, $2, $3, $4, $5) RETURNING id
"""

_AWAY = """
CREATE OR REPLACE FUNCTION testing.is_away() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = '55P03', MESSAGE = 'the sandbox is away';
END
$$;
CREATE TRIGGER is_away BEFORE INSERT OR UPDATE ON app.sandbox_charges
    FOR EACH ROW EXECUTE FUNCTION testing.is_away();
"""

_STANDSTILL = """
CREATE OR REPLACE FUNCTION app.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT '{}'::timestamptz $$
"""

_RULE = """
INSERT INTO app.availability_rules (specialist_id, weekday, starts_minute, ends_minute,
    slot_minutes, buffer_minutes, max_bookings_per_day)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


class World:
    """People are made here, straight in the tables; whatever they do, they do over HTTP."""

    def __init__(
        self,
        app: FastAPI,
        http: httpx.AsyncClient,
        database: TestDatabase,
        superuser: asyncpg.Connection,
    ) -> None:
        self.app = app
        self.http = http
        self.database = database
        self.superuser = superuser
        self.anonymous = Person(http)

    async def client(self, name: str = "Anna", *, time_zone: str = "UTC") -> Client:
        id_, token = await self._person(name, "client", time_zone)
        return Client(self.http, id=id_, token=token, name=name)

    async def admin(self, name: str = "Ada") -> Person:
        id_, token = await self._person(name, "admin", "UTC")
        return Person(self.http, id=id_, token=token, name=name)

    async def specialist(
        self,
        name: str = "Dr. Sarah",
        *,
        open: str = "mon-fri 09:00-17:00",
        price: int = 20_000,
        currency: str = "USD",
        time_zone: str = "UTC",
        minutes: int | None = None,
        slot_minutes: int = 30,
        buffer_minutes: int = 0,
        most_a_day: int | None = None,
        verified: bool = True,
        accepting: bool = True,
        auto_confirm: bool = False,
        provider: str | None = None,
        policy: str = "standard",
        notice_minutes: int = 0,
        horizon_days: int = 90,
        buffer_before_minutes: int = 0,
        confirmation_hours: int = 24,
    ) -> Specialist:
        """A specialist with a page, a `standard` and a `followup` rate and weekly hours:
        `mon 09:00-12:00, wed-fri 10:00-24:00`."""
        id_, token = await self._person(name, "specialist", time_zone)
        await self.superuser.execute(
            _PAGE, id_, name, time_zone, verified, accepting, auto_confirm, provider, policy,
            notice_minutes, horizon_days, buffer_before_minutes, confirmation_hours,
        )  # fmt: skip
        made = Specialist(self.http, id=id_, token=token, name=name)
        made.rates = {
            "standard": await self.superuser.fetchval(
                _RATE, id_, "standard", price, currency, minutes
            ),
            "followup": await self.superuser.fetchval(
                _RATE, id_, "followup", price * 3 // 4, currency, minutes
            ),
        }
        for weekday, starts, ends in hours(open):
            await self.superuser.execute(
                _RULE, id_, weekday, starts, ends, slot_minutes, buffer_minutes, most_a_day
            )
        made.zone = ZoneInfo(time_zone)
        now = await self.superuser.fetchval("SELECT app.now()")
        made.today = now.astimezone(made.zone).date()
        return made

    async def travel(self, **ahead: float) -> None:
        """The database's clock, and so the service's, jumps ahead: `travel(hours=3)`."""
        await self.superuser.execute(
            "UPDATE testing.clock SET ahead = ahead + $1", timedelta(**ahead)
        )

    async def stop_clock(self, at: datetime) -> None:
        """The database's clock stands at that instant, to the microsecond, and moves no more."""
        await self.superuser.execute(_STANDSTILL.format(at.isoformat()))

    @property
    def sandbox(self) -> SandboxProvider:
        """The sandbox's own desk, where a charge can be looked at and moved behind our back."""
        sandbox: SandboxProvider = self.app.state.till.providers.get("sandbox")
        return sandbox

    @asynccontextmanager
    async def sandbox_away(self) -> AsyncIterator[None]:
        """Meanwhile the sandbox answers to nothing that would move a charge."""
        await self.superuser.execute(_AWAY)
        try:
            yield
        finally:
            await self.superuser.execute("DROP TRIGGER is_away ON app.sandbox_charges")

    async def cron(self, job: str, *, secret: str = CRON_SECRET, method: str = "POST") -> Reply:
        """What a cron daemon does."""
        return await self.anonymous.request(
            method, f"/api/cron/{job}", headers={"Authorization": f"Bearer {secret}"}, key=None
        )

    async def work_off(self, *jobs: str) -> None:
        """The worker's loops have run until nothing is due; the clock does not tick in tests."""
        for name in jobs or ("payments.operations",):
            one = self.app.state.jobs.named(name)
            if one.loop:
                loops = self.app.state.jobs._loops
                while loops.is_running(one):  # A letter's arrival has woken it already.
                    await asyncio.sleep(0.005)
                loops.begin(one)
                await loops.run(one)
            else:
                await self.app.state.jobs.run_now(name, triggered_by="test")

    async def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """What really stands in the tables."""
        return [dict(row) for row in await self.superuser.fetch(statement, *values)]

    async def value(self, statement: str, *values: Any) -> Any:
        return await self.superuser.fetchval(statement, *values)

    async def _person(self, name: str, role: str, time_zone: str) -> tuple[UUID, str]:
        mail = re.sub(r"[^a-z]+", ".", name.lower()) + f".{secrets.token_hex(4)}@example.org"
        row = await self.superuser.fetchrow(_PERSON, mail, role, name, time_zone, uuid4())
        assert row is not None
        tokens = self.app.state.identities.tokens
        return row["user_id"], tokens.issue(user_id=row["user_id"], family_id=row["family_id"])


@asynccontextmanager
async def running_world(
    database: TestDatabase, settings: Settings | None = None
) -> AsyncIterator[World]:
    """The service, started in this process, with an HTTP client that speaks to it directly."""
    app = create_app(settings or settings_for(database), examines_database=False)
    async with app.router.lifespan_context(app), database.connected() as superuser:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://consulta.test") as http:
            try:
                yield World(app, http, database, superuser)
            finally:
                shutil.rmtree(files_of(database), ignore_errors=True)


def hours(text: str) -> list[tuple[int, int, int]]:
    """`mon-fri 09:00-17:00, sat 10:00-24:00` as (weekday, first minute, last minute)."""
    found = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        days, span = part.split(" ")
        first, _, last = days.partition("-")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        starts, ends = (int(clock[:2]) * 60 + int(clock[3:]) for clock in span.split("-"))
        found += [(weekday, starts, ends) for weekday in range(begin, end + 1)]
    return found
