"""A package on offer, a purchase of it, and what can be seen of both afterwards."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consulta.providers.payments.port import Charge
from tests.world import Client, Reply, Specialist, World

VISA = "pm_sandbox_visa"


def offer(sarah: Specialist, **changes: Any) -> dict[str, Any]:
    """Four sessions for 80.00, a fifth less than they would cost."""
    return {
        "name": "Four sessions",
        "rate_id": str(sarah.rates["standard"]),
        "session_count": 4,
        "price": {"amount_minor": 8_000, "currency": "USD"},
        "discount_percentage": 20,
        **changes,
    }


async def offered(sarah: Specialist, **changes: Any) -> Any:
    """The package as its specialist got to see it."""
    reply = await sarah.post("/specialists/me/packages", offer(sarah, **changes))
    assert reply.status == 201, reply.json
    return reply.json


@dataclass(frozen=True, slots=True)
class Purchase:
    """One purchase of Anna's from Sarah."""

    world: World
    sarah: Specialist
    anna: Client
    package: Any
    id: str

    async def seen(self) -> Any:
        """The purchase as its buyer sees it now."""
        reply = await self.anna.get(f"/package-purchases/{self.id}")
        assert reply.status == 200, reply.json
        return reply.json

    async def status(self) -> tuple[str, str | None, int]:
        """The statuses of the purchase and of its payment, and how many credits are left."""
        seen = await self.seen()
        paid = seen["payment"] and seen["payment"]["status"]
        return seen["status"], paid, seen["credits_left"]

    async def ledger(self) -> list[tuple[str, int]]:
        return [(one["kind"], one["credits"]) for one in (await self.seen())["credits"]]

    async def pay(self, method: str | None, **more: Any) -> Reply:
        body = {"payment_method": method} if method else {}
        return await self.anna.post(f"/package-purchases/{self.id}/payments", body, **more)

    async def refund(self, **more: Any) -> Reply:
        return await self.sarah.post(f"/package-purchases/{self.id}/refund", **more)

    async def quote(self) -> Any:
        reply = await self.sarah.get(f"/package-purchases/{self.id}/refund-quote")
        assert reply.status == 200, reply.json
        return reply.json

    def booking(self, when: str | datetime, **more: Any) -> dict[str, Any]:
        return self.sarah.booking(when, package_purchase_id=self.id, **more)

    async def book(self, when: str | datetime, **more: Any) -> Reply:
        return await self.anna.post("/bookings", self.booking(when, **more))

    async def books(self, when: str | datetime, **more: Any) -> Any:
        """A session paid with a credit, which must succeed."""
        reply = await self.book(when, **more)
        assert reply.status == 201, reply.json
        return reply.json

    async def charge(self) -> Charge:
        """The provider's truth."""
        reference = await self.world.value(
            "SELECT provider_reference FROM app.payments WHERE package_purchase_id = $1", self.id
        )
        return await self.world.sandbox.fetch(reference)

    async def operations(self) -> list[tuple[str, str]]:
        """Kind and state of every operation on its payments, the oldest first."""
        rows = await self.world.rows(
            "SELECT o.kind, o.state FROM app.payment_operations o JOIN app.payments p"
            " ON p.id = o.payment_id WHERE p.package_purchase_id = $1 ORDER BY o.id",
            self.id,
        )
        return [(row["kind"], row["state"]) for row in rows]


async def bought(
    world: World,
    *,
    method: str | None = VISA,
    sarah: Specialist | None = None,
    anna: Client | None = None,
    page: dict[str, Any] | None = None,
    **package: Any,
) -> Purchase:
    """Bought with that payment method, or with none yet; `page` describes the specialist."""
    sarah = sarah or await world.specialist(**(page or {}))
    anna = anna or await world.client()
    made = await offered(sarah, **package)
    body = {"payment_method": method} if method else {}
    reply = await anna.post(f"/packages/{made['id']}/purchases", body)
    assert reply.status == 201, reply.json
    return Purchase(world, sarah, anna, made, reply.json["id"])
