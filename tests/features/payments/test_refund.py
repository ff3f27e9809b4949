"""Money that was taken goes back: by the specialist or an admin, never more than was taken."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from consulta.features.payments.queries import due_operations_leased
from consulta.features.payments.service import refuse
from consulta.providers.payments.port import ChargeState
from tests.features.bookings.stages import Stage, authorised, booked, confirmed
from tests.world import Person, Reply, World


async def refunds(
    stage: Stage, body: Any = None, *, by: Person | None = None, **more: Any
) -> Reply:
    path = f"/payments/{(await stage.seen())['payment']['id']}/refunds"
    return await (by or stage.sarah).post(path, body, **more)


async def listed(stage: Stage, who: Person) -> Any:
    return await who.sees(f"/payments/{(await stage.seen())['payment']['id']}/refunds")


async def test_a_part_goes_back_and_then_the_rest(world: World) -> None:
    stage = await confirmed(world)
    reply = await refunds(stage, {"amount_minor": 4_999, "reason": "We ended early."})
    assert reply.status == 201, reply.json
    made = reply.json
    assert made["amount"] == {"amount_minor": 4_999, "currency": "USD"}
    assert (made["state"], made["reason"]) == ("done", "We ended early.")
    assert made["requested_by_kind"] == "specialist"
    assert made["payment"]["status"] == "partially_refunded"
    assert made["payment"]["refunded"]["amount_minor"] == 4_999
    assert made["payment_id"] == made["payment"]["id"]
    rest = await refunds(stage)
    assert (rest.status, rest.json["amount"]["amount_minor"]) == (201, 15_001)
    assert (rest.json["payment"]["status"], rest.json["reason"]) == ("refunded", None)
    assert (await stage.charge()).refunded_minor == 20_000
    assert await stage.status() == ("confirmed", "refunded")
    for none_left in (None, {"amount_minor": 1}):
        reply = await refunds(stage, none_left)
        assert (reply.status, reply.code) == (409, "REFUND_EXCEEDS_CAPTURED")
        assert reply.json["refundable"] == {"amount_minor": 0, "currency": "USD"}


async def test_a_held_session_whose_money_all_went_back_is_refunded(world: World) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at)
    await stage.sarah.post(f"/bookings/{stage.id}/complete")
    await refunds(stage, {"amount_minor": 1})
    assert await stage.status() == ("completed", "partially_refunded")
    await refunds(stage)
    assert await stage.status() == ("refunded", "refunded")


async def test_never_more_than_was_taken(world: World) -> None:
    stage = await confirmed(world)
    await refunds(stage, {"amount_minor": 15_000})
    reply = await refunds(stage, {"amount_minor": 5_001})
    assert (reply.status, reply.code) == (409, "REFUND_EXCEEDS_CAPTURED")
    assert reply.json["refundable"] == {"amount_minor": 5_000, "currency": "USD"}
    assert (await stage.charge()).refunded_minor == 15_000


@pytest.mark.parametrize("make", [booked, authorised])
async def test_what_was_not_taken_cannot_go_back(world: World, make: Any) -> None:
    stage: Stage = await make(world)
    for body in (None, {"amount_minor": 1}):
        for who in (stage.sarah, await world.admin()):
            reply = await refunds(stage, body, by=who)
            assert (reply.status, reply.code) == (409, "PAYMENT_NOT_REFUNDABLE")
    assert "refund" not in {kind for kind, _ in await stage.operations()}


async def test_who_may(world: World) -> None:
    stage = await confirmed(world)
    ada, ben, omar = await world.admin(), await world.client("Ben"), await world.specialist("Omar")
    for who, expected in (
        (stage.anna, (403, "FORBIDDEN")),
        (ben, (403, "FORBIDDEN")),
        (omar, (404, "PAYMENT_NOT_FOUND")),
        (world.anonymous, (401, "UNAUTHORIZED")),
    ):
        reply = await refunds(stage, by=who)
        assert (reply.status, reply.code) == expected
    reply = await ada.post(f"/payments/{uuid4()}/refunds")
    assert (reply.status, reply.code) == (404, "PAYMENT_NOT_FOUND")
    assert (await stage.charge()).refunded_minor == 0
    assert (await refunds(stage, by=ada)).json["requested_by_kind"] == "admin"


async def test_a_specialist_is_a_payer_like_any_other(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Omar")
    booking = await omar.books(sarah, "mon 10:00", payment_method="pm_sandbox_visa")
    stage = Stage(world, sarah, omar, booking["id"], sarah.at("mon 10:00"))
    await stage.confirm()
    reply = await refunds(stage, by=omar)
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    # Not even what a cancellation owes him may he ask for twice.
    await stage.cancel()
    assert (await refunds(stage, by=omar)).code == "FORBIDDEN"
    assert (await stage.charge()).refunded_minor == 20_000


@pytest.mark.parametrize(
    "body",
    [
        {"amount_minor": 0},
        {"amount_minor": -1},
        {"amount_minor": 1.5},
        {"amount_minor": 10**15 + 1},
        {"amount": 1},
        {"reason": "x" * 1001},
        {"amount_minor": 1, "currency": "EUR"},
    ],
)
async def test_a_refund_fits_the_contract(world: World, body: Any) -> None:
    stage = await confirmed(world)
    reply = await refunds(stage, body)
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


async def test_the_same_key_returns_once(world: World) -> None:
    stage = await confirmed(world)
    body = {"amount_minor": 3_000}
    first = await refunds(stage, body, key="one")
    again = await refunds(stage, body, key="one")
    assert (first.status, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert (await stage.charge()).refunded_minor == 3_000
    assert (await refunds(stage, {"amount_minor": 1}, key="one")).code == "IDEMPOTENCY_KEY_REUSED"
    assert (await refunds(stage, body, key=None)).code == "IDEMPOTENCY_KEY_REQUIRED"


async def test_in_doubt_it_is_pending_and_is_made_once(world: World) -> None:
    stage = await confirmed(world)
    async with world.sandbox_away():
        reply = await refunds(stage, {"amount_minor": 3_000})
        assert (reply.status, reply.json["state"]) == (201, "pending")
        assert reply.json["payment"]["refunded"]["amount_minor"] == 0
    # What is promised counts: the rest is 17,000.
    assert (await refunds(stage, {"amount_minor": 17_001})).code == "REFUND_EXCEEDS_CAPTURED"
    await world.travel(minutes=1)
    await world.work_off()
    (seen,) = await listed(stage, stage.anna)
    assert (seen["state"], seen["id"]) == ("done", reply.json["id"])
    assert (await stage.charge()).refunded_minor == 3_000


async def test_a_refund_keeps_its_name_when_another_key_takes_over(world: World) -> None:
    stage = await confirmed(world)
    async with world.sandbox_away():
        name = (await refunds(stage, {"amount_minor": 3_000, "reason": "Late."})).json["id"]
    await world.travel(hours=21)  # The key is too old to be sent again.
    await world.work_off()
    await world.work_off()
    assert [state for kind, state in await stage.operations() if kind == "refund"] == [
        "dead",
        "done",
    ]
    (seen,) = await listed(stage, stage.sarah)
    assert (seen["id"], seen["state"], seen["reason"]) == (name, "done", "Late.")
    assert (await stage.charge()).refunded_minor == 3_000


async def test_what_the_provider_refuses_has_failed(world: World) -> None:
    stage = await confirmed(world)
    charge = await stage.charge()
    await world.sandbox.refund(charge.reference, charge.amount, idempotency_key="at the desk")
    reply = await refunds(stage, {"amount_minor": 3_000})
    assert (reply.status, reply.json["state"]) == (201, "failed")
    assert (await stage.charge()).refunded_minor == 20_000
    assert reply.json["payment"]["captured"]["amount_minor"] == 20_000


async def test_a_refund_that_is_refused_says_why_and_can_be_asked_for_again(world: World) -> None:
    stage = await confirmed(world)
    async with world.sandbox_away():
        name = (await refunds(stage, {"amount_minor": 15_000})).json["id"]
    payment_id = (await stage.seen())["payment"]["id"]
    await world.travel(minutes=1)
    async with world.app.state.till.recording() as work:
        (lease,) = await due_operations_leased(
            work, limit=1, lease_seconds=30, payment_id=UUID(payment_id)
        )
        assert await refuse(work, lease, "charge_disputed", None)
    for who in (stage.anna, stage.sarah):
        (seen,) = await listed(stage, who)
        assert (seen["id"], seen["state"], seen["code"]) == (name, "failed", "charge_disputed")
    told = json.loads(
        await world.value("SELECT payload FROM app.outbox WHERE topic = 'payment.refund_failed'")
    )
    assert (told["payment_id"], told["refund_id"]) == (payment_id, name)
    assert (
        await world.value(
            "SELECT count(*) FROM app.audit_logs WHERE action = 'payment.refund_refused'"
        )
        == 1
    )
    again = await refunds(stage)
    assert (again.json["state"], again.json["code"]) == ("done", None)
    assert again.json["amount"]["amount_minor"] == 20_000


async def test_the_list_is_for_the_parties_and_the_newest_comes_first(world: World) -> None:
    stage = await confirmed(world)
    ada = await world.admin()
    await refunds(stage, {"amount_minor": 1})
    await refunds(stage, {"amount_minor": 2}, by=ada)
    await world.stop_clock(stage.starts_at.replace(hour=0))
    await stage.cancel()
    for who in (stage.anna, stage.sarah, ada):
        seen = await listed(stage, who)
        assert [(one["amount"]["amount_minor"], one["requested_by_kind"]) for one in seen] == [
            (9_997, "client"),
            (2, "admin"),
            (1, "specialist"),
        ]
        assert set(seen[0]) == {
            "id", "payment_id", "amount", "state", "code", "reason", "requested_by_kind",
            "created_at",
        }  # fmt: skip
    path = f"/payments/{(await stage.seen())['payment']['id']}/refunds"
    for stranger in (await world.client("Ben"), await world.specialist("Omar")):
        reply = await stranger.get(path)
        assert (reply.status, reply.code) == (404, "PAYMENT_NOT_FOUND")
    assert (await world.anonymous.get(path)).status == 401


async def test_strangers_read_no_refunds_past_the_routes(world: World) -> None:
    stage = await confirmed(world)
    await refunds(stage, {"amount_minor": 1})
    payment = (await stage.seen())["payment"]["id"]
    ben = await world.client("Ben")
    async with world.database.connected("consulta_api") as connection:
        for person, count in ((stage.anna, 1), (stage.sarah, 1), (ben, 0)):
            async with connection.transaction():
                await connection.execute(
                    "SELECT set_config('role', 'consulta_user', true),"
                    " set_config('app.user_id', $1, true)",
                    str(person.id),
                )
                rows = await connection.fetch("SELECT * FROM app.refunds_of($1)", payment)
                assert len(rows) == count


async def test_money_taken_by_hand_goes_back_by_hand(world: World) -> None:
    stage = await booked(world, provider="manual")
    await stage.confirm()
    payment = (await stage.seen())["payment"]["id"]
    assert (await stage.sarah.post(f"/payments/{payment}/mark-paid")).status == 200
    first = await refunds(stage, {"amount_minor": 3_000})
    assert (first.status, first.json["state"]) == (201, "done"), first.json
    assert first.json["payment"]["status"] == "partially_refunded"
    second = await refunds(stage, {"amount_minor": 7_000})
    assert second.json["payment"]["refunded"]["amount_minor"] == 10_000
    assert second.json["payment"]["captured"]["amount_minor"] == 20_000
    reply = await stage.sarah.post(f"/bookings/{stage.id}/cancel")
    assert reply.json["payment"]["status"] == "partially_refunded"
    assert await world.value("SELECT refund_minor FROM app.booking_cancellations") == 10_000
    reply = await stage.sarah.post(f"/payments/{payment}/mark-returned")
    assert (reply.json["status"], reply.json["refunded"]["amount_minor"]) == ("refunded", 20_000)


async def test_every_refund_is_on_the_record(world: World) -> None:
    stage = await confirmed(world)
    ada = await world.admin()
    await refunds(stage, {"amount_minor": 3_000}, by=ada)
    (entry,) = await world.rows(
        "SELECT * FROM app.audit_logs WHERE action = 'payment.refund_requested'"
    )
    assert entry["actor_id"] == ada.id
    assert '"amount_minor": 3000' in entry["new_values"]
    assert (await stage.charge()).state is ChargeState.PAID
