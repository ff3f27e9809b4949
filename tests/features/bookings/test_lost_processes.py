"""A process that dies between its two transactions: the same key finds the effect and finishes it,
and a process thought dead that comes back writes nothing.
"""

from uuid import UUID

import pytest

from consulta.features.payments import flows, queries
from tests.features.bookings.stages import Stage, authorised, booked
from tests.world import Client, Reply, Specialist, World

REPLAYED = "idempotent-replayed"
VISA = {"payment_method": "pm_sandbox_visa"}


async def book(anna: Client, sarah: Specialist, **more: str) -> Reply:
    return await anna.post("/bookings", sarah.booking("mon 10:00", **more), key="k1")


async def forget_the_answer(world: World, key: str) -> UUID:
    """As a process leaves it that died between its two transactions; returns what the key knows."""
    await world.superuser.execute(
        "UPDATE app.idempotency_keys SET status_code = NULL, answer = NULL WHERE key = $1", key
    )
    found: UUID = await world.value(
        "SELECT subject_id FROM app.idempotency_keys WHERE key = $1", key
    )
    return found


async def lose_the_process(stage: Stage, key: str, kind: str) -> None:
    """The operation was leased and never sent; nobody is there any more to answer."""
    assert str(await forget_the_answer(stage.world, key)) == stage.id
    await stage.world.superuser.execute(
        "UPDATE app.payment_operations SET state = 'leased', attempts = 1, last_error = NULL,"
        " lease_until = app.now() + interval '30 s', next_attempt_at = app.now() + interval '30 s'"
        " WHERE id = $1",
        UUID(await stage.operation(kind)),
    )


async def lost_booking(world: World) -> Stage:
    """Booked under the key `k1` by a process that died before it reached the provider."""
    sarah, anna = await world.specialist(), await world.client()
    async with world.sandbox_away():
        reply = await book(anna, sarah, **VISA)
    assert (reply.status, reply.json["payment"]["status"]) == (201, "pending")
    stage = Stage(world, sarah, anna, reply.json["id"], sarah.at("mon 10:00"))
    await lose_the_process(stage, "k1", "authorize")
    return stage


async def test_after_a_crash_the_same_key_finds_its_booking_and_finishes_it(world: World) -> None:
    stage = await lost_booking(world)
    early = await book(stage.anna, stage.sarah, **VISA)
    assert (early.status, early.code) == (409, "IDEMPOTENCY_IN_PROGRESS")
    await world.travel(seconds=31)
    reply = await book(stage.anna, stage.sarah, **VISA)
    assert (reply.status, reply.json["id"]) == (201, stage.id)
    assert reply.json["payment"]["status"] == "authorized"
    again = await book(stage.anna, stage.sarah, **VISA)
    assert (again.content, again.headers[REPLAYED]) == (reply.content, "true")
    assert len(await stage.anna.sees("/bookings")) == 1
    assert await stage.charges() == 1


async def test_after_a_crash_the_worker_finishes_it_and_the_key_hears_of_it(world: World) -> None:
    stage = await lost_booking(world)
    await world.travel(seconds=31)
    await world.work_off()
    assert await stage.status() == ("awaiting_confirmation", "authorized")
    reply = await book(stage.anna, stage.sarah, **VISA)
    assert (reply.status, reply.json["id"]) == (201, stage.id)
    assert reply.json["status"] == "awaiting_confirmation"
    assert await stage.charges() == 1


async def test_after_a_crash_another_body_does_not_pass_for_the_same(world: World) -> None:
    stage = await lost_booking(world)
    await world.travel(seconds=31)
    reply = await book(stage.anna, stage.sarah)
    assert (reply.status, reply.code) == (422, "IDEMPOTENCY_KEY_REUSED")


@pytest.mark.parametrize(
    ("verb", "kind", "after"),
    [
        ("confirm", "capture", ("confirmed", "paid")),
        ("decline", "cancel", ("declined", "cancelled")),
        ("cancel", "cancel", ("cancelled", "cancelled")),
    ],
)
async def test_after_a_crash_every_verb_is_finished_under_its_key(
    world: World, verb: str, kind: str, after: tuple[str, str]
) -> None:
    stage = await authorised(world)
    who = stage.anna if verb == "cancel" else stage.sarah
    async with world.sandbox_away():
        first = await who.post(f"/bookings/{stage.id}/{verb}", key="k2")
        assert first.status in {200, 202}
    await lose_the_process(stage, "k2", kind)
    await world.travel(seconds=31)
    reply = await who.post(f"/bookings/{stage.id}/{verb}", key="k2")
    assert (reply.status, reply.json["status"]) == (200, after[0])
    assert await stage.status() == after
    assert [one for one, _ in await stage.operations()] == ["authorize", kind]


async def test_a_crash_after_the_call_repeats_nothing(world: World) -> None:
    """The provider did it, and the process died before it could write that down."""
    stage = await authorised(world)
    async with world.sandbox_away():
        await stage.confirm(key="k2")
    truth, key = await stage.charge(), await stage.operation("capture")
    await world.sandbox.capture(truth.reference, truth.amount, idempotency_key=key)
    await lose_the_process(stage, "k2", "capture")
    await world.travel(seconds=31)
    reply = await stage.confirm(key="k2")
    assert (reply.status, reply.json["status"]) == (200, "confirmed")
    assert (await stage.charge()).captured_minor == 20_000


async def test_a_late_writer_writes_nothing(world: World) -> None:
    """A process thought dead comes back after its lease: the fence has moved on."""
    till = world.app.state.till
    async with world.sandbox_away():
        stage = await booked(world, method="pm_sandbox_visa")
    await world.travel(minutes=1)
    (slow,) = await flows.due_operations(till, limit=5)
    await world.travel(minutes=1)
    (fast,) = await flows.due_operations(till, limit=5)
    assert (slow.operation_id, slow.fence + 1) == (fast.operation_id, fast.fence)
    late = await flows.ask(till, slow)
    await flows.perform(till, fast)
    assert await stage.status() == ("awaiting_confirmation", "authorized")
    moves = await world.rows("SELECT * FROM app.booking_status_history")
    async with till.recording() as work:
        await flows.write_down(work, slow, late)
    assert await world.rows("SELECT * FROM app.booking_status_history") == moves
    async with till.recording() as work:
        payment = await queries.payment_for_update(work, slow.payment_id)
    assert payment is not None
    assert payment.status == "authorized"
    assert await stage.charges() == 1
