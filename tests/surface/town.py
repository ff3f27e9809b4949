"""A small believable town, so that requests meet something real: two specialists, two clients and
an admin, bookings in several states with their payments, a hold, an exception.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.settings import CRON_SECRET
from tests.surface.gateway_keys import RAZORPAY, STRIPE
from tests.world import Client, Person, Reply, Specialist, World

_SIGN_IN = """
INSERT INTO app.user_sessions (id, user_id, family_id, token_hash, expires_at, family_expires_at)
VALUES ($1, $2, $1, $3, now() + interval '1 day', now() + interval '1 day') RETURNING family_id
"""
WEEK = "sun-sat 08:00-16:00"
PASSWORD = "a sentence that nobody else would type"


@dataclass(slots=True)
class Town:
    """`pending`, `awaiting` and `confirmed` are Anna's bookings with Sarah, as she sees them."""

    world: World
    sarah: Specialist
    omar: Specialist
    anna: Client
    ben: Client
    ada: Person
    pending: Any
    awaiting: Any
    confirmed: Any
    series: Any
    """A weekly series of Anna's with Sarah, which begins after everything else."""
    proposal: Any
    """Another time for `confirmed`, to which Anna has not answered."""
    hold: Any
    exception: Any
    account: Any
    """Somebody who registered: the answer, with its tokens."""
    booked: int = 0
    coupon: Any = None
    """A coupon of Sarah's."""
    package: Any = None
    """A package of Sarah's, which Anna bought twice: `unpaid` and `bought`."""
    unpaid: Any = None
    bought: Any = None
    by_hand: Any = None
    """A session that is to be paid by hand, and `handed_over` one that was."""
    handed_over: Any = None
    gateway: Any = None
    """Sarah's own account at Stripe. She has two, so that neither is the one that is charged."""
    parked: Any = None
    """Ids of what waits for a person: a `finding`, an `operation` and a `letter`."""
    receipt: Any = None
    """What `confirmed` left behind."""

    def identity(self, name: str) -> Person:
        """Who is meant by that word."""
        return {
            "anonymous": self.world.anonymous,
            "client": self.anna,
            "other client": self.ben,
            "specialist": self.sarah,
            "other specialist": self.omar,
            "admin": self.ada,
            "cron": Person(self.world.http, token=CRON_SECRET, name="cron"),
        }[name]

    async def signed_in_again(self, person: Person) -> Person:
        """The same person with a sign-in to spare, which may be ended."""
        family = await self.world.value(_SIGN_IN, uuid4(), person.id, secrets.token_bytes(32))
        tokens = self.world.app.state.identities.tokens
        token = tokens.issue(user_id=person.id, family_id=family)
        return Person(person.http, id=person.id, token=token, name=person.name)

    def next_start(self, specialist: Specialist | None = None) -> datetime:
        """A time that nobody asked for before; the first one is the day after tomorrow."""
        at, self.booked = self.booked, self.booked + 1
        day = (specialist or self.sarah).today + timedelta(days=2 + at // 16)
        minutes = timedelta(hours=8, minutes=30 * (at % 16))
        zone = (specialist or self.sarah).zone
        return datetime(day.year, day.month, day.day, tzinfo=zone) + minutes

    async def books(self, **more: Any) -> Any:
        """One more booking of Anna's with Sarah."""
        return await self.anna.books(self.sarah, self.next_start(), **more)

    async def held(self) -> Any:
        """One more hold of Anna's, with its token."""
        wanted = self.sarah.booking(self.next_start())
        return made(await self.anna.post("/holds", wanted))

    async def excepted(self) -> Any:
        """One more date on which Sarah is away, far ahead of every booking."""
        day = self.sarah.today + timedelta(days=60 + secrets.randbelow(3000))
        body = {"date": day.isoformat(), "reason": "vacation", "note": "The sea"}
        return made(await self.sarah.post("/specialists/me/availability-exceptions", body))


def made(reply: Reply) -> Any:
    """The body of an answer that says that something was made."""
    assert reply.status == 201, (reply.status, reply.json)
    return reply.json


def series_from(town: Town, ahead: int) -> dict[str, Any]:
    """What somebody asks for who wants to see Sarah every week, so many days from now on."""
    return {
        "specialist_id": str(town.sarah.id),
        "rate_id": str(town.sarah.rates["standard"]),
        "frequency": "weekly",
        "start_date": (town.sarah.today + timedelta(days=ahead)).isoformat(),
    }


async def build_town(world: World) -> Town:
    """A town of new people: what others did in this world does not touch them."""
    # All requests of a test come from one address, and its turns are not what is tested here.
    await world.superuser.execute("TRUNCATE app.rate_limits")
    town = Town(
        world=world,
        sarah=await world.specialist("Dr. Sarah", open=WEEK),
        omar=await world.specialist("Dr. Omar", open=WEEK),
        anna=await world.client("Anna"),
        ben=await world.client("Ben"),
        ada=await world.admin(),
        pending=None,
        awaiting=None,
        confirmed=None,
        series=None,
        proposal=None,
        hold=None,
        exception=None,
        account=None,
    )
    town.pending = await town.books(note="I should like to talk about my back.")
    town.awaiting = await town.books(payment_method="pm_sandbox_visa")
    booking = await town.books(payment_method="pm_sandbox_visa")
    reply = await town.sarah.post(f"/bookings/{booking['id']}/confirm")
    assert (reply.status, reply.json["status"]) == (200, "confirmed"), reply.json
    town.confirmed = reply.json
    other_time = {"starts_at": town.next_start().isoformat()}
    town.proposal = made(await town.sarah.post(f"/bookings/{booking['id']}/proposals", other_time))
    town.series = made(await town.anna.post("/recurring-bookings", series_from(town, 30)))
    town.hold = await town.held()
    town.exception = await town.excepted()
    code = {"code": "TEN", "kind": "percent", "percent": 10}
    town.coupon = made(await town.sarah.post("/specialists/me/coupons", code))
    await _sell(town)
    await _hand_over(town)
    town.gateway = await _is_paid_elsewhere(town)
    town.parked = await _park(town)
    (town.receipt,) = await town.anna.sees(f"/bookings/{booking['id']}/receipts")
    body = {
        "email": f"carla.{secrets.token_hex(4)}@example.org",
        "password": PASSWORD,
        "full_name": "Carla",
    }
    town.account = made(await world.anonymous.post("/auth/register", body))
    return town


async def _park(town: Town) -> Any:
    """One finding, one dead refund of what Anna bought, one letter that was given up."""
    value = town.world.value
    return {
        "finding": await value(
            "INSERT INTO app.reconciliation_findings"
            " (provider, charge_reference, class, reason)"
            " VALUES ('sandbox', 'sb_' || gen_random_uuid(), 'park', 'unknown_charge')"
            " RETURNING id"
        ),
        "operation": await value(
            "INSERT INTO app.payment_operations (payment_id, kind, amount_minor, state)"
            " VALUES ($1, 'refund', 1, 'dead') RETURNING id",
            town.bought["payment"]["id"],
        ),
        "letter": await value(
            "INSERT INTO app.webhook_events (provider, event_id, kind, state, settled_at)"
            " VALUES ('sandbox', gen_random_uuid()::text, 'charge.paid', 'parked', app.now())"
            " RETURNING id"
        ),
    }


async def _hand_over(town: Town) -> None:
    async def by_telephone() -> Any:
        client: dict[str, Any] = {"client_id": str(town.anna.id), "by_hand": True}
        wanted = town.sarah.booking(town.next_start(), **client)
        return made(await town.sarah.post("/bookings", wanted))

    town.by_hand, town.handed_over = await by_telephone(), await by_telephone()
    path = f"/payments/{town.handed_over['payment']['id']}/mark-paid"
    reply = await town.sarah.post(path)
    assert (reply.status, reply.json["status"]) == (200, "paid"), reply.json


async def _is_paid_elsewhere(town: Town) -> Any:
    path = "/specialists/me/payment-configs"
    replies = [
        await town.sarah.put(f"{path}/razorpay", RAZORPAY),
        await town.sarah.put(f"{path}/stripe", STRIPE),
    ]
    assert [reply.status for reply in replies] == [200, 200], replies
    return replies[1].json


async def _sell(town: Town) -> None:
    package = {
        "name": "Four sessions",
        "rate_id": str(town.sarah.rates["standard"]),
        "session_count": 4,
        "price": {"amount_minor": 60_000, "currency": "USD"},
    }
    town.package = made(await town.sarah.post("/specialists/me/packages", package))
    path = f"/packages/{town.package['id']}/purchases"
    town.unpaid = made(await town.anna.post(path))
    town.bought = made(await town.anna.post(path, {"payment_method": "pm_sandbox_visa"}))
