"""Payers who come back from a provider's page: proven, the truth fetched, and sent on."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from consulta.settings import HttpSettings
from tests.features.payment_configs.account_desk import puts, razorpay_keys
from tests.journeys.desk import read
from tests.world.hosted import PayTabsWorld, RazorpayWorld
from tests.world.stripe import StripeWorld
from tests.world.world import World

APP = "https://app.example.com"
NOTHING_TOLD = ("https://other.example", {"payment": "pending"})
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


EVIL = (
    "",
    "//evil.example",
    "https://evil.example/",
    "https:app.example.com/back",
    "http://app.example.com/back",
    "https://app.example.com@evil.example/",
    "https://app.example.com\\@evil.example/",
    "https://user:word@app.example.com/",
    f"{APP}:8443/back",
    f"{APP}.evil.example",
    f"{APP}\t/back",
    "javascript:alert(1)",
)


def with_frontends(world: World, *origins: str) -> None:
    settings = world.app.state.settings
    http = HttpSettings(drain_seconds=5, allowed_origins=origins)
    world.app.state.settings = settings.model_copy(update={"http": http})


async def brought(world: World, path: str, form: bytes) -> httpx.Response:
    """What the browser gets that posts the form at the address where the provider sent it."""
    address = f"/api/v1/payments/return/{path}"
    return await world.http.post(address, content=form, headers=FORM)


def onward(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    assert answer.status_code == 303, answer.text
    place = urlsplit(answer.headers["location"])
    return f"{place.scheme}://{place.netloc}{place.path}", dict(parse_qsl(place.query))


async def rows(world: World) -> Any:
    tables = ("payments", "payment_operations", "bookings", "webhook_events", "audit_logs")
    return [await world.rows(f"SELECT * FROM app.{table} ORDER BY id") for table in tables]


async def test_a_payer_of_paytabs_comes_back_before_any_letter(paytabs: PayTabsWorld) -> None:
    world, control = paytabs.world, paytabs.fake.control
    with_frontends(world, "https://other.example", f"{APP}/")
    sarah, anna = await world.specialist(), await world.client()
    control.hold_letters()
    booking = await anna.books(sarah, "mon 10:00", return_url=f"{APP}/back?lang=en")
    page = booking["payment"]["next_action"]["url"]
    asked = next(one for one in control.requests if "/request" in str(one))
    assert "http://127.0.0.1:8000/api/v1/payments/return/paytabs" in str(asked)

    declined = control.pay(page, "4012001036983332").encode()
    place, said = onward(await brought(world, "paytabs", declined))
    assert place == f"{APP}/back"
    assert said == {"lang": "en", "booking_id": booking["id"], "payment": "declined"}

    await paytabs.travel(minutes=3)
    again = await anna.post(f"/bookings/{booking['id']}/payments", {"return_url": f"{APP}/back"})
    form = control.pay(again.json["payment"]["next_action"]["url"]).encode()
    for _ in range(2):
        place, said = onward(await brought(world, "paytabs", form))
        assert said["payment"] == "authorized"
    assert (await read(anna, booking))["status"] == "awaiting_confirmation"

    # Whatever the address says that a payer asked for, he lands on a frontend of ours.
    for evil in EVIL:
        await world.superuser.execute(
            "UPDATE app.payment_operations SET params = params || jsonb_build_object("
            "'return_url', $1::text) WHERE kind = 'authorize'",
            evil,
        )
        place, said = onward(await brought(world, "paytabs", form))
        assert (place, said["payment"]) == ("https://other.example", "authorized"), evil

    before = await rows(world)
    bad = {
        "changed": form.replace(b"respStatus=A", b"respStatus=D"),
        "another cart": form.replace(booking["payment"]["id"].encode(), str(sarah.id).encode()),
        "no signature": form.partition(b"&signature")[0],
        "twice": form + b"&cartId=1",
        "no form": b"\xff\xfe\x00%zz&&==",
        "long": b"a=" + b"x" * 9_000,
        "empty": b"",
    }
    for name, odd in bad.items():
        answer = await brought(world, "paytabs", odd)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_SIGNATURE"), name
    assert (await brought(world, "paytabs", b"x" * 300_000)).status_code == 413
    assert (await brought(world, "nobody", form)).status_code == 422
    assert (await brought(world, "razorpay", form)).status_code == 503
    assert (await brought(world, "paytabs/acct_of_nobody_here", form)).status_code == 404
    assert await rows(world) == before


async def test_a_payer_of_razorpay_comes_back_to_the_account_that_charged(
    razorpay: RazorpayWorld,
) -> None:
    world, control = razorpay.world, razorpay.fake.control
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    anna = await world.client()
    config = await puts(sarah, "razorpay", razorpay_keys("hers"))
    control.open_account("rzp_test_hers", razorpay_keys("hers")["key_secret"])
    await anna.books(omar, "mon 09:00")  # Both accounts call their first order by one name.
    booking = await anna.books(omar, "mon 10:00")
    at_hers = await anna.books(sarah, "mon 10:00")
    actions = [one["payment"]["next_action"] for one in (booking, at_hers)]
    assert [one["return_url"].partition("/return/")[2] for one in actions] == [
        "razorpay",
        f"razorpay/{config['account']}",
    ]
    control.hold_letters()
    form = urlencode(control.pay(actions[0]["order_reference"])).encode()

    wrong = await brought(world, f"razorpay/{config['account']}", form)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "INVALID_SIGNATURE")
    signature = dict(parse_qsl(form.decode()))["razorpay_signature"]
    forged = urlencode({
        "razorpay_order_id": actions[0]["order_reference"], "razorpay_payment_id": "pay_other",
        "razorpay_signature": signature,
    })  # fmt: skip
    assert (await brought(world, "razorpay", forged.encode())).status_code == 400

    control.fail_next(status=503, times=50)
    before = await rows(world)
    _, said = onward(await brought(world, "razorpay", form))
    assert said == {"booking_id": booking["id"], "payment": "pending"}
    assert await rows(world) == before
    control.faults.clear()

    place, said = onward(await brought(world, "razorpay", form))
    assert place == "http://127.0.0.1:8000"
    assert said == {"booking_id": booking["id"], "payment": "authorized"}
    assert (await read(anna, booking))["status"] == "awaiting_confirmation"
    assert (await read(anna, at_hers))["payment"]["status"] == "pending"
    unknown = await world.http.get("/api/v1/payments/return/razorpay?razorpay_order_id=order_1")
    assert unknown.status_code == 400


async def test_a_payer_whose_payment_failed_at_razorpay_is_sent_on(
    razorpay: RazorpayWorld,
) -> None:
    world, control = razorpay.world, razorpay.fake.control
    with_frontends(world, "https://other.example", APP)
    sarah, anna = await world.specialist(), await world.client()
    control.hold_letters()
    booking = await anna.books(sarah, "mon 10:00", return_url=f"{APP}/back")
    order = booking["payment"]["next_action"]["order_reference"]
    told = control.pay(order, "4100280000060003")
    payment = json.loads(told["error[metadata]"])["payment_id"]
    assert "razorpay_signature" not in told

    # What is not signed is believed only so far as Razorpay says the same.
    before = await rows(world)
    for metadata in (
        {"order_id": order},
        {"order_id": order, "payment_id": "pay_of_nobody"},
        {"order_id": "order_of_nobody", "payment_id": payment},
        {"order_id": 7, "payment_id": [payment]},
        {},
    ):
        form = urlencode(told | {"error[metadata]": json.dumps(metadata)}).encode()
        assert onward(await brought(world, "razorpay", form)) == NOTHING_TOLD, metadata
    for text in ("", "[", "[]", "[" * 2_000):
        form = urlencode(told | {"error[metadata]": text}).encode()
        assert onward(await brought(world, "razorpay", form)) == NOTHING_TOLD, text[:9]
    forged = urlencode(told | {"razorpay_signature": "0" * 64}).encode()
    assert (await brought(world, "razorpay", forged)).status_code == 400
    control.fail_next(status=503, times=50)
    form = urlencode(told).encode()
    assert onward(await brought(world, "razorpay", form)) == NOTHING_TOLD
    control.faults.clear()
    assert await rows(world) == before

    place, said = onward(await brought(world, "razorpay", form))
    assert place == f"{APP}/back"
    assert said == {"booking_id": booking["id"], "payment": "declined"}
    assert (await read(anna, booking))["status"] == "pending_payment"

    # A failure is no end: the same old form tells that the order was paid meanwhile.
    control.pay(order)
    _, said = onward(await brought(world, "razorpay", form))
    assert said["payment"] == "authorized"


async def test_a_payer_of_stripe_is_known_by_the_secret_of_the_charge(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    # Held from the beginning: the letter about the new intent would bring the truth as well.
    bank.fake.control.hold_webhooks()
    booking = await anna.books(sarah, "mon 10:00")
    secret, intent = booking["payment"]["next_action"]["client_secret"], bank.intent_of(booking)
    bank.fake.control.browser_confirm(intent, payment_method="pm_card_visa")

    async def back(**fields: str) -> httpx.Response:
        return await world.http.get("/api/v1/payments/return/stripe", params=fields)

    names = {"payment_intent": intent, "redirect_status": "succeeded"}
    for odd in ({}, {"payment_intent_client_secret": f"{secret}x"},
                {"payment_intent_client_secret": f"{intent}_secret_"}):  # fmt: skip
        assert (await back(**names, **odd)).status_code == 400
    other = {"payment_intent": "pi_1", "payment_intent_client_secret": "pi_1_secret_2"}
    assert (await back(**other)).status_code == 400
    assert (await read(anna, booking))["payment"]["status"] == "pending"

    names["redirect_status"] = "failed"  # Nobody asks the browser how it went.
    _, said = onward(await back(**names, payment_intent_client_secret=secret))
    assert said == {"booking_id": booking["id"], "payment": "authorized"}
    assert (await read(anna, booking))["status"] == "awaiting_confirmation"
    codes = {(await back()).status_code for _ in range(70)}
    assert codes == {400, 429}
