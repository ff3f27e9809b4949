"""Whatever happens to a purchase, in whatever order: what is left is the sum of its ledger, never
below zero, and money and credits stay in step.
"""

import random
from datetime import timedelta
from typing import Any

import pytest

from tests.features.packages.shop import Purchase, bought
from tests.world import Reply, World

_ALLOWED = {200, 201, 409}


class Story:
    """A seeded sequence of what people and the clock may do to one purchase."""

    def __init__(self, purchase: Purchase, seed: int) -> None:
        self.purchase = purchase
        self.world = purchase.world
        self.dice = random.Random(seed)
        self.bookings: list[str] = []
        self.done: list[str] = []

    async def goes_on(self) -> None:
        acts = [self.book, self.book, self.confirm, self.cancel, self.call_off, self.decline]
        act = self.dice.choice([*acts, self.complete, self.no_show, self.time_passes, self.refund])
        reply = await act()
        self.done.append(f"{act.__name__}: {reply.status if reply else ''}")
        assert reply is None or reply.status in _ALLOWED, (self.done, reply.json)

    async def book(self) -> Reply:
        # The clock moves, so the time is asked for and not computed.
        now = await self.world.value("SELECT app.now()")
        day = (now + timedelta(days=self.dice.randint(1, 3))).replace(
            hour=self.dice.randint(9, 16), minute=0, second=0, microsecond=0
        )
        reply = await self.purchase.book(day)
        if reply.status == 201:
            self.bookings.append(reply.json["id"])
        return reply

    async def confirm(self) -> Reply | None:
        return await self._about(self.purchase.sarah, "confirm")

    async def decline(self) -> Reply | None:
        return await self._about(self.purchase.sarah, "decline")

    async def cancel(self) -> Reply | None:
        return await self._about(self.purchase.anna, "cancel")

    async def call_off(self) -> Reply | None:
        return await self._about(self.purchase.sarah, "cancel")

    async def complete(self) -> Reply | None:
        return await self._about(self.purchase.sarah, "complete")

    async def no_show(self) -> Reply | None:
        return await self._about(self.purchase.sarah, "no-show")

    async def time_passes(self) -> None:
        await self.world.travel(hours=self.dice.choice([1, 5, 20, 40]))
        await self.world.work_off("bookings.expire", "packages.expire", "payments.operations")

    async def refund(self) -> Reply | None:
        # Rarely: most stories should not end with it.
        return await self.purchase.refund() if self.dice.random() < 0.3 else None

    async def _about(self, who: Any, verb: str) -> Reply | None:
        if not self.bookings:
            return None
        reply: Reply = await who.post(f"/bookings/{self.dice.choice(self.bookings)}/{verb}")
        return reply

    async def adds_up(self) -> None:
        seen = await self.purchase.seen()
        left, running = seen["credits_left"], 0
        for row in seen["credits"]:
            running += row["credits"]
            assert running >= 0, self.done
        assert left == running, self.done
        assert left <= seen["session_count"]
        settled = {"used", "returned"}
        rows = await self.world.rows(
            "SELECT b.status, array_agg(c.kind) AS kinds"
            " FROM app.bookings b JOIN app.package_credits c ON c.booking_id = b.id"
            " WHERE b.package_purchase_id = $1 GROUP BY b.id",
            self.purchase.id,
        )
        assert len(rows) == len(self.bookings)
        for row in rows:
            is_open = row["status"] in {"awaiting_confirmation", "confirmed"}
            kinds = row["kinds"]
            assert kinds.count("reserved") == 1, (self.done, rows)
            assert len(settled & set(kinds)) == (0 if is_open else 1), (self.done, rows)
        gone = -sum(row["credits"] for row in seen["credits"] if row["kind"] == "refunded")
        returned = seen["payment"]["refunded"]["amount_minor"]
        # 200 in 3: 67, 67 and 66.
        assert returned == [0, 67, 134, 200][gone], self.done


@pytest.mark.parametrize("seed", range(12))
async def test_the_ledger_adds_up_after_any_story(world: World, seed: int) -> None:
    price = {"amount_minor": 200, "currency": "USD"}
    purchase = await bought(
        world, price=price, session_count=3, valid_for_days=12, page={"open": "sun-sat 09:00-17:00"}
    )
    story = Story(purchase, seed)
    for _ in range(25):
        await story.goes_on()
        await story.adds_up()
    assert len({line.partition(":")[0] for line in story.done}) >= 5


async def test_the_look_at_the_ledger_can_fail(world: World) -> None:
    """The control: a balance that is not its ledger's sum is seen."""
    purchase = await bought(world, price={"amount_minor": 200, "currency": "USD"}, session_count=3)
    story = Story(purchase, 0)
    await story.adds_up()
    await world.superuser.execute("ALTER TABLE app.package_purchases DISABLE TRIGGER guard_moves")
    await world.superuser.execute("UPDATE app.package_purchases SET credits_left = 2")
    with pytest.raises(AssertionError):
        await story.adds_up()
