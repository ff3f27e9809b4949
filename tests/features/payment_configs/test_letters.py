"""Letters about accounts of specialists: verified with their secrets, applied to their payments."""

import json
from typing import Any

from tests.features.payment_configs.account_desk import MINE, own_stripe, puts, stripe_keys
from tests.world import Reply
from tests.world.stripe import WEBHOOK_SECRET, StripeWorld


def letter(reference: str, *, payment_id: str | None = None, live: bool = False) -> bytes:
    thing: dict[str, Any] = {"id": reference, "object": "payment_intent", "livemode": live}
    if payment_id is not None:
        thing["metadata"] = {"consulta_payment": payment_id}
    event = {
        "id": f"evt_{reference}_{live}",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": 1,
        "livemode": live,
        "data": {"object": thing},
    }
    return json.dumps(event).encode()


async def post(bank: StripeWorld, address: str, body: bytes, *, secret: str) -> Reply:
    path = address if address.startswith("/") else f"/api/webhooks/stripe/{address}"
    headers = {"Stripe-Signature": bank.signed_header(body, secret=secret)}
    answer = await bank.world.http.post(path, content=body, headers=headers)
    return Reply(answer.status_code, answer.json(), answer.headers, answer.content)


async def letters(bank: StripeWorld) -> list[tuple[str, str]]:
    rows = await bank.world.rows("SELECT account, state FROM app.webhook_events ORDER BY id")
    return [(row["account"], row["state"]) for row in rows]


def signing(name: str) -> str:
    secret: str = stripe_keys(name)["webhook_secret"]
    return secret


async def test_an_address_that_is_nobodys_stores_nothing(bank: StripeWorld) -> None:
    sarah = await bank.world.specialist()
    config = await own_stripe(bank, sarah, "sarah")
    account = config["account"]
    odd = [account[:-1], account + "x", "short", "a" * 65, "%00" * 20, "no such account here"]
    for address in odd:
        reply = await post(bank, address, letter("pi_1"), secret=signing("sarah"))
        assert (reply.status, reply.code) == (404, "WEBHOOK_ADDRESS_UNKNOWN"), address
    at_other = f"/api/webhooks/razorpay/{account}"
    assert (await post(bank, at_other, letter("pi_1"), secret=signing("sarah"))).status == 404
    assert await letters(bank) == []


async def test_each_account_has_its_own_secret(bank: StripeWorld) -> None:
    sarah, omar = await bank.world.specialist(), await bank.world.specialist("Dr. Omar")
    hers, his = await own_stripe(bank, sarah, "sarah"), await own_stripe(bank, omar, "omar")
    for address, secret in [
        (hers["account"], WEBHOOK_SECRET),
        (hers["account"], signing("omar")),
        (his["account"], signing("sarah")),
        ("/api/webhooks/stripe", signing("sarah")),
    ]:
        reply = await post(bank, address, letter("pi_1"), secret=secret)
        assert (reply.status, reply.code) == (400, "INVALID_SIGNATURE")
    assert await letters(bank) == []
    for config, name in ((hers, "sarah"), (his, "omar")):
        for duplicate in (False, True):
            reply = await post(bank, config["account"], letter("pi_1"), secret=signing(name))
            assert reply.json == {"received": True, "duplicate": duplicate}
    reply = await post(bank, "/api/webhooks/stripe", letter("pi_1"), secret=WEBHOOK_SECRET)
    assert reply.json == {"received": True, "duplicate": False}
    assert [account for account, _ in await letters(bank)] == [
        hers["account"],
        his["account"],
        "",
    ]


async def test_a_letter_of_the_other_mode_is_kept_and_never_applied(bank: StripeWorld) -> None:
    sarah, anna = await bank.world.specialist(), await bank.world.client()
    config = await own_stripe(bank, sarah, "sarah")
    booking = await anna.books(sarah, "mon 10:00")
    await bank.letters_arrive()  # Those about the intent itself.
    body = letter(bank.intent_of(booking), payment_id=booking["payment"]["id"], live=True)
    reply = await post(bank, config["account"], body, secret=signing("sarah"))
    assert reply.status == 200
    before = len(bank.fake.control.requests())
    await bank.world.work_off("webhooks.letters")
    assert (config["account"], "ignored") in await letters(bank)
    assert len(bank.fake.control.requests()) == before


async def test_nobodys_letter_speaks_for_anothers_payment(bank: StripeWorld) -> None:
    """Sarah can sign whatever she likes, for her own account."""
    sarah, omar = await bank.world.specialist(), await bank.world.specialist("Dr. Omar")
    anna = await bank.world.client()
    hers = await own_stripe(bank, sarah, "sarah")
    await own_stripe(bank, omar, "omar")
    at_omar = await anna.books(omar, "mon 10:00")
    other = await bank.world.specialist("Dr. Nobody")
    at_platform = await anna.books(other, "mon 10:00")
    await bank.letters_arrive()
    before = await bank.world.rows("SELECT * FROM app.payments ORDER BY id")
    asked = len(bank.fake.control.requests())

    for booking in (at_omar, at_platform):
        reference, payment_id = bank.intent_of(booking), booking["payment"]["id"]
        for body in (letter(reference), letter("pi_own", payment_id=payment_id)):
            await post(bank, hers["account"], body, secret=signing("sarah"))
    await bank.world.work_off("webhooks.letters")
    states = {state for account, state in await letters(bank) if account == hers["account"]}
    assert states == {"received"}, "a payment that she may yet have: asked again later"
    assert await bank.world.rows("SELECT * FROM app.payments ORDER BY id") == before
    assert len(bank.fake.control.requests()) == asked


async def test_a_replaced_webhook_secret_is_accepted_for_a_day(bank: StripeWorld) -> None:
    world = bank.world
    sarah = await world.specialist()
    config = await own_stripe(bank, sarah, "sarah")
    account, accounts = config["account"], world.app.state.safe.accounts
    await puts(sarah, "stripe", stripe_keys("sarah", webhook_secret="whsec_the_second_of_hers"))
    await puts(sarah, "stripe", stripe_keys("sarah", webhook_secret="whsec_the_third_of_hers"))

    async def answers() -> list[int]:
        accounts.forget("stripe", account)
        secrets = [signing("sarah"), "whsec_the_second_of_hers", "whsec_the_third_of_hers"]
        return [
            (await post(bank, account, letter("pi_1"), secret=secret)).status for secret in secrets
        ]

    assert await answers() == [200, 200, 200]
    await world.travel(hours=23)
    assert await answers() == [200, 200, 200]
    await world.travel(hours=2)
    assert await answers() == [400, 400, 200]


async def test_letters_are_still_received_for_an_account_of_the_past(bank: StripeWorld) -> None:
    sarah, anna = await bank.world.specialist(), await bank.world.client()
    await own_stripe(bank, sarah, "sarah")
    booking = await anna.books(sarah, "mon 10:00")
    assert (await sarah.delete(f"{MINE}/stripe")).status == 204
    await bank.pays(booking)
    seen = await anna.get(f"/bookings/{booking['id']}")
    assert seen.json["payment"]["status"] == "authorized"
