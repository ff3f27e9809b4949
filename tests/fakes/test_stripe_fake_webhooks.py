"""Events and the letters about them: signed, held, doubled, out of order, late, lost, repeated."""

import json
import time
from typing import Any

import pytest
import stripe
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.fakes.stripe.serve import served
from tests.fakes.stripe.shop import SDK_WARNING, Shop, letter_box, new_key, open_shop, refusal

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)

SECRET = "whsec_test"
URL = "https://shop.example/webhooks"
HOLD = ["payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated"]


@pytest.fixture
async def shop() -> Any:
    async with open_shop() as shop:
        yield shop


def types_of(letters: Any) -> list[str]:
    return [json.loads(body)["type"] for _, body, _ in letters]


async def test_a_letter_is_signed_as_the_sdk_demands(shop: Shop) -> None:
    letters, transport = letter_box()
    shop.control.add_webhook(URL, secret=SECRET, transport=transport)
    intent = await shop.intent("pm_card_visa", options={"idempotency_key": "op-1"})
    await shop.control.settled()
    assert types_of(letters) == HOLD
    url, body, headers = letters[-1]
    assert url == URL
    event = shop.client.construct_event(body, headers["stripe-signature"], SECRET)
    assert (event.type, event.api_version) == (HOLD[-1], "2026-10-28.endive")
    assert event.data.object.id == intent.id
    assert event.request is not None
    assert event.request.idempotency_key == "op-1"
    assert event.livemode is False
    for wrong in (body + b" ", body.replace(b"1000", b"1001")):
        with pytest.raises(stripe.SignatureVerificationError):
            shop.client.construct_event(wrong, headers["stripe-signature"], SECRET)


async def test_a_letter_shows_the_object_as_it_was_then(shop: Shop) -> None:
    letters, transport = letter_box()
    shop.control.add_webhook(URL, secret=SECRET, transport=transport)
    shop.control.hold_webhooks()
    intent = await shop.intent("pm_card_visa")
    await shop.v1.payment_intents.capture_async(intent.id)
    await shop.control.release_webhooks()
    sent = [json.loads(body) for _, body, _ in letters]
    for events in (sent, shop.control.objects("event")):
        statuses = {
            event["type"]: event["data"]["object"]["status"]
            for event in events
            if event["type"].startswith("payment_intent.")
        }
        assert statuses == {
            "payment_intent.created": "requires_confirmation",
            "payment_intent.amount_capturable_updated": "requires_capture",
            "payment_intent.succeeded": "succeeded",
        }


async def test_real_http_carries_the_same_bytes(shop: Shop) -> None:
    seen: list[stripe.Event] = []

    async def receive(request: Request) -> Response:
        body = await request.body()
        header = request.headers["stripe-signature"]
        seen.append(shop.client.construct_event(body, header, SECRET))
        return Response(status_code=204)

    app = Starlette(routes=[Route("/hooks", receive, methods=["POST"])])
    async with served(app) as url:
        shop.control.add_webhook(f"{url}/hooks", secret=SECRET)
        await shop.intent("pm_card_visa")
        await shop.control.settled()
    assert [event.type for event in seen] == HOLD


async def test_an_endpoint_that_is_not_there_fails_and_is_tried_again(shop: Shop) -> None:
    async with served(Starlette()) as url:
        gone = url
    shop.control.add_webhook(gone, secret=SECRET)
    await shop.intent()
    await shop.control.settled()
    (delivery,) = shop.control.deliveries("failed")
    assert delivery["statuses"] == [0]
    assert await shop.control.redeliver_failed() == [0]


async def test_held_letters_go_out_by_hand_in_any_order(shop: Shop) -> None:
    letters, transport = letter_box()
    shop.control.add_webhook(URL, secret=SECRET, transport=transport)
    shop.control.hold_webhooks()
    await shop.intent("pm_card_visa")
    assert letters == []
    first = await shop.control.deliver_next()
    assert first is not None
    assert (first["type"], first["state"]) == ("payment_intent.created", "delivered")
    assert await shop.control.deliver_held(order="reversed") == [200, 200]
    assert types_of(letters) == [HOLD[0], HOLD[2], HOLD[1]]
    assert await shop.control.deliver_next() is None


async def test_a_letter_can_come_twice_and_under_a_second_id(shop: Shop) -> None:
    letters, transport = letter_box()
    shop.control.add_webhook(URL, secret=SECRET, transport=transport)
    shop.control.hold_webhooks()
    await shop.intent()
    (delivery,) = shop.control.deliveries("held")
    assert await shop.control.deliver(delivery["id"], times=2) == [200, 200]
    assert letters[0][1] == letters[1][1]
    shop.control.resend_event(delivery["event"], under_new_id=True)
    await shop.control.deliver_held()
    ids = {json.loads(body)["id"] for _, body, _ in letters}
    assert len(ids) == 2
    assert set(types_of(letters)) == {"payment_intent.created"}


async def test_a_dropped_letter_stays_away_and_the_list_tells(shop: Shop) -> None:
    letters, transport = letter_box()
    shop.control.add_webhook(URL, secret=SECRET, transport=transport)
    shop.control.hold_webhooks()
    await shop.intent("pm_card_visa")
    lost = shop.control.deliveries("held")[1]
    shop.control.drop_delivery(lost["id"])
    await shop.control.release_webhooks()
    assert types_of(letters) == [HOLD[0], HOLD[2]]
    undelivered = await shop.v1.events.list_async({"delivery_success": False})
    assert [event.id for event in undelivered.data] == [lost["event"]]
    assert undelivered.data[0].pending_webhooks == 1


async def test_a_late_letter_comes_with_the_clock(shop: Shop) -> None:
    letters, transport = letter_box()
    shop.control.add_webhook(URL, secret=SECRET, transport=transport)
    shop.control.set_webhook_mode("immediate", delay_seconds=60)
    await shop.intent()
    await shop.control.advance(50)
    assert letters == []
    await shop.control.advance(11)
    assert types_of(letters) == ["payment_intent.created"]


async def test_a_letter_can_overtake_the_answer(shop: Shop) -> None:
    arrived_while: list[str | None] = []

    async def transport(url: str, body: bytes, headers: dict[str, str]) -> int:
        arrived_while.append(shop.control.requests()[-1]["status"])
        return 200

    shop.control.add_webhook(URL, secret=SECRET, transport=transport)
    shop.control.set_webhook_mode("before_reply")
    await shop.intent("pm_card_visa")
    assert arrived_while == [None, None, None]


async def test_a_refused_letter_is_repeated_a_bounded_number_of_times(shop: Shop) -> None:
    letters, transport = letter_box(lambda number: 500 if number < 20 else 200)
    shop.control.add_webhook(URL, secret=SECRET, transport=transport)
    await shop.intent()
    await shop.control.settled()
    for _ in range(15):
        assert await shop.control.redeliver_failed() == [500]
    assert await shop.control.redeliver_failed() == []
    assert len(letters) == 16
    assert len({body for _, body, _ in letters}) == 1


async def test_a_repeated_letter_is_signed_anew(shop: Shop) -> None:
    letters, transport = letter_box()
    shop.control.add_webhook(URL, secret=SECRET, transport=transport)
    shop.control.hold_webhooks()
    await shop.intent()
    (delivery,) = shop.control.deliveries("held")
    old = int(time.time()) - 301
    await shop.control.deliver(delivery["id"], signed_at=old)
    await shop.control.deliver(delivery["id"])
    for (_, body, headers), fits in zip(letters, (False, True), strict=True):
        header = headers["stripe-signature"]
        if fits:
            assert shop.client.construct_event(body, header, SECRET).type == HOLD[0]
        else:
            assert header.startswith(f"t={old},v1=")
            with pytest.raises(stripe.SignatureVerificationError):
                shop.client.construct_event(body, header, SECRET)


async def test_an_endpoint_may_belong_to_one_account(shop: Shop) -> None:
    mine, mine_transport = letter_box()
    other, other_transport = letter_box()
    account = shop.control.account_of(shop.key)
    shop.control.add_webhook(URL, secret=SECRET, account=account, transport=mine_transport)
    shop.control.add_webhook(URL, secret=SECRET, account="acct_other", transport=other_transport)
    await shop.intent()
    await shop.control.settled()
    assert (len(mine), other) == (1, [])


async def test_an_event_about_the_unknown_can_be_sent(shop: Shop) -> None:
    letters, transport = letter_box()
    shop.control.add_webhook(URL, secret=SECRET, transport=transport)
    sent = shop.control.send_event(
        "charge.refunded", {"id": "ch_unknown", "object": "charge"}, key=shop.key
    )
    await shop.control.settled()
    assert json.loads(letters[0][1])["id"] == sent["id"]
    shop.control.send_event("payment_intent.partially_funded", {"object": "x"}, key=new_key())
    await shop.control.settled()
    assert types_of(letters)[-1] == "payment_intent.partially_funded"


async def test_every_end_of_a_payment_has_its_events(shop: Shop) -> None:
    held = await shop.intent("pm_card_visa")
    await shop.v1.payment_intents.capture_async(held.id)
    assert shop.event_types() == [*HOLD, "charge.captured", "payment_intent.succeeded"]
    challenged = await shop.intent("pm_card_authenticationRequired")
    await shop.v1.payment_intents.cancel_async(challenged.id)
    slow = await shop.paid("pm_usBankAccount")
    shop.control.settle_processing(slow.id)
    await shop.v1.refunds.create_async({"payment_intent": slow.id})
    assert shop.event_types()[5:] == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "payment_intent.canceled",
        "payment_intent.created",
        "charge.pending",
        "payment_intent.processing",
        "charge.succeeded",
        "payment_intent.succeeded",
        "refund.created",
        "charge.refunded",
    ]


async def test_events_are_listed_by_type_and_time_for_thirty_days(shop: Shop) -> None:
    old = await shop.intent("pm_card_visa")
    await shop.control.advance(3600)
    since = shop.control.now()
    await shop.v1.payment_intents.capture_async(old.id)
    recent = await shop.v1.events.list_async({"created": {"gte": since}})
    assert [event.type for event in recent.data] == ["payment_intent.succeeded", "charge.captured"]
    charges = await shop.v1.events.list_async({"type": "charge.*"})
    assert [event.type for event in charges.data] == ["charge.captured", "charge.succeeded"]
    some = await shop.v1.events.list_async({"types": ["payment_intent.succeeded"]})
    assert [event.type for event in some.data] == ["payment_intent.succeeded"]
    one = await shop.v1.events.retrieve_async(some.data[0].id)
    assert one.data.object["id"] == old.id
    await shop.control.advance(30 * 24 * 3600)
    assert (await shop.v1.events.list_async()).data == []
    await refusal(shop.v1.events.retrieve_async(one.id), stripe.InvalidRequestError)
