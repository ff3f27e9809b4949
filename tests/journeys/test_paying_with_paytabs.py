"""Whole stories of money at PayTabs: hosted pages, no idempotency keys, and no way to close one."""

from typing import Any

from tests.world.hosted import PayTabsWorld

DECLINED = "4012001036983332"
ON_HOLD = "4012001036273338"


async def read(person: Any, booking: Any) -> Any:
    reply = await person.get(f"/bookings/{booking['id']}")
    assert reply.status == 200
    return reply.json


async def test_paid_at_the_page_confirmed_and_captured(paytabs: PayTabsWorld) -> None:
    sarah, anna = await paytabs.world.specialist(), await paytabs.world.client()
    booking = await anna.books(sarah, "mon 10:00", return_url="https://app.example.com/back")
    payment = booking["payment"]
    assert (booking["status"], payment["next_action"]["kind"]) == ("pending_payment", "redirect")

    await paytabs.pays(booking)
    assert (await read(anna, booking))["status"] == "awaiting_confirmation"
    reply = await sarah.post(f"/bookings/{booking['id']}/confirm")
    assert (reply.status, reply.json["status"]) == (200, "confirmed")
    await paytabs.letters_arrive()
    assert (await paytabs.payment(booking))["captured_minor"] == 20_000
    assert len(paytabs.fake.control.transactions("Capture")) == 1
    assert paytabs.fake.control.open_amount() == "0.00"


async def test_a_cancelled_booking_is_voided(paytabs: PayTabsWorld) -> None:
    sarah, anna = await paytabs.world.specialist(), await paytabs.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    await paytabs.pays(booking)
    reply = await anna.post(f"/bookings/{booking['id']}/cancel")
    assert (reply.status, reply.json["status"]) == (200, "cancelled")
    assert (await paytabs.payment(booking))["status"] == "cancelled"
    assert paytabs.fake.control.open_amount() == "0.00"


async def test_after_a_decline_another_page_is_asked_for(paytabs: PayTabsWorld) -> None:
    sarah, anna = await paytabs.world.specialist(), await paytabs.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    await paytabs.pays(booking, DECLINED)
    declined = (await read(anna, booking))["payment"]
    assert (declined["status"], declined["last_error"]) == ("pending", "insufficient_funds")

    await paytabs.travel(minutes=3)
    reply = await anna.post(
        f"/bookings/{booking['id']}/payments", {"return_url": "https://app.example.com/back"}
    )
    assert reply.status == 201
    assert reply.json["payment"]["next_action"]["url"] != booking["payment"]["next_action"]["url"]
    await paytabs.pays(reply.json)
    assert (await read(anna, booking))["status"] == "awaiting_confirmation"


async def test_a_late_letter_about_a_decline_leaves_the_new_page_standing(
    paytabs: PayTabsWorld,
) -> None:
    sarah, anna = await paytabs.world.specialist(), await paytabs.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    paytabs.fake.control.hold_letters()
    await paytabs.pays(booking, DECLINED)
    await paytabs.travel(minutes=3)
    reply = await anna.post(
        f"/bookings/{booking['id']}/payments", {"return_url": "https://app.example.com/back"}
    )
    await paytabs.fake.control.release_letters()
    await paytabs.letters_arrive()
    present = (await read(anna, booking))["payment"]["next_action"]
    assert present == reply.json["payment"]["next_action"]


async def test_a_page_paid_after_the_booking_was_given_up_is_voided(
    paytabs: PayTabsWorld,
) -> None:
    sarah, anna = await paytabs.world.specialist(), await paytabs.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    assert (await anna.post(f"/bookings/{booking['id']}/cancel")).status == 200
    assert (await paytabs.payment(booking))["status"] == "cancelled"

    await paytabs.pays(booking)  # A page cannot be closed.
    assert paytabs.fake.control.open_amount() == "0.00"
    assert len(paytabs.fake.control.transactions("Void")) == 1
    assert (await paytabs.payment(booking))["status"] == "cancelled"
    assert (await read(anna, booking))["status"] == "cancelled"
    await paytabs.letters_arrive()
    assert len(paytabs.fake.control.transactions()) == 2


async def test_a_page_of_which_nobody_had_heard_is_voided_all_the_same(
    paytabs: PayTabsWorld,
) -> None:
    sarah, anna = await paytabs.world.specialist(), await paytabs.world.client()
    paytabs.fake.control.drop_next(path="/payment/request")
    booking = await anna.books(sarah, "mon 10:00")
    assert booking["payment"]["next_action"] is None
    assert (await anna.post(f"/bookings/{booking['id']}/cancel")).status == 200
    for _ in range(4):
        await paytabs.travel(minutes=10)
        await paytabs.letters_arrive()
    row = await paytabs.payment(booking)
    assert (row["status"], row["provider_reference"]) == ("cancelled", None)

    [page] = paytabs.fake.control.pages(booking["payment"]["id"])
    paytabs.fake.control.pay(page)
    await paytabs.letters_arrive()
    assert paytabs.fake.control.open_amount() == "0.00"
    assert (await paytabs.payment(booking))["status"] == "cancelled"


async def test_on_hold_is_not_paid_until_it_is_decided(paytabs: PayTabsWorld) -> None:
    sarah, anna = await paytabs.world.specialist(), await paytabs.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    await paytabs.pays(booking, ON_HOLD)
    held = await read(anna, booking)
    assert (held["status"], held["payment"]["status"]) == ("pending_payment", "processing")
    auth = paytabs.fake.control.transactions("Auth")[0]
    paytabs.fake.control.decide(auth["tran_ref"])
    await paytabs.letters_arrive()
    assert (await read(anna, booking))["status"] == "awaiting_confirmation"


async def test_lost_answers_have_one_effect(paytabs: PayTabsWorld) -> None:
    sarah, anna = await paytabs.world.specialist(), await paytabs.world.client()
    control = paytabs.fake.control
    booking = await anna.books(sarah, "mon 10:00")
    await paytabs.pays(booking)

    control.drop_next(path="/payment/request")
    reply = await sarah.post(f"/bookings/{booking['id']}/confirm")
    assert reply.status == 202
    await paytabs.travel(minutes=3)
    await paytabs.letters_arrive()
    assert (await read(anna, booking))["status"] == "confirmed"

    control.drop_next(path="/payment/request")
    assert (await sarah.post(f"/bookings/{booking['id']}/cancel")).status == 200
    await paytabs.travel(minutes=3)
    await paytabs.letters_arrive()
    row = await paytabs.payment(booking)
    assert (row["status"], row["refunded_minor"]) == ("refunded", 20_000)
    kinds = [one["tran_type"] for one in control.transactions()]
    assert kinds == ["Auth", "Capture", "Refund"]


async def test_letters_twice_and_forged_change_nothing(paytabs: PayTabsWorld) -> None:
    sarah, anna = await paytabs.world.specialist(), await paytabs.world.client()
    booking = await anna.books(sarah, "mon 10:00")
    paytabs.fake.control.double_letters(3)
    await paytabs.pays(booking)
    # The callback and the profile's own listener tell the same.
    assert await paytabs.world.value("SELECT count(*) FROM app.webhook_events") == 1
    letter = paytabs.fake.control.post.letters["letter_1"]
    forged = letter.body.replace(b"Auth", b"Sale")
    assert await paytabs.post(letter.url, forged, letter.headers) == 400
    assert await paytabs.world.value("SELECT count(*) FROM app.webhook_events") == 1
    kept = await paytabs.world.value("SELECT body::text FROM app.webhook_events")
    assert "Anna" not in kept
    assert "payer@example.org" not in kept
