"""Bookings at the stages that the tests begin with, and what can be seen of them afterwards."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consulta.providers.payments.port import Charge
from tests.world import Client, Reply, Specialist, World


@dataclass(frozen=True, slots=True)
class Stage:
    """One booking of Anna's with Sarah."""

    world: World
    sarah: Specialist
    anna: Client
    id: str
    starts_at: datetime

    async def seen(self) -> Any:
        """The booking as its client sees it now."""
        reply = await self.anna.get(f"/bookings/{self.id}")
        assert reply.status == 200, reply.json
        return reply.json

    async def status(self) -> tuple[str, str | None]:
        """The statuses of the booking and of its payment."""
        booking = await self.seen()
        return booking["status"], booking["payment"] and booking["payment"]["status"]

    async def confirm(self, **more: Any) -> Reply:
        return await self.sarah.post(f"/bookings/{self.id}/confirm", **more)

    async def decline(self, body: Any = None, **more: Any) -> Reply:
        return await self.sarah.post(f"/bookings/{self.id}/decline", body, **more)

    async def cancel(self, body: Any = None, **more: Any) -> Reply:
        return await self.anna.post(f"/bookings/{self.id}/cancel", body, **more)

    async def pay(self, method: str | None, **more: Any) -> Reply:
        body = {"payment_method": method} if method else {}
        return await self.anna.post(f"/bookings/{self.id}/payments", body, **more)

    async def reference(self) -> str:
        """The charge's name at the provider."""
        found: str = await self.world.value(
            "SELECT provider_reference FROM app.payments WHERE booking_id = $1", self.id
        )
        return found

    async def charge(self) -> Charge:
        """The provider's truth."""
        return await self.world.sandbox.fetch(await self.reference())

    async def charges(self) -> int:
        """How many charges were ever made for the booking."""
        count: int = await self.world.value(
            "SELECT count(*) FROM app.sandbox_charges c"
            " JOIN app.payments p ON p.id::text = c.payment_id WHERE p.booking_id = $1",
            self.id,
        )
        return count

    async def operations(self) -> list[tuple[str, str]]:
        """Kind and state of every operation on its payments, the oldest first."""
        rows = await self.world.rows(
            "SELECT o.kind, o.state FROM app.payment_operations o"
            " JOIN app.payments p ON p.id = o.payment_id WHERE p.booking_id = $1 ORDER BY o.id",
            self.id,
        )
        return [(row["kind"], row["state"]) for row in rows]

    async def operation(self, kind: str) -> str:
        """The id of the youngest operation of that kind: its idempotency key at the provider."""
        found = await self.world.value(
            "SELECT o.id FROM app.payment_operations o JOIN app.payments p ON p.id = o.payment_id"
            " WHERE p.booking_id = $1 AND o.kind = $2 ORDER BY o.id DESC LIMIT 1",
            self.id,
            kind,
        )
        return str(found)

    async def payment(self) -> Any:
        """The payment as its payer sees it."""
        reply = await self.anna.get(f"/payments/{(await self.seen())['payment']['id']}")
        assert reply.status == 200, reply.json
        return reply.json

    async def is_free_again(self) -> bool:
        """Whether somebody else can book the time."""
        ben = await self.world.client("Ben")
        reply = await ben.post("/bookings", self.sarah.booking(self.starts_at))
        return reply.status == 201


async def booked(
    world: World,
    *,
    method: str | None = None,
    when: str = "mon 10:00",
    sarah: Specialist | None = None,
    **page: Any,
) -> Stage:
    """Booked with that payment method, or with none yet; `page` describes the specialist."""
    sarah = sarah or await world.specialist(**page)
    anna = await world.client()
    more = {"payment_method": method} if method else {}
    booking = await anna.books(sarah, when, **more)
    return Stage(world, sarah, anna, booking["id"], sarah.at(when))


async def authorised(world: World, *, method: str = "pm_sandbox_visa", **more: Any) -> Stage:
    """Paid by card as far as may be before the specialist has decided."""
    return await booked(world, method=method, **more)


async def confirmed(world: World, **more: Any) -> Stage:
    """Confirmed by the specialist, and the money taken where any was owed."""
    stage = await authorised(world, **more)
    reply = await stage.confirm()
    assert (reply.status, reply.json["status"]) == (200, "confirmed"), reply.json
    return stage


def without_request(problem: Any) -> dict[str, Any]:
    """A problem document without what differs between any two requests."""
    return {name: value for name, value in problem.items() if name != "request_id"}
