"""A process that dies between its two transactions: the same key finds the effect and finishes it;
and what came about meanwhile is not undone by whoever looks late.
"""

from uuid import UUID

from consulta.features.packages import service
from consulta.kernel.actor import Actor
from tests.features.packages.shop import VISA, Purchase, bought, offered
from tests.world import World


async def lose_the_process(purchase: Purchase, kind: str) -> None:
    """The operation was leased and never sent; nobody is there any more to answer."""
    await purchase.world.superuser.execute(
        "UPDATE app.idempotency_keys SET status_code = NULL, answer = NULL WHERE key = 'k1'"
    )
    await purchase.world.superuser.execute(
        "UPDATE app.payment_operations SET state = 'leased', attempts = 1, last_error = NULL,"
        " lease_until = app.now() + interval '30 s', next_attempt_at = app.now() + interval '30 s'"
        " WHERE kind = $1",
        kind,
    )


async def test_after_a_crash_the_same_key_finds_its_purchase_and_finishes_it(
    world: World,
) -> None:
    sarah, anna = await world.specialist(), await world.client()
    package = await offered(sarah)
    path, body = f"/packages/{package['id']}/purchases", {"payment_method": VISA}
    async with world.sandbox_away():
        reply = await anna.post(path, body, key="k1")
    purchase = Purchase(world, sarah, anna, package, reply.json["id"])
    await lose_the_process(purchase, "authorize")
    assert (await anna.post(path, body, key="k1")).code == "IDEMPOTENCY_IN_PROGRESS"
    await world.travel(seconds=31)

    reply = await anna.post(path, body, key="k1")

    assert (reply.status, reply.json["id"]) == (201, purchase.id)
    assert (reply.json["status"], reply.json["credits_left"]) == ("active", 4)
    again = await anna.post(path, body, key="k1")
    assert (again.content, again.headers["idempotent-replayed"]) == (reply.content, "true")
    assert len(await anna.sees("/package-purchases")) == 1
    assert await purchase.ledger() == [("granted", 4)]


async def test_after_a_crash_the_same_key_finishes_its_refund(world: World) -> None:
    purchase = await bought(world)
    async with world.sandbox_away():
        await purchase.refund(key="k1")
    await lose_the_process(purchase, "refund")
    await world.travel(seconds=31)

    reply = await purchase.refund(key="k1")

    assert (reply.status, reply.json["status"]) == (200, "refunded")
    assert reply.json["payment"]["refunded"]["amount_minor"] == 8_000
    assert (await purchase.charge()).refunded_minor == 8_000
    assert await purchase.ledger() == [("granted", 4), ("refunded", -4)]


async def test_who_looks_late_changes_nothing(world: World) -> None:
    """Jobs read their list first and lock later: what is not due any more is left alone."""
    lasting = await bought(world, valid_for_days=10)
    unpaid = await bought(world, sarah=lasting.sarah, method=None)
    for purchase in (lasting, unpaid):
        before = await purchase.seen()
        async with world.app.state.database.work(Actor.system("tests")) as work:
            assert not await service.cancel_unpaid(work, purchase_id=UUID(purchase.id))
            assert not await service.expire(work, purchase_id=UUID(purchase.id))
        assert await purchase.seen() == before
