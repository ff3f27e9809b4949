"""Operations that died, and trying them anew: only where that is safe, and on the record."""

from typing import Any
from uuid import uuid4

from consulta.features.payments.rules import MOST_ATTEMPTS
from consulta.kernel.money import Money
from tests.features.bookings.stages import Stage, authorised, confirmed
from tests.features.reconciliation.books import findings
from tests.world import World


async def dead(world: World, kind: str) -> Any:
    """The dead operation of that kind, as an admin sees it."""
    ada = await world.admin()
    return next(
        one for one in await ada.sees("/admin/operations?state=dead") if one["kind"] == kind
    )


async def exhausted(world: World) -> None:
    """What is in doubt has been tried very many times: it is parked now."""
    await world.superuser.execute(
        "UPDATE app.payment_operations SET attempts = $1 WHERE state = 'in_doubt'",
        MOST_ATTEMPTS - 1,
    )
    await world.travel(minutes=1)
    await world.work_off()


async def refund_parked(world: World) -> Stage:
    stage = await confirmed(world)
    async with world.sandbox_away():
        await stage.cancel()
        await exhausted(world)
    return stage


async def test_what_was_parked_after_very_many_tries_has_a_finding(world: World) -> None:
    await refund_parked(world)
    assert await findings(world) == [("park", "refund_parked", "open")]
    refund = await dead(world, "refund")
    (finding,) = await world.rows("SELECT facts FROM app.reconciliation_findings")
    assert refund["id"] in finding["facts"]


async def test_a_dead_refund_is_tried_anew_by_another_that_takes_its_place(world: World) -> None:
    stage = await refund_parked(world)
    old = await dead(world, "refund")
    ada = await world.admin()
    reply = await ada.post(f"/admin/operations/{old['id']}/replay", key="once")
    assert (reply.status, reply.json["state"]) == (201, "done")
    assert (reply.json["replaces"], reply.json["amount"]) == (old["id"], old["amount"])
    assert await stage.status() == ("cancelled", "refunded")
    assert (await stage.charge()).refunded_minor == 20_000
    again = await ada.post(f"/admin/operations/{old['id']}/replay", key="once")
    assert (again.status, again.content) == (201, reply.content)
    assert (await dead(world, "refund"))["replaced_by"] == reply.json["id"]
    actions = await world.rows(
        "SELECT actor_id FROM app.audit_logs WHERE action = 'payment.operation_replayed'"
    )
    assert [row["actor_id"] for row in actions] == [ada.id]

    other = await ada.post(f"/admin/operations/{old['id']}/replay")
    assert (other.status, other.code) == (409, "OPERATION_NOT_REPLAYABLE")
    assert (await stage.charge()).refunded_minor == 20_000


async def test_what_had_happened_after_all_is_not_done_again(world: World) -> None:
    """The answer to the refund was lost for good: the charge tells of it."""
    stage = await confirmed(world)
    async with world.sandbox_away():
        await stage.cancel()
    charge = await stage.charge()
    key = await stage.operation("refund")
    await world.sandbox.refund(charge.reference, Money(20_000, "USD"), idempotency_key=key)
    await world.superuser.execute(
        "UPDATE app.payment_operations SET state = 'dead' WHERE kind = 'refund'"
    )
    reply = await (await world.admin()).post(f"/admin/operations/{key}/replay")
    assert (reply.status, reply.code) == (409, "OPERATION_HAS_HAPPENED")
    assert await stage.status() == ("cancelled", "refunded")
    assert (await stage.charge()).refunded_minor == 20_000


async def test_a_dead_release_is_tried_anew(world: World) -> None:
    stage = await authorised(world)
    async with world.sandbox_away():
        await stage.decline()
        await exhausted(world)
    assert await findings(world) == [("park", "cancel_parked", "open")]
    old = await dead(world, "cancel")
    ada = await world.admin()
    reply = await ada.post(f"/admin/operations/{old['id']}/replay")
    assert (reply.status, reply.json["state"]) == (201, "done")
    assert await stage.status() == ("declined", "cancelled")


async def test_a_capture_of_what_does_not_stand_any_more_is_not(world: World) -> None:
    stage = await authorised(world)
    async with world.sandbox_away():
        await stage.confirm()
        await exhausted(world)
    old = await dead(world, "capture")
    await stage.decline()
    reply = await (await world.admin()).post(f"/admin/operations/{old['id']}/replay")
    assert (reply.status, reply.code) == (409, "PAYMENT_NOT_CAPTURABLE")
    assert await stage.status() == ("declined", "cancelled")


async def test_only_what_is_dead_and_no_payers_own_is_tried_anew(world: World) -> None:
    async with world.sandbox_away():
        stage = await authorised(world)
        waiting = await stage.operation("authorize")
        ada = await world.admin()
        in_doubt = await ada.sees("/admin/operations?state=in_doubt")
        assert [one["id"] for one in in_doubt] == [waiting]
        reply = await ada.post(f"/admin/operations/{waiting}/replay")
        assert (reply.status, reply.code) == (409, "OPERATION_NOT_REPLAYABLE")
        await exhausted(world)
    reply = await ada.post(f"/admin/operations/{waiting}/replay")
    assert (reply.status, reply.code) == (409, "OPERATION_NOT_REPLAYABLE")
    reply = await ada.post(f"/admin/operations/{uuid4()}/replay")
    assert (reply.status, reply.code) == (404, "OPERATION_NOT_FOUND")
    reply = await ada.post(f"/admin/operations/{waiting}/replay", key=None)
    assert (reply.status, reply.code) == (400, "IDEMPOTENCY_KEY_REQUIRED")


async def test_operations_of_one_payment_are_listed_page_by_page(world: World) -> None:
    stage = await confirmed(world)
    await authorised(world)
    payment = (await stage.seen())["payment"]["id"]
    ada = await world.admin()
    params = {"payment_id": payment, "limit": 1}
    first = (await ada.get("/admin/operations", params=params)).json
    params["cursor"] = first["next_cursor"]
    second = (await ada.get("/admin/operations", params=params)).json
    assert [one["kind"] for one in (*first["items"], *second["items"])] == ["capture", "authorize"]
    assert second["next_cursor"] is None
