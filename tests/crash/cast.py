"""The cast of one performance: people of their own, what they asked for, and what time and the
worker do to it.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import httpx

from tests.crash.killer import CrashPlan, Phase
from tests.crash.stage import Stage
from tests.crash.wire import Statement
from tests.settings import CRON_SECRET
from tests.world.people import Client, Person, Reply, Specialist
from tests.world.stripe import SECRET_KEY

PRICE_MINOR: Final = 20_000
LAPSE_SECONDS: Final = 130.0
"""Longer than every lease of the service: a letter's is the longest, with two minutes."""

MOST_ROUNDS: Final = 8
_QUIET_SECONDS: Final = 2.0

_OPEN_LETTERS = """
SELECT count(*) FROM app.webhook_events
WHERE (state = 'leased' AND lease_until > app.now())
   OR (state = 'received' AND next_attempt_at <= app.now())
"""
_UNSETTLED = """
SELECT (SELECT count(*) FROM app.webhook_events
        WHERE charge_reference = ANY ($2) AND state IN ('received', 'leased'))
     + (SELECT count(*) FROM app.payment_operations o JOIN app.payments p ON p.id = o.payment_id
        WHERE p.specialist_id = ANY ($1) AND o.state IN ('pending', 'leased', 'in_doubt'))
"""
_STRIKE_THE_SET = """
WITH open AS (
    UPDATE app.bookings SET expires_at = 'infinity'
    WHERE specialist_id = ANY ($1) AND status IN ('pending_payment', 'awaiting_confirmation')
)
UPDATE app.slots SET held_until = 'infinity' WHERE specialist_id = ANY ($1) AND status = 'held'
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request under its key, and the answer that was good at last."""

    person: Person
    path: str
    body: Any
    key: str
    reply: Reply

    async def again(self) -> Reply:
        return await self.person.post(self.path, self.body, key=self.key)


@dataclass(slots=True)
class Cast:
    """Anna books Sarah, whom nobody else books, and now and then other specialists; Ada looks after
    the worker.
    """

    stage: Stage
    anna: Client
    specialists: Sequence[Specialist]
    ada: Person
    when: str | datetime = "mon 10:00"
    """What Anna books."""
    asked: list[Asked] = field(default_factory=list)
    _intents_before: frozenset[str] = frozenset()

    @property
    def sarah(self) -> Specialist:
        return self.specialists[0]

    @property
    def specialist_ids(self) -> list[UUID]:
        return [one.id for one in self.specialists if one.id is not None]

    async def ask(self, person: Person, path: str, body: Any = None, *, key: str) -> Reply:
        """The request is answered for good, or the last answer shows why not."""
        reply = await person.post(path, body, key=key)
        self.asked.append(Asked(person, path, body, key, reply))
        return reply

    async def books(self, **more: Any) -> Reply:
        return await self.ask(self.anna, "/bookings", self.wish(**more), key="book")

    def wish(self, **more: Any) -> dict[str, Any]:
        """What Anna asks for, always the same."""
        return self.sarah.booking(self.when, **more)

    async def about_booking(self, person: Person, verb: str, body: Any = None) -> Reply:
        """`POST /bookings/{id}/<verb>`, with the verb as the key."""
        return await self.ask(person, f"/bookings/{self.booking_id}/{verb}", body, key=verb)

    async def is_left(
        self, person: Person, path: str, body: Any = None, *, key: str, phase: Phase = "after"
    ) -> None:
        """The service is dead since the request's call to the provider, nobody asks again, and a
        new one is there when all leases have lapsed. Nobody listens to the proxy any more.
        """
        service = self.stage.service
        plan = CrashPlan(ordinal=1, phase=phase, target=lambda: service.pid, counts=_no_statement)
        self.stage.follow(plan)
        async with httpx.AsyncClient(base_url=service.base_url, trust_env=False) as http:
            try:
                reply = await Person(http, token=person.token).post(path, body, key=key)
            except httpx.TransportError:
                await self.stage.recover(LAPSE_SECONDS)
                return
        raise Stuck(f"nobody died, and {path} was answered {reply.status} {reply.json}")

    @property
    def booking_id(self) -> UUID:
        return self.made("book")

    def made(self, key: str) -> UUID:
        """What came of the request with that key."""
        for one in self.asked:
            if one.key == key:
                if isinstance(one.reply.json, dict) and "id" in one.reply.json:
                    return UUID(one.reply.json["id"])
                raise Stuck(f"{key} was answered {one.reply.status} {one.reply.json}")
        raise Stuck(f"{key} was not asked for")

    def intents(self) -> list[Any]:
        """The intents that came to be since the performance began, whoever they belong to."""
        every = self.stage.fake.control.objects("payment_intent", key=SECRET_KEY)
        return [one for one in every if one["id"] not in self._intents_before]

    def pays_in_browser(self, answer: Reply, method: str) -> None:
        """What Stripe's script does with the secret in that answer."""
        payment = answer.json.get("payment") if isinstance(answer.json, dict) else None
        if not payment or not payment["next_action"]:
            raise Stuck(f"nothing to pay in {answer.status} {answer.json}")
        secret: str = payment["next_action"]["client_secret"]
        self.stage.fake.control.browser_confirm(
            secret.partition("_secret_")[0], payment_method=method
        )

    async def until(self, status: str, *, table: str = "bookings", id_: UUID | None = None) -> None:
        """The booking, or what else, has come so far, by itself or because time passed and the
        worker ran.
        """
        about = id_ or self.booking_id
        for _ in range(MOST_ROUNDS):
            found = await self.stage.world.value(
                f"SELECT status FROM app.{table} WHERE id = $1", about
            )
            if found == status:
                return
            await self._a_while()
        raise Stuck(f"{table}: one stays {found}, and does not become {status}")

    async def letters_arrive(self) -> None:
        """What Stripe holds is delivered, one by one, each handled before the next goes out."""
        control = self.stage.fake.control
        for _ in range(100):
            await self.stage.service.revive()
            abandoned = await self.stage.world.value(_OPEN_LETTERS)
            if await control.deliver_next() is None:
                return
            await self._letters_are_handled(abandoned=abandoned)
        raise Stuck("the letters do not end")

    async def cron(self, name: str) -> None:
        """A cron daemon rings until the job has run to its end."""
        for _ in range(MOST_ROUNDS):
            reply = await self.stage.world.cron(name, secret=CRON_SECRET)
            if reply.status == 200 and reply.json["state"] == "done":
                return
            await self.stage.recover(LAPSE_SECONDS)
        raise Stuck(f"{name} does not end: {reply.status} {reply.json}")

    async def worker_runs(self) -> None:
        """What is due of letters and operations has been carried out once."""
        for job in ("webhooks.letters", "payments.operations"):
            for _ in range(100):
                reply = await self.ada.post(f"/admin/jobs/{job}/run", key=None)
                if reply.status == 200:
                    break
                if reply.status != 202:
                    raise Stuck(f"{job} answers {reply.status} {reply.json}")
                await asyncio.sleep(0.01)

    async def settle(self) -> None:
        """After whatever happened: a service is alive, leases have lapsed, the worker has run and
        Stripe has tried its letters again. Raises `Stuck` where that does not end all doubt.
        """
        control = self.stage.fake.control
        for _ in range(MOST_ROUNDS):
            await self.stage.service.revive()
            await control.deliver_held()
            await control.redeliver_failed()
            await self.worker_runs()
            letters = control.deliveries("held") + control.deliveries("failed")
            ids = [one["id"] for one in self.intents()]
            if not letters and not await self.stage.world.value(
                _UNSETTLED, self.specialist_ids, ids
            ):
                return
            await self.stage.pass_time(LAPSE_SECONDS)
        raise Stuck("operations or letters do not come to an end")

    async def leaves(self) -> None:
        """What stays open never becomes due in another's performance."""
        await self.stage.world.superuser.execute(_STRIKE_THE_SET, self.specialist_ids)

    async def _a_while(self) -> None:
        await self.stage.recover(LAPSE_SECONDS)
        await self.stage.fake.control.redeliver_failed()
        await self.worker_runs()

    async def _letters_are_handled(self, *, abandoned: int) -> None:
        """Or the service is dead. Letters that a dead one had in hand wait for their lease."""
        latest = time.monotonic() + _QUIET_SECONDS
        while self.stage.service.is_alive and time.monotonic() < latest:
            if await self.stage.world.value(_OPEN_LETTERS) <= abandoned:
                return
            await asyncio.sleep(0.005)


class Stuck(Exception):
    """Something did not come to its end, however long one waited."""


def _no_statement(_statement: Statement) -> bool:
    """For a plan that counts the calls to the provider alone."""
    return False


async def gather_cast(
    stage: Stage, *, specialists: int = 1, page: Mapping[str, Any] | None = None
) -> Cast:
    """New people, so that no performance can touch another's rows; `page` says how the specialists
    work.
    """
    world = stage.world
    intents = stage.fake.control.objects("payment_intent", key=SECRET_KEY)
    return Cast(
        stage,
        anna=await world.client(),
        specialists=[
            await world.specialist(price=PRICE_MINOR, **(page or {})) for _ in range(specialists)
        ],
        ada=await world.admin(),
        _intents_before=frozenset(one["id"] for one in intents),
    )
