"""Operations: the unit of retry. What is leased, resent, resolved by reading, replaced, parked."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from consulta.features.payments import flows, queries, service
from consulta.features.payments.errors import (
    PaymentNotCapturable,
    PaymentNotFound,
    PaymentNotRefundable,
    PaymentNotVoidable,
    PaymentOperationUnderWay,
    RefundExceedsCaptured,
    RefundNotDue,
)
from consulta.features.payments.rules import MOST_ATTEMPTS
from consulta.kernel.actor import Actor, Role
from consulta.providers.payments.port import ChargeState, ProviderUnavailable
from tests.features.bookings.stages import Stage, authorised, booked, confirmed
from tests.world import World


async def ask_for(
    stage: Stage, kind: Any, amount_minor: int | None, *, as_: Actor | None = None
) -> service.Asked:
    """As somebody asks for money to move; nothing is sent."""
    payment = UUID((await stage.seen())["payment"]["id"])
    actor = as_ or Actor(Role.SPECIALIST, stage.sarah.id)
    async with stage.world.app.state.database.work(actor) as work:
        return await service.request_operation(
            work, payment_id=payment, kind=kind, amount_minor=amount_minor
        )


async def test_only_the_specialist_takes_and_only_what_is_reserved(world: World) -> None:
    stage = await authorised(world)
    with pytest.raises(PaymentNotCapturable):
        await ask_for(stage, "capture", 20_000, as_=Actor(Role.CLIENT, stage.anna.id))
    for amount in (19_999, 20_001, 0, -1):
        with pytest.raises(PaymentNotCapturable):
            await ask_for(stage, "capture", amount)
    with pytest.raises(PaymentNotFound):
        await ask_for(stage, "capture", 20_000, as_=Actor(Role.SPECIALIST, uuid4()))
    with pytest.raises(PaymentNotCapturable):
        await ask_for(await booked(world), "capture", 20_000)


async def test_what_stands_is_not_released(world: World) -> None:
    for stage in (await booked(world), await authorised(world), await confirmed(world)):
        with pytest.raises(PaymentNotVoidable):
            await ask_for(stage, "cancel", 20_000)


async def test_a_refund_is_due_or_not_made(world: World) -> None:
    stage = await confirmed(world)
    for amount in (1, 20_000, None):
        with pytest.raises(RefundNotDue):
            await ask_for(stage, "refund", amount, as_=Actor(Role.CLIENT, stage.anna.id))
    with pytest.raises(PaymentNotRefundable):
        await ask_for(await authorised(world), "refund", None)
    with pytest.raises(RefundExceedsCaptured):
        await ask_for(stage, "refund", 0)


async def test_refunds_at_once_never_exceed_what_was_taken(world: World) -> None:
    """Twenty of 3,000 each, three times of what is there: six fit."""
    stage = await confirmed(world)
    ada = Actor(Role.ADMIN, (await world.admin()).id)

    async def one() -> bool:
        try:
            await ask_for(stage, "refund", 3_000, as_=ada)
        except RefundExceedsCaptured:
            return False
        return True

    made = await asyncio.gather(*(one() for _ in range(20)))
    assert sum(made) == 6
    await world.travel(minutes=1)
    for _ in range(3):
        await world.work_off()
    assert (await stage.charge()).refunded_minor == 18_000
    assert (await stage.payment())["refunded"]["amount_minor"] == 18_000


async def test_capture_and_release_exclude_each_other(world: World) -> None:
    stage = await authorised(world)
    await ask_for(stage, "capture", 20_000)
    with pytest.raises(PaymentOperationUnderWay):
        await ask_for(stage, "capture", 20_000)
    async with world.app.state.till.recording() as work:
        made = await work.fetchrow(
            "SELECT (app.enqueue_operation($1, 'cancel', 20000, NULL, 0)).id",
            UUID((await stage.seen())["payment"]["id"]),
        )
    assert made is not None
    assert made["id"] is None


async def test_leases_are_nobody_elses_until_they_lapse(world: World) -> None:
    async with world.sandbox_away():
        await authorised(world)
    till = world.app.state.till
    await world.travel(minutes=1)
    leased = await asyncio.gather(*(flows.due_operations(till, limit=5) for _ in range(6)))
    assert sum(len(one) for one in leased) == 1
    assert await flows.due_operations(till, limit=5) == []
    await world.travel(seconds=31)
    (again,) = await flows.due_operations(till, limit=5)
    assert again.attempts == 3


async def test_the_same_stored_error_three_times_ends_in_reading(world: World) -> None:
    stage = await authorised(world)
    asked = await ask_for(stage, "capture", 20_000)
    till = world.app.state.till
    stored = flows.Answer(unavailable=ProviderUnavailable(stored=True))
    for _ in range(3):
        await world.travel(minutes=1)
        (lease,) = await flows.due_operations(till, limit=5)
        assert lease.operation_id == asked.operation_id
        async with till.recording() as work:
            await flows.write_down(work, lease, stored)
    for _ in range(2):  # Read: nothing was taken. Then under a key of its own.
        await world.travel(minutes=1)
        await world.work_off()
    assert await stage.status() == ("confirmed", "paid")
    assert await stage.operations() == [
        ("authorize", "done"),
        ("capture", "dead"),
        ("capture", "done"),
    ]


async def test_another_kind_of_failure_starts_the_count_anew(world: World) -> None:
    stage = await authorised(world)
    await ask_for(stage, "capture", 20_000)
    till = world.app.state.till
    for stored, count in ((True, 1), (True, 2), (False, 0), (True, 1)):
        await world.travel(minutes=5)
        (lease,) = await flows.due_operations(till, limit=5)
        async with till.recording() as work:
            unavailable = ProviderUnavailable(stored=stored)
            await flows.write_down(work, lease, flows.Answer(unavailable=unavailable))
        (row,) = await world.rows(
            "SELECT same_error_count FROM app.payment_operations WHERE kind = 'capture'"
        )
        assert row["same_error_count"] == count


async def test_the_provider_says_when_to_come_back(world: World) -> None:
    stage = await authorised(world)
    await ask_for(stage, "capture", 20_000)
    till = world.app.state.till
    await world.travel(minutes=1)
    (lease,) = await flows.due_operations(till, limit=5)
    busy = flows.Answer(unavailable=ProviderUnavailable(retry_after_seconds=600))
    async with till.recording() as work:
        await flows.write_down(work, lease, busy)
    gap = await world.value(
        "SELECT extract(epoch FROM next_attempt_at - app.now())::float"
        " FROM app.payment_operations WHERE kind = 'capture'"
    )
    assert 590 < gap <= 600


async def test_after_very_many_attempts_a_person_has_to_look(world: World) -> None:
    async with world.sandbox_away():
        stage = await authorised(world)
        await world.superuser.execute(
            "UPDATE app.payment_operations SET attempts = $1", MOST_ATTEMPTS - 1
        )
        await world.travel(minutes=1)
        await world.work_off()
    assert await stage.operations() == [("authorize", "dead")]
    (entry,) = await world.rows(
        "SELECT status FROM app.audit_logs WHERE action = 'payment.operation_parked'"
    )
    assert entry["status"] == "failure"
    # The payer may still pay.
    assert (await stage.pay("pm_sandbox_visa")).json["payment"]["status"] == "authorized"


async def test_an_old_authorisation_that_never_happened_gets_a_new_key(world: World) -> None:
    sarah = await world.specialist()
    async with world.sandbox_away():
        stage = await authorised(world, sarah=sarah)
    # Nobody swept for a day, so that the booking still stands.
    await world.travel(hours=21)
    await world.work_off()
    await world.work_off()
    assert await stage.operations() == [("authorize", "dead"), ("authorize", "done")]
    assert await stage.charges() == 1
    assert (await stage.status())[1] == "authorized"


async def test_a_provider_that_is_not_set_up_any_more_is_waited_for(world: World) -> None:
    stage = await booked(world, provider="stripe")
    assert await stage.status() == ("pending_payment", "pending")
    assert await stage.operations() == [("authorize", "in_doubt")]
    await world.travel(minutes=1)
    await world.work_off()
    assert await stage.operations() == [("authorize", "in_doubt")]


async def test_a_release_waits_while_an_authorisation_may_yet_appear(world: World) -> None:
    async with world.sandbox_away():
        stage = await authorised(world)
        reply = await stage.cancel()
        assert (reply.status, reply.json["status"]) == (200, "cancelled")
        assert await stage.operations() == [("authorize", "in_doubt"), ("cancel", "pending")]
    await world.travel(minutes=5)
    for _ in range(3):
        await world.work_off()
        await world.travel(minutes=5)
    assert await stage.status() == ("cancelled", "cancelled")
    assert await stage.charges() == 0


async def test_a_release_that_finds_nothing_looks_again_before_it_gives_up(world: World) -> None:
    """The authorisation is recorded between the release's question and its answer."""
    till = world.app.state.till
    async with world.sandbox_away():
        stage = await authorised(world)
    await world.travel(minutes=1)
    (authorisation,) = await flows.due_operations(till, limit=5)
    reply = await stage.cancel()
    assert (reply.status, await stage.operations()) == (
        200,
        [("authorize", "leased"), ("cancel", "pending")],
    )
    await world.superuser.execute(
        "UPDATE app.payment_operations SET next_attempt_at = app.now() WHERE kind = 'cancel'"
    )
    (release,) = await flows.due_operations(till, limit=5)
    nothing = await flows.ask(till, release)
    assert nothing.is_absent
    await flows.perform(till, authorisation)
    async with till.recording() as work:
        await flows.write_down(work, release, nothing)
    assert (await stage.charge()).state is ChargeState.AUTHORIZED
    await world.travel(minutes=5)
    await world.work_off()
    assert await stage.status() == ("cancelled", "cancelled")
    assert (await stage.charge()).state is ChargeState.CANCELLED


async def test_a_payment_nobody_knows_is_not_locked(world: World) -> None:
    async with world.app.state.till.recording() as work:
        assert await queries.payment_for_update(work, uuid4()) is None
