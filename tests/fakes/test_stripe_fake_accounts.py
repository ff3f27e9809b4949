"""Keys, accounts and their walls; refused parameters; lists and expansion."""

from typing import Any

import httpx
import pytest
import stripe

from tests.fakes.stripe.shop import (
    NO_REDIRECTS,
    SDK_WARNING,
    Shop,
    new_key,
    open_shop,
    refusal,
    sdk_client,
)

pytestmark = pytest.mark.filterwarnings(SDK_WARNING)


@pytest.fixture
async def shop() -> Any:
    async with open_shop() as shop:
        yield shop


async def test_two_keys_never_see_each_other(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa")
    async with sdk_client(shop.url, key=new_key()) as other:
        for call in (
            other.v1.payment_intents.retrieve_async(intent.id),
            other.v1.payment_intents.capture_async(intent.id),
            other.v1.charges.retrieve_async(intent.latest_charge),
        ):
            error = await refusal(call, stripe.InvalidRequestError)
            assert (error.http_status, error.code) == (404, "resource_missing")
        named = other.v1.refunds.create_async({"payment_intent": intent.id})
        error = await refusal(named, stripe.InvalidRequestError)
        assert (error.http_status, error.code) == (400, "resource_missing")
        assert (await other.v1.payment_intents.list_async()).data == []
        assert (await other.v1.events.list_async()).data == []
    assert (await shop.read(intent.id)).status == "requires_capture"


async def test_a_live_key_has_a_world_of_its_own(shop: Shop) -> None:
    live = shop.key.replace("sk_test", "sk_live")
    intent = await shop.intent()
    async with sdk_client(shop.url, key=live) as other:
        await refusal(
            other.v1.payment_intents.retrieve_async(intent.id), stripe.InvalidRequestError
        )
        made = await other.v1.payment_intents.create_async({"amount": 1000, "currency": "usd"})
        assert made.livemode is True


async def test_a_connected_account_is_separate_and_must_be_connected(shop: Shop) -> None:
    account = await shop.v1.accounts.create_async({"type": "express", "email": "s@example.org"})
    theirs: Any = {"stripe_account": account.id}
    made = await shop.intent("pm_card_visa", options=theirs)
    await refusal(shop.read(made.id), stripe.InvalidRequestError)
    seen = await shop.v1.payment_intents.retrieve_async(made.id, {}, theirs)
    assert seen.id == made.id
    (event, *_) = (await shop.v1.events.list_async({}, theirs)).data
    assert event.account == account.id
    error = await refusal(
        shop.intent(options={"stripe_account": "acct_stranger"}), stripe.PermissionError
    )
    assert (error.http_status, error.error.code) == (403, "account_invalid")
    shop.control.connect_account(shop.key, account="acct_friend")
    assert (await shop.intent(options={"stripe_account": "acct_friend"})).amount == 1000


async def test_an_account_is_onboarded_over_a_link(shop: Shop) -> None:
    account = await shop.v1.accounts.create_async({"country": "DE"})
    assert (account.charges_enabled, account.country) == (False, "DE")
    link = await shop.v1.account_links.create_async(
        {
            "account": account.id,
            "type": "account_onboarding",
            "refresh_url": "https://shop.example/a",
            "return_url": "https://shop.example/b",
        }
    )
    assert link.url.startswith("https://connect.stripe.com/")
    assert link.expires_at == link.created + 300
    shop.control.onboard_account(account.id)
    assert (await shop.v1.accounts.retrieve_async(account.id)).charges_enabled


async def test_a_rolled_key_opens_the_same_account_and_a_revoked_one_nothing(shop: Shop) -> None:
    intent = await shop.intent()
    fresh = new_key()
    shop.control.roll_key(shop.key, new=fresh)
    shop.control.revoke_key(shop.key)
    await refusal(shop.read(intent.id), stripe.AuthenticationError)
    async with sdk_client(shop.url, key=fresh) as other:
        seen = await other.v1.payment_intents.retrieve_async(intent.id)
        assert seen.id == intent.id


@pytest.mark.parametrize("key", ["nonsense", "sk_prod_0123456789", "pk_test_0123456789"])
async def test_what_is_no_secret_key_is_401(shop: Shop, key: str) -> None:
    async with sdk_client(shop.url, key=key) as other:
        error = await refusal(other.v1.customers.list_async(), stripe.AuthenticationError)
    assert error.http_status == 401
    assert key not in error.user_message


async def test_no_key_at_all_is_401(shop: Shop) -> None:
    async with httpx.AsyncClient(trust_env=False) as browser:
        reply = await browser.get(f"{shop.url}/v1/customers")
        unknown = await browser.get(
            f"{shop.url}/v1/unicorns", headers={"authorization": f"Bearer {shop.key}"}
        )
    assert reply.status_code == 401
    assert unknown.status_code == 404
    assert unknown.json()["error"]["message"].startswith("Unrecognized request URL (GET: /v1/uni")


VALID = {"amount": 1000, "currency": "usd"}


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"currency": "usd"}, "parameter_missing", "amount"),
        ({"amount": 1000}, "parameter_missing", "currency"),
        (VALID | {"colour": "red"}, "parameter_unknown", "colour"),
        (VALID | {"amount": "ten"}, "parameter_invalid_integer", "amount"),
        (VALID | {"amount": "10.5"}, "parameter_invalid_integer", "amount"),
        (VALID | {"amount": -5}, "parameter_invalid_integer", "amount"),
        (VALID | {"amount": ""}, "parameter_invalid_empty", "amount"),
        (VALID | {"amount": 49}, "amount_too_small", "amount"),
        (VALID | {"amount": 100_000_000}, "amount_too_large", "amount"),
        ({"amount": 1005, "currency": "kwd"}, "parameter_invalid_integer", "amount"),
        (VALID | {"currency": "zzz"}, None, "currency"),
        (VALID | {"capture_method": "later"}, None, "capture_method"),
        (
            VALID | {"payment_method_types": ["card"]},
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
        (
            VALID | {"automatic_payment_methods": {"enabled": True, "colour": "red"}},
            "parameter_unknown",
            "automatic_payment_methods[colour]",
        ),
        (VALID | {"metadata": {"k": "v" * 501}}, None, "metadata"),
        (VALID | {"metadata": "text"}, None, "metadata"),
        (VALID | {"return_url": "https://shop.example"}, None, "return_url"),
        (VALID | {"customer": "cus_unknown"}, "resource_missing", "customer"),
        (VALID | {"payment_method": "pm_unknown"}, "resource_missing", "payment_method"),
        (VALID | {"expand": ["colour"]}, None, "expand"),
        (VALID | {"confirm": True, "payment_method": "pm_card_visa"}, None, "return_url"),
        (VALID | {"confirmation_method": "manual"}, "fake_unsupported", "confirmation_method"),
    ],
)
async def test_a_wrong_parameter_is_refused_and_makes_nothing(
    shop: Shop, params: dict[str, Any], code: str | None, param: str
) -> None:
    error = await refusal(shop.v1.payment_intents.create_async(params), stripe.InvalidRequestError)
    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert error.error.type == "invalid_request_error"
    assert shop.control.objects("payment_intent") == []


@pytest.mark.parametrize(
    "switch",
    [
        {"automatic_payment_methods": NO_REDIRECTS},
        {"allowed_payment_method_types": ["card"]},
        {"return_url": "https://shop.example/done"},
    ],
)
async def test_without_redirects_no_return_url_is_needed(
    shop: Shop, switch: dict[str, Any]
) -> None:
    intent = await shop.v1.payment_intents.create_async(
        VALID | {"confirm": True, "payment_method": "pm_card_visa"} | switch
    )
    assert intent.status == "succeeded"


async def test_zero_decimal_currencies_are_whole(shop: Shop) -> None:
    assert (await shop.intent(amount=50, currency="jpy")).amount == 50
    error = await refusal(shop.intent(amount=49, currency="jpy"), stripe.InvalidRequestError)
    assert error.user_message == "Amount must be at least 50 jpy"


async def test_lists_are_paged_newest_first(shop: Shop) -> None:
    made = [(await shop.intent()).id for _ in range(7)]
    listed = shop.v1.payment_intents.list_async
    page = await listed({"limit": 3})
    assert ([item.id for item in page.data], page.has_more) == (made[:3:-1], True)
    everything = [item.id async for item in page.auto_paging_iter()]
    assert everything == made[::-1]
    before = await listed({"ending_before": made[1], "limit": 2})
    assert ([item.id for item in before.data], before.has_more) == ([made[3], made[2]], True)
    for params in ({"limit": 101}, {"limit": 0}, {"starting_after": "pi_unknown"}):
        await refusal(listed(params), stripe.InvalidRequestError)


async def test_lists_are_filtered_by_creation(shop: Shop) -> None:
    first = await shop.intent()
    await shop.control.advance(100)
    second = await shop.intent()
    listed = shop.v1.payment_intents.list_async
    for created, expected in (
        ({"gte": second.created}, [second.id]),
        ({"lt": second.created}, [first.id]),
        ({"gt": first.created, "lte": second.created}, [second.id]),
        (first.created, [first.id]),
    ):
        assert [item.id for item in (await listed({"created": created})).data] == expected


async def test_lists_expand_within_their_data(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa")
    page = await shop.v1.payment_intents.list_async(
        {"expand": ["data.latest_charge.payment_intent", "data.payment_method"]}
    )
    (seen,) = page.data
    assert seen.latest_charge.payment_intent.id == intent.id
    assert seen.payment_method.card.brand == "visa"


async def test_a_customer_lives_and_goes(shop: Shop) -> None:
    customer = await shop.v1.customers.create_async({"email": "a@example.org"})
    await shop.v1.customers.update_async(customer.id, {"name": "A", "metadata": {"n": "1"}})
    seen = await shop.v1.customers.retrieve_async(customer.id)
    assert (seen.name, seen.email, seen.metadata["n"]) == ("A", "a@example.org", "1")
    assert (await shop.v1.customers.delete_async(customer.id)).deleted
    await refusal(shop.intent(customer=customer.id), stripe.InvalidRequestError)


async def test_the_log_knows_the_key_and_the_parameters_of_every_request(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa", options={"idempotency_key": "op-1"})
    await shop.read(intent.id)
    create, read = shop.control.requests()
    assert (create["key_last4"], create["idempotency_key"]) == (shop.key[-4:], "op-1")
    assert ("automatic_payment_methods[allow_redirects]", "never") in create["params"]
    assert (create["operation"], create["status"]) == ("payment_intents.create", 200)
    assert create["api_version"] == "2026-10-28.endive"
    assert (read["operation"], read["idempotency_key"]) == ("payment_intents.retrieve", None)
    assert shop.key not in str(shop.control.requests())
    assert len(shop.control.requests(method="POST")) == 1


async def test_a_reset_forgets_everything(shop: Shop) -> None:
    intent = await shop.intent("pm_card_visa")
    shop.control.reset()
    await refusal(shop.read(intent.id), stripe.InvalidRequestError)
    assert shop.control.state()["payment_intents"] == {}
