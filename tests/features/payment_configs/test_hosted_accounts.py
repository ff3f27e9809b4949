"""Own accounts at providers at whose pages the payer pays: Razorpay and PayTabs, both faked."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator

import pytest

from consulta.providers.payments.keys import PayTabsKeys
from tests.conftest import TestDatabase
from tests.features.payment_configs.account_desk import paytabs_keys, puts, razorpay_keys
from tests.world.hosted import (
    PayTabsWorld,
    RazorpayWorld,
    running_paytabs_world,
    running_razorpay_world,
)

OWN_KEY = "SKEY111111-OFHERS1111-KEY1111111"


@pytest.fixture
async def razorpay(database: TestDatabase) -> AsyncIterator[RazorpayWorld]:
    async with running_razorpay_world(database) as made:
        yield made


@pytest.fixture
async def paytabs(database: TestDatabase) -> AsyncIterator[PayTabsWorld]:
    async with running_paytabs_world(database) as made:
        yield made


async def test_an_own_razorpay_account_is_charged_and_nobody_elses(
    razorpay: RazorpayWorld,
) -> None:
    world, desk = razorpay.world, razorpay.fake.control
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    anna = await world.client()
    config = await puts(sarah, "razorpay", razorpay_keys("hers"))
    desk.open_account("rzp_test_hers", razorpay_keys("hers")["key_secret"])
    desk.add_webhook(config["webhook_url"], secret=razorpay_keys("hers")["webhook_secret"])

    at_hers = await anna.books(sarah, "mon 10:00")
    at_platform = await anna.books(omar, "mon 10:00")
    own_keys = [one["payment"]["publishable_key"] for one in (at_hers, at_platform)]
    assert own_keys == ["rzp_test_hers", "rzp_test_consulta"]
    for booking, key in ((at_hers, "rzp_test_hers"), (at_platform, "rzp_test_consulta")):
        reference = booking["payment"]["next_action"]["order_reference"]
        assert [order["id"] for order in desk.banks[key].orders.values()] == [reference]

    # Both accounts call their first order by one name, so it is the second that is paid.
    second = await anna.books(sarah, "mon 11:00")
    await razorpay.pays(second)
    states = [
        (await anna.get(f"/bookings/{one['id']}")).json["payment"]["status"]
        for one in (at_hers, at_platform, second)
    ]
    assert states == ["pending", "pending", "authorized"]


async def test_paytabs_posts_to_the_address_of_the_account(paytabs: PayTabsWorld) -> None:
    world = paytabs.world
    paytabs.fake.control.open_profile(77, OWN_KEY)
    sarah, anna = await world.specialist(), await world.client()
    config = await puts(sarah, "paytabs", paytabs_keys(profile_id=77, server_key=OWN_KEY))

    await paytabs.pays(await anna.books(sarah, "mon 10:00"))
    (letter,) = await world.rows("SELECT account, state FROM app.webhook_events")
    assert letter == {"account": config["account"], "state": "done"}
    assert await world.value("SELECT status FROM app.payments") == "authorized"


async def test_a_letter_about_real_money_is_not_for_a_trial(paytabs: PayTabsWorld) -> None:
    world = paytabs.world
    sarah = await world.specialist()
    config = await puts(sarah, "paytabs", paytabs_keys(profile_id=77, server_key=OWN_KEY))
    result = {"response_status": "A", "response_code": "G1", "response_message": "Authorised"}
    told = {"tran_ref": "LIV1", "cart_id": "c", "cart_amount": "1.00", "cart_currency": "AED"}
    told |= {"tran_total": "1.00", "tran_currency": "AED", "tran_type": "Auth", "profileId": "77"}
    body = json.dumps({**told, "payment_result": result}).encode()
    mark = hmac.new(OWN_KEY.encode(), body, hashlib.sha256).hexdigest()
    answer = await world.http.post(config["webhook_url"], content=body, headers={"Signature": mark})
    assert answer.status_code == 200, answer.text
    await world.work_off("webhooks.letters")
    (letter,) = await world.rows("SELECT livemode, state FROM app.webhook_events")
    assert letter == {"livemode": True, "state": "ignored"}


async def test_a_replaced_server_key_still_signs_letters_for_a_day(paytabs: PayTabsWorld) -> None:
    world = paytabs.world
    sarah = await world.specialist()
    first = await puts(sarah, "paytabs", paytabs_keys())
    second = await puts(sarah, "paytabs", paytabs_keys(server_key=OWN_KEY))
    assert second["account"] == first["account"]
    read = world.app.state.safe.accounts._read
    keys = await read("paytabs", first["account"])
    assert isinstance(keys, PayTabsKeys)
    assert (keys.server_key, keys.former_server_keys) == (OWN_KEY, (paytabs_keys()["server_key"],))
    await world.travel(hours=25)
    keys = await read("paytabs", first["account"])
    assert isinstance(keys, PayTabsKeys)
    assert keys.former_server_keys == ()
