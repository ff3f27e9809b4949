"""Letters as admins see them: listed, and handled anew where they were parked or settled."""

from typing import Any
from uuid import uuid4

from tests.features.reconciliation.books import findings
from tests.world.stripe import StripeWorld

PATH = "/admin/webhook-events"


async def mismatch(bank: StripeWorld) -> Any:
    """A booking whose letters were parked, since its intent was about another amount."""
    sarah, anna = await bank.world.specialist(), await bank.world.client()
    bank.fake.control.hold_webhooks()
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_card_visa")
    await bank.world.superuser.execute(
        "ALTER TABLE app.payments DISABLE TRIGGER guard_moves;"
        "UPDATE app.payments SET amount_minor = 19999;"
    )
    await bank.fake.control.release_webhooks()
    await bank.letters_arrive()
    return booking, anna


async def test_parked_letters_are_listed_and_can_be_handled_anew(bank: StripeWorld) -> None:
    world = bank.world
    booking, anna = await mismatch(bank)
    ada = await world.admin()
    parked = await ada.sees(f"{PATH}?state=parked")
    assert {one["last_error"] for one in parked} == {"PAYMENT_AMOUNT_MISMATCH"}
    assert await ada.sees(f"{PATH}?state=done") == []
    assert "body" not in parked[0]

    await world.superuser.execute("UPDATE app.payments SET amount_minor = 20000")
    reply = await ada.post(f"{PATH}/{parked[0]['id']}/replay")
    assert (reply.status, reply.json["state"], reply.json["attempts"]) == (200, "received", 0)
    await world.work_off("webhooks.letters")
    assert [one["id"] for one in await ada.sees(f"{PATH}?state=done")] == [parked[0]["id"]]
    seen = (await anna.get(f"/bookings/{booking['id']}")).json
    assert seen["status"] == "awaiting_confirmation"
    entries = await world.rows(
        "SELECT actor_id FROM app.audit_logs WHERE action = 'webhook_event.replayed'"
    )
    assert [row["actor_id"] for row in entries] == [ada.id]


async def test_what_is_under_way_is_not_handled_anew(bank: StripeWorld) -> None:
    world = bank.world
    ada = await world.admin()
    waiting = await world.value(
        "INSERT INTO app.webhook_events (provider, event_id, kind) VALUES ('stripe', 'e', 'k')"
        " RETURNING id"
    )
    reply = await ada.post(f"{PATH}/{waiting}/replay")
    assert (reply.status, reply.code) == (409, "WEBHOOK_EVENT_UNDER_WAY")
    reply = await ada.post(f"{PATH}/{uuid4()}/replay")
    assert (reply.status, reply.code) == (404, "WEBHOOK_EVENT_NOT_FOUND")


async def test_letters_are_paged_and_filtered_by_provider(bank: StripeWorld) -> None:
    for number in range(3):
        await bank.world.superuser.execute(
            "INSERT INTO app.webhook_events (provider, event_id, kind) VALUES ($1, $2::text, 'k')",
            "stripe" if number else "razorpay",
            str(number),
        )
    ada = await bank.world.admin()
    first = (await ada.get(PATH, params={"limit": 1, "provider": "stripe"})).json
    more = {"provider": "stripe", "cursor": first["next_cursor"]}
    second = (await ada.get(PATH, params=more)).json
    assert [one["event_id"] for one in (*first["items"], *second["items"])] == ["2", "1"]
    assert second["next_cursor"] is None


async def test_a_dispute_flags_booking_and_payment_and_its_end_is_heard_of(
    bank: StripeWorld,
) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_card_visa")
    await sarah.post(f"/bookings/{booking['id']}/confirm")
    await bank.letters_arrive()
    intent = bank.intents()[0]["id"]
    dispute = bank.fake.control.open_dispute(intent)
    await bank.letters_arrive()
    for who in (anna, sarah):
        seen = (await who.get(f"/bookings/{booking['id']}")).json
        assert (seen["status"], seen["payment"]["is_disputed"]) == ("confirmed", True)

    bank.fake.control.close_dispute(dispute["id"], won=True)
    await bank.letters_arrive()
    kinds = {one["kind"] for one in await (await world.admin()).sees(f"{PATH}?state=done")}
    assert {"charge.dispute.created", "charge.dispute.closed"} <= kinds
    assert await findings(world) == []
