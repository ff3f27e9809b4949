"""Series at the stages that the tests begin with."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.world import Client, Person, Reply, Specialist, World

WEEK = "sun-sat 08:00-20:00"
MONDAY = datetime(2027, 3, 1, 6, tzinfo=UTC)
FIRST, SECOND, THIRD, FOURTH = (f"2027-03-{number:02}" for number in (1, 8, 15, 22))
"""The Mondays of that month: the first is today."""

_PURCHASE = """
WITH package AS (
    INSERT INTO app.booking_packages (specialist_id, rate_id, name, session_count, price_minor,
        currency)
    VALUES ($1, $3, 'Ten', 10, 100000, 'USD') RETURNING id
)
INSERT INTO app.package_purchases (package_id, specialist_id, client_id, rate_id, name,
    session_count, price_minor, currency, status, expires_at, activated_at, valid_until)
SELECT id, $1, $2, $3, 'Ten', 10, 100000, 'USD', $4, app.now() + interval '1 day', app.now(),
       app.now() + $6 FROM package
RETURNING id
"""
_CREDITS = """
INSERT INTO app.package_credits (purchase_id, specialist_id, client_id, kind, credits)
VALUES ($1, $2, $3, 'granted', $4)
"""
_SERIES = """
INSERT INTO app.recurring_bookings (specialist_id, client_id, rate_id, frequency, start_date,
    anchor_day, payment_mode, next_booking_date, created_by, status, ended_at)
SELECT $1, $2, $3, 'weekly', current_date + 30, 1, 'per_session', current_date + 30, $2, $5,
       CASE WHEN $5 = 'ended' THEN now() END
FROM generate_series(1, $4)
"""


def wish(specialist: Specialist, *, kind: str = "standard", **more: Any) -> dict[str, Any]:
    """The body of a request for a weekly series, from the day after tomorrow on."""
    body = {
        "specialist_id": specialist.id,
        "rate_id": specialist.rates[kind],
        "frequency": "weekly",
        "start_date": day(specialist, 2),
        **more,
    }
    return {name: value if _is_json(value) else str(value) for name, value in body.items()}


def _is_json(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | str)


def day(specialist: Specialist, ahead: int) -> date:
    """The date so many days from the specialist's today."""
    return specialist.today + timedelta(days=ahead)


async def asks(person: Person, specialist: Specialist, **more: Any) -> Reply:
    return await person.post("/recurring-bookings", wish(specialist, **more))


async def created(person: Person, specialist: Specialist, **more: Any) -> Any:
    """A series that must come to be; the answer's body."""
    reply = await asks(person, specialist, **more)
    assert reply.status == 201, reply.json
    return reply.json


async def previewed(person: Person, specialist: Specialist, **more: Any) -> Any:
    """What a dry run answers."""
    reply = await asks(person, specialist, dry_run=True, **more)
    assert reply.status == 200, reply.json
    return reply.json


async def seen(person: Person, series: Any) -> Any:
    """The series as that person sees it now."""
    reply = await person.get(f"/recurring-bookings/{series['id']}")
    assert reply.status == 200, reply.json
    return reply.json


async def purchase(
    world: World,
    specialist: Specialist,
    client: Client,
    *,
    kind: str = "standard",
    status: str = "active",
    credits: int = 10,
    days: int = 100,
) -> str:
    """A package of that client's with so many credits, valid so long."""
    rate = specialist.rates[kind]
    id_ = await world.value(
        _PURCHASE.replace("$6", f"interval '{days} days'"), specialist.id, client.id, rate, status
    )
    if credits:
        await world.superuser.execute(_CREDITS, id_, specialist.id, client.id, credits)
    return str(id_)


async def many_series(
    world: World, specialist: Specialist, client: Person, count: int, *, status: str = "active"
) -> None:
    """So many series of that pair, none of which is due."""
    rate = specialist.rates["standard"]
    await world.superuser.execute(_SERIES, specialist.id, client.id, rate, count, status)


async def audited(world: World, series: Any) -> list[str]:
    """What the audit log says of a series, the oldest first."""
    rows = await world.rows(
        "SELECT action FROM app.audit_logs WHERE subject_id = $1 AND action LIKE 'series.%'"
        " ORDER BY timestamp, id",
        series["id"],
    )
    return [row["action"].removeprefix("series.") for row in rows]


@dataclass(slots=True)
class Stage:
    """A weekly series of Anna's with Sarah."""

    world: World
    sarah: Specialist
    anna: Client
    one: Any

    @property
    def path(self) -> str:
        return f"/recurring-bookings/{self.one['id']}"

    @property
    def bookings(self) -> dict[str, str]:
        """What was booked with the series, by date."""
        return {each["local_date"]: each["booking_id"] for each in self.one["occurrences"]}

    async def seen(self) -> Any:
        """The series as Anna sees it now."""
        return await seen(self.anna, self.one)

    async def statuses(self) -> dict[str, str]:
        """What became of each date: the status of its booking, or why there is none."""
        found = (await self.seen())["occurrences"]
        return {each["local_date"]: each["booking_status"] or each["reason"] for each in found}

    async def pays(self, date: str) -> None:
        """Anna pays for the session of that date, and the worker has done its part."""
        await self.world.work_off()
        path = f"/bookings/{self.bookings[date]}/payments"
        reply = await self.anna.post(path, {"payment_method": "pm_sandbox_visa"})
        assert reply.status == 201, reply.json
        await self.world.work_off()

    async def change(self, by: Client | None = None, /, **body: Any) -> Reply:
        return await (by or self.anna).patch(self.path, body)

    async def end(self, scope: str, date: str | None = None, *, by: Person | None = None) -> Reply:
        params = {"scope": scope} | ({"date": date} if date else {})
        return await (by or self.anna).delete(self.path, params=params)

    async def accept(self, by: Person | None = None) -> Reply:
        return await (by or self.sarah).post(f"{self.path}/accept")

    async def confirm(self, date: str) -> Reply:
        return await self.sarah.post(f"/bookings/{self.bookings[date]}/confirm")

    async def is_accepted(self) -> bool:
        return (await self.seen())["accepted_at"] is not None

    async def dispatched_at(self, moment: datetime) -> Any:
        """The series after the nightly run of that moment."""
        await self.world.stop_clock(moment)
        await self.world.work_off("recurring.dispatch")
        return await self.seen()


async def staged(
    world: World, *, start: str = FIRST, wish: dict[str, Any] | None = None, **page: Any
) -> Stage:
    """It is Monday at six, the series begins at ten, and two Mondays are booked; `page` describes
    the specialist.
    """
    await world.stop_clock(MONDAY)
    sarah = await world.specialist(open=WEEK, **page)
    anna = await world.client()
    return Stage(world, sarah, anna, await created(anna, sarah, start_date=start, **(wish or {})))
