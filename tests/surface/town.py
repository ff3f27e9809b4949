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
from tests.surface.letters import tokens_for
from tests.surface.sittings import sat_through
from tests.world import Client, Person, Reply, Specialist, World

_SIGN_IN = """
INSERT INTO app.user_sessions (id, user_id, family_id, token_hash, expires_at, family_expires_at)
VALUES ($1, $2, $1, $3, now() + interval '1 day', now() + interval '1 day') RETURNING family_id
"""
WEEK = "sun-sat 08:00-16:00"
PASSWORD = "a sentence that nobody else would type"
QUESTIONS = [{"key": "why", "label": "What brings you here?", "type": "text"}]


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
    tokens: Any
    """Tokens of letters to them, by kind."""
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
    sitting: Any = None
    """Ids of what a session left behind that is over (`sittings.sat_through`)."""
    hooks: Any = None
    """Ids of an endpoint and of a settled delivery: `sarah`'s own, and the `house`'s."""
    card: Any = None
    """A card that Anna has begun to save, for Sarah to charge."""

    note: Any = None
    """Sarah's, about `confirmed`; and the `form` that Anna has filled in before."""
    form: Any = None

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
        tokens=None,
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
    card = {"specialist_id": str(town.sarah.id)}
    town.card = made(await town.anna.post("/saved-methods", card))
    town.gateway = await _is_paid_elsewhere(town)
    await _meets(town)
    await _writes(town)
    town.sitting = await sat_through(world, town.sarah, town.anna)
    town.parked = await _park(town)
    town.hooks = {"sarah": await _hook(town, town.sarah.id), "house": await _hook(town, None)}
    (town.receipt,) = await town.anna.sees(f"/bookings/{booking['id']}/receipts")
    body = {
        "email": f"carla.{secrets.token_hex(4)}@example.org",
        "password": PASSWORD,
        "full_name": "Carla",
    }
    town.account = made(await world.anonymous.post("/auth/register", body))
    town.tokens = await tokens_for(world, town.account)
    return town


async def _hook(town: Town, owner: Any) -> Any:
    """An endpoint with a delivery that was given up. The house has one for all towns."""
    value = town.world.value
    endpoint = await value(
        "SELECT id FROM app.webhook_endpoints"
        " WHERE specialist_id IS NOT DISTINCT FROM $1 AND deleted_at IS NULL LIMIT 1",
        owner,
    ) or await value(
        "INSERT INTO app.webhook_endpoints (specialist_id, url)"
        " VALUES ($1, 'https://93.184.215.14/hooks') RETURNING id",
        owner,
    )
    delivery = await value(
        "INSERT INTO app.webhook_deliveries (endpoint_id, specialist_id, event_id, topic,"
        " payload, occurred_at, state, settled_at)"
        " VALUES ($1, $2, app.new_id(), 'webhook.test', '{}', app.now(), 'parked', app.now())"
        " RETURNING id",
        endpoint,
        owner,
    )
    return {"endpoint": endpoint, "delivery": delivery}


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
        "notification": await value(
            "INSERT INTO app.notifications"
            " (recipient_id, kind, event_key, specialist_id, client_id, booking_id)"
            " SELECT client_id, 'booking_confirmed', 'news:' || id, specialist_id, client_id, id"
            " FROM app.bookings WHERE id = $1 RETURNING id",
            town.confirmed["id"],
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


async def _meets(town: Town) -> None:
    """Sarah has a room of her own, and the meeting of `confirmed` has failed."""
    room = {"provider": "zoom", "mode": "static", "link": "https://zoom.us/j/5551112222"}
    reply = await town.sarah.put("/specialists/me/video-config", room)
    assert reply.status == 200, reply.json
    await town.world.superuser.execute(
        "INSERT INTO app.meetings (booking_id, specialist_id, client_id, config_id, starts_at,"
        " ends_at, parked_at) SELECT b.id, b.specialist_id, b.client_id, $2, b.starts_at,"
        " b.ends_at, app.now() FROM app.bookings b WHERE b.id = $1",
        town.confirmed["id"],
        reply.json["id"],
    )


async def _writes(town: Town) -> None:
    asked = {"title": "Before we meet", "questions": QUESTIONS}
    reply = await town.sarah.put("/specialists/me/intake-forms", asked)
    assert reply.status == 200, reply.json
    town.form = reply.json
    session = f"/bookings/{town.confirmed['id']}"
    answered = await town.anna.put(f"{session}/intake", {"answers": {"why": "My back."}})
    assert answered.status == 200, answered.json
    town.note = made(await town.sarah.post(f"{session}/notes", {"notes": "A long session."}))


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
