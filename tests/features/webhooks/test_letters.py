"""Letters from Stripe: genuine ones are stored once and have one effect, in whatever order."""

import asyncio
import itertools
import json
import time
from typing import Any

import pytest

from tests.world import Reply
from tests.world.stripe import WEBHOOK_SECRET, StripeWorld

LETTER = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": 1,
        "livemode": False,
        "data": {"object": {"id": "pi_unknown", "object": "payment_intent"}},
    }
).encode()


async def post(bank: StripeWorld, body: bytes, header: str | None, **more: str) -> Reply:
    headers = {"Content-Type": "application/json", **more}
    if header is not None:
        headers["Stripe-Signature"] = header
    answer = await bank.world.http.post("/api/webhooks/stripe", content=body, headers=headers)
    return Reply(answer.status_code, answer.json(), answer.headers, answer.content)


async def letters(bank: StripeWorld) -> int:
    count: int = await bank.world.value("SELECT count(*) FROM app.webhook_events")
    return count


def signed(bank: StripeWorld, body: bytes, **more: Any) -> str:
    return bank.signed_header(body, **more)


async def test_odd_signatures_are_400_and_nothing_is_stored(bank: StripeWorld) -> None:
    now = time.time()
    good = signed(bank, LETTER)
    stamp, mark = good.split(",")
    odd = {
        "none": None,
        "empty": "",
        "another secret": signed(bank, LETTER, secret="whsec_of_somebody_else"),
        "stale": signed(bank, LETTER, at=now - 301),
        "future": signed(bank, LETTER, at=now + 302),
        "far future": signed(bank, LETTER, at=now + 10 * 365 * 86_400),
        "empty v1": f"{stamp},v1=",
        "v0 only": good.replace("v1=", "v0="),
        "not a number": f"t=NaN,{mark}",
        "two stamps": f"{stamp},{stamp},{mark}",
        "oversized": good + "," + ",".join(f"v0={n:064d}" for n in range(200)),
        "not ascii": f"{stamp},v1=\u00e9",
        "no stamp": mark,
    }
    for name, header in odd.items():
        headers = header.encode("latin-1") if header is not None else None
        reply = await post(bank, LETTER, headers)  # type: ignore[arg-type]
        assert reply.status == 400, name
        assert reply.code == "INVALID_SIGNATURE", name
    assert await letters(bank) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe{}",
        b'{"id": "evt_1\x00"}',
        b"[1, 2]",
        b"nonsense",
        b"",
        b'{"id": 7, "type": 8}',
        b"[" * 20_000,
        b'{"id": "evt_\\ud800", "type": "payment_intent.succeeded"}',
    ],
)
async def test_signed_nonsense_is_400_and_never_500(bank: StripeWorld, body: bytes) -> None:
    reply = await post(bank, body, signed(bank, body))
    assert reply.status == 400
    assert await letters(bank) == 0


async def test_a_body_too_large_is_413(bank: StripeWorld) -> None:
    body = b'{"id": "evt_1", "pad": "' + b"x" * 1_100_000 + b'"}'
    assert (await post(bank, body, signed(bank, body))).status == 413


async def test_a_changed_byte_is_400(bank: StripeWorld) -> None:
    assert (await post(bank, LETTER + b" ", signed(bank, LETTER))).status == 400


async def test_within_the_tolerance_and_with_a_second_mark_it_is_accepted(
    bank: StripeWorld,
) -> None:
    header = signed(bank, LETTER, at=time.time() - 290)
    stamp, mark = header.split(",")
    assert (await post(bank, LETTER, f"{stamp},v1={'0' * 64},{mark}")).status == 200
    assert await letters(bank) == 1


async def test_one_letter_sent_50_times_at_once_has_one_effect(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    bank.fake.control.hold_webhooks()
    booking = await anna.books(sarah, "mon 10:00")
    bank.fake.control.browser_confirm(bank.intent_of(booking), payment_method="pm_card_visa")
    capturable = next(
        one
        for one in bank.fake.control.deliveries()
        if one["type"] == "payment_intent.amount_capturable_updated"
    )
    body = json.dumps(bank.fake.control.get(capturable["event"])).encode()

    replies = await asyncio.gather(*(post(bank, body, signed(bank, body)) for _ in range(50)))
    assert {reply.status for reply in replies} == {200}
    assert sum(not reply.json["duplicate"] for reply in replies) == 1
    await world.work_off("webhooks.letters")
    history = (await anna.get(f"/bookings/{booking['id']}/history")).json["items"]
    assert [one["to_status"] for one in history] == ["pending_payment", "awaiting_confirmation"]


async def test_any_order_of_a_payments_letters_ends_in_the_same_state(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(open="sun-sat 00:00-24:00"), await world.client()
    bank.fake.control.hold_webhooks()
    ends = set()
    for number, order in enumerate(itertools.permutations(range(3))):
        booking = await anna.books(sarah, f"mon {10 + number}:00", payment_method="pm_card_visa")
        await sarah.post(f"/bookings/{booking['id']}/confirm")
        waiting = [one["id"] for one in bank.fake.control.deliveries("held")][:3]
        for place in order:
            await bank.fake.control.deliver(waiting[place], times=2)
            await world.work_off("webhooks.letters")
        for rest in bank.fake.control.deliveries("held"):
            await bank.fake.control.deliver(rest["id"])
        await world.work_off("webhooks.letters")
        after = (await anna.get(f"/bookings/{booking['id']}")).json
        ends.add((after["status"], after["payment"]["status"]))
    assert ends == {("confirmed", "paid")}


async def test_a_letter_about_an_unknown_payment_is_kept_and_tried_again(
    bank: StripeWorld,
) -> None:
    assert (await post(bank, LETTER, signed(bank, LETTER))).status == 200
    await bank.world.work_off("webhooks.letters")
    (row,) = await bank.world.rows("SELECT * FROM app.webhook_events")
    assert (row["state"], row["last_error"]) == ("received", "CHARGE_UNKNOWN")
    assert row["attempts"] == 1
    assert row["next_attempt_at"] > row["received_at"]
    await bank.world.travel(hours=1)
    await bank.world.work_off("webhooks.letters")
    assert await bank.world.value("SELECT attempts FROM app.webhook_events") == 2


async def test_the_truth_comes_from_stripe_and_not_from_the_letter(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00")
    body = LETTER.replace(b"pi_unknown", bank.intent_of(booking).encode())
    assert (await post(bank, body, signed(bank, body))).status == 200
    await world.work_off("webhooks.letters")
    after = (await anna.get(f"/bookings/{booking['id']}")).json
    assert (after["status"], after["payment"]["status"]) == ("pending_payment", "pending")


async def test_a_letter_with_another_secret_never_reaches_the_tables(bank: StripeWorld) -> None:
    header = signed(bank, LETTER, secret=WEBHOOK_SECRET + "x")
    assert (await post(bank, LETTER, header)).status == 400
    assert await letters(bank) == 0


async def test_a_refund_at_the_dashboard_and_a_dispute_are_taken_over(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00", payment_method="pm_card_visa")
    await sarah.post(f"/bookings/{booking['id']}/confirm")
    await bank.letters_arrive()
    intent = bank.intents()[0]["id"]

    bank.fake.control.refund_from_dashboard(intent, amount=5_000)
    await bank.letters_arrive()
    payment = (await anna.get(f"/bookings/{booking['id']}")).json["payment"]
    assert (payment["status"], payment["refunded"]["amount_minor"]) == ("partially_refunded", 5_000)

    bank.fake.control.open_dispute(intent)
    await bank.letters_arrive()
    payment = (await anna.get(f"/bookings/{booking['id']}")).json["payment"]
    assert payment["is_disputed"] is True
