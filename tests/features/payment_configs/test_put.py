"""Putting keys in: who may, which belong together, and that nothing of them ever comes out."""

import asyncio
import json
from typing import Any

import pytest

from consulta.settings import MailSettings
from tests.conftest import TestDatabase
from tests.features.payment_configs.account_desk import (
    MINE,
    paytabs_keys,
    puts,
    razorpay_keys,
    stripe_keys,
)
from tests.settings import settings_for
from tests.world import World, running_world

PUBLIC = {"publishable_key", "key_id", "profile_id", "region", "is_live"}


def secrets_of(keys: dict[str, Any]) -> list[str]:
    return [str(value) for name, value in keys.items() if name not in PUBLIC]


async def test_an_account_is_shown_without_its_keys(world: World) -> None:
    sarah = await world.specialist()
    made = await puts(sarah, "stripe", stripe_keys("sarah"))

    assert made["provider"] == "stripe"
    assert (made["is_live"], made["is_active"]) == (False, True)
    assert made["publishable_key"] == "pk_test_sarah_of_hers"
    assert made["hints"] == {"secret_key": "hers", "webhook_secret": "hers"}
    assert len(made["account"]) >= 16
    assert made["webhook_url"].endswith(f"/api/webhooks/stripe/{made['account']}")
    assert (await sarah.get(MINE)).json == {"items": [made]}


@pytest.mark.parametrize(
    ("provider", "keys", "shown"),
    [
        ("razorpay", razorpay_keys(), {"publishable_key": "rzp_test_sarah", "region": None}),
        ("paytabs", paytabs_keys(), {"profile_id": 66455, "region": "ARE"}),
    ],
)
async def test_every_provider_has_its_keys(
    world: World, provider: str, keys: dict[str, Any], shown: dict[str, Any]
) -> None:
    sarah = await world.specialist()
    made = await puts(sarah, provider, keys)
    assert shown.items() <= made.items()
    assert not [secret for secret in secrets_of(keys) if secret in json.dumps(made)]
    assert all(len(end) == 4 for end in made["hints"].values())


async def test_keys_are_in_no_answer_no_log_and_no_trail(
    world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    sarah, ada, anna = await world.specialist(), await world.admin(), await world.client()
    brought = [("stripe", stripe_keys("a")), ("stripe", stripe_keys("b"))]
    brought += [("razorpay", razorpay_keys()), ("paytabs", paytabs_keys())]
    answers = [await sarah.put(f"{MINE}/{provider}", keys) for provider, keys in brought]
    wrong = [{**keys, "is_same_account": "odd"} for _, keys in brought]
    answers += [
        await sarah.put(f"{MINE}/{brought[place][0]}", keys) for place, keys in enumerate(wrong)
    ]
    answers += [await sarah.get(MINE), await ada.get("/admin/payment-configs")]
    answers.append(await anna.put(f"{MINE}/stripe", stripe_keys("a")))
    answers.append(await sarah.put(f"{MINE}/stripe", {"secret_key": "sk_live_but_alone"}))
    assert {answer.status for answer in answers} == {200, 403, 422}

    trail = await world.rows("SELECT audit_logs::text AS line FROM app.audit_logs")
    assert len([line for line in trail if "payment_config.saved" in line["line"]]) == 4
    out = capfd.readouterr()
    told = [out.out, out.err, caplog.text, *(line["line"] for line in trail)]
    told += [answer.content.decode() for answer in answers]
    secrets = [secret for _, keys in brought for secret in secrets_of(keys)]
    assert not [secret for secret in (*secrets, "sk_live_but_alone") if secret in "".join(told)]
    assert "PUT" in "".join(told), "the log was looked at"


@pytest.mark.parametrize(
    ("provider", "keys", "code"),
    [
        ("stripe", stripe_keys("a", publishable_key="pk_live_of_hers"), "PAYMENT_KEYS_MIXED"),
        ("stripe", stripe_keys("a", secret_key="rk_live_of_hers"), "PAYMENT_KEYS_MIXED"),
        (
            "stripe",
            stripe_keys("a", secret_key="sk_live_hers", publishable_key="pk_live_hers"),
            "PAYMENT_KEYS_OF_OTHER_MODE",
        ),
        ("razorpay", razorpay_keys(key_id="rzp_live_hers"), "PAYMENT_KEYS_OF_OTHER_MODE"),
        ("paytabs", paytabs_keys(is_live=True), "PAYMENT_KEYS_OF_OTHER_MODE"),
        ("stripe", stripe_keys("a", secret_key="pk_test_not_secret"), "INVALID_REQUEST"),
        ("stripe", stripe_keys("a", webhook_secret="short"), "INVALID_REQUEST"),
        ("stripe", stripe_keys("a", secret_key=""), "INVALID_REQUEST"),
        ("razorpay", razorpay_keys(key_secret="short"), "INVALID_REQUEST"),
        ("paytabs", paytabs_keys(region="MARS"), "INVALID_REQUEST"),
        ("paytabs", {"profile_id": 1, "server_key": "S" * 20, "region": "ARE"}, "INVALID_REQUEST"),
        ("stripe", stripe_keys("a", account="acct_1"), "INVALID_REQUEST"),
    ],
)
async def test_what_does_not_belong_together_is_refused(
    world: World, provider: str, keys: dict[str, Any], code: str
) -> None:
    sarah = await world.specialist()
    reply = await sarah.put(f"{MINE}/{provider}", keys)
    assert (reply.status, reply.code) == (422, code)
    assert await sarah.sees(MINE) == []


async def test_production_takes_live_keys_alone(database: TestDatabase) -> None:
    settings = settings_for(database)
    production = settings.model_copy(
        update={
            "environment": "production",
            "http": settings.http.model_copy(update={"public_url": "https://consulta.test"}),
            "payments": settings.payments.model_copy(update={"provider": "manual"}),
            "mail": MailSettings(delivery="none"),
            "auth": settings.auth.model_copy(
                update={"password_memory_kib": 19_456, "password_passes": 2}
            ),
        }
    )
    async with running_world(database, production) as world:
        sarah = await world.specialist()
        refused = await sarah.put(f"{MINE}/stripe", stripe_keys("a"))
        assert (refused.status, refused.code) == (422, "PAYMENT_KEYS_OF_OTHER_MODE")
        live = stripe_keys("a", secret_key="rk_live_hers", publishable_key="pk_live_hers")
        assert (await puts(sarah, "stripe", live))["is_live"] is True


async def test_other_keys_of_the_same_account_take_the_place_of_the_first(world: World) -> None:
    sarah = await world.specialist()
    first = await puts(sarah, "stripe", stripe_keys("sarah"))
    second = await puts(sarah, "stripe", stripe_keys("sarah", secret_key="sk_test_rolled"))
    assert second["id"] == first["id"]
    assert second["account"] == first["account"]
    assert second["hints"]["secret_key"] == "lled"
    assert second["updated_at"] > first["updated_at"]
    assert len(await sarah.sees(MINE)) == 1


async def test_another_account_stands_beside_the_first(world: World) -> None:
    sarah = await world.specialist()
    first = await puts(sarah, "stripe", stripe_keys("first"))
    second = await puts(sarah, "stripe", stripe_keys("second"))
    assert first["account"] != second["account"]
    seen = {one["id"]: one["is_active"] for one in await sarah.sees(MINE)}
    assert seen == {first["id"]: False, second["id"]: True}

    back = await puts(sarah, "stripe", stripe_keys("first"))
    assert back["account"] == first["account"], "her provider still posts to that address"
    seen = {one["id"]: one["is_active"] for one in await sarah.sees(MINE)}
    assert seen == {first["id"]: True, second["id"]: False}


async def test_she_may_say_whether_it_is_the_same_account(world: World) -> None:
    sarah = await world.specialist()
    nothing = await sarah.put(f"{MINE}/razorpay", razorpay_keys(is_same_account=True))
    assert (nothing.status, nothing.code) == (404, "PAYMENT_CONFIG_NOT_FOUND")
    first = await puts(sarah, "razorpay", razorpay_keys())
    rolled = razorpay_keys(key_id="rzp_test_rolled", is_same_account=True)
    second = await puts(sarah, "razorpay", rolled)
    assert (second["id"], second["publishable_key"]) == (first["id"], "rzp_test_rolled")
    other = razorpay_keys(key_id="rzp_test_rolled", is_same_account=False)
    assert (await puts(sarah, "razorpay", other))["id"] != first["id"]


async def test_two_at_once_leave_one_active_account(world: World) -> None:
    sarah = await world.specialist()
    first = await puts(sarah, "stripe", stripe_keys("same"))
    replies = await asyncio.gather(
        *(
            sarah.put(f"{MINE}/stripe", stripe_keys("same", secret_key=f"sk_test_try{number}"))
            for number in range(6)
        ),
        *(sarah.put(f"{MINE}/stripe", stripe_keys(f"other{number}")) for number in range(3)),
    )
    assert {reply.code for reply in replies} <= {None, "PAYMENT_CONFIG_CHANGED"}
    seen = await sarah.sees(MINE)
    assert sum(one["is_active"] for one in seen) == 1
    assert len(seen) == 4
    hint = next(one["hints"]["secret_key"] for one in seen if one["id"] == first["id"])
    won = [
        reply.json["hints"]["secret_key"]
        for reply in replies
        if reply.json.get("id") == first["id"]
    ]
    assert [hint] == (won or ["hers"]), "nobody's keys were written over unseen"


async def test_ended_means_not_for_new_payments(world: World) -> None:
    sarah = await world.specialist()
    made = await puts(sarah, "stripe", stripe_keys("sarah"))
    assert (await sarah.delete(f"{MINE}/stripe")).status == 204
    (shown,) = await sarah.sees(MINE)
    assert (shown["id"], shown["is_active"]) == (made["id"], False)
    again = await sarah.delete(f"{MINE}/stripe")
    assert (again.status, again.code) == (404, "PAYMENT_CONFIG_NOT_FOUND")
    assert (await sarah.delete(f"{MINE}/manual")).status == 404


async def test_accounts_are_their_owners(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    ada, anna = await world.admin(), await world.client()
    mine = await puts(sarah, "stripe", stripe_keys("sarah"))
    his = await puts(omar, "stripe", stripe_keys("omar"))
    assert [one["id"] for one in await omar.sees(MINE)] == [his["id"]]
    for stranger in (anna, ada, world.anonymous):
        assert (await stranger.get(MINE)).status in {401, 403}
        assert (await stranger.put(f"{MINE}/stripe", stripe_keys("x"))).status in {401, 403}
        assert (await stranger.delete(f"{MINE}/stripe")).status in {401, 403}
    assert (await sarah.get("/admin/payment-configs")).status == 403
    listed = await ada.sees("/admin/payment-configs")
    assert [(one["id"], one["specialist_id"]) for one in listed] == [
        (his["id"], str(omar.id)),
        (mine["id"], str(sarah.id)),
    ]
    found = await ada.get("/admin/payment-configs", params={"specialist_id": sarah.id, "limit": 1})
    assert [one["id"] for one in found.json["items"]] == [mine["id"]]
    page = await ada.get("/admin/payment-configs", params={"limit": 1})
    rest = await ada.get(
        "/admin/payment-configs", params={"limit": 1, "cursor": page.json["next_cursor"]}
    )
    assert [one["id"] for one in rest.json["items"]] == [mine["id"]]
    assert await ada.sees("/admin/payment-configs?provider=paytabs") == []


async def test_somebody_without_a_page_has_no_account(world: World) -> None:
    sarah = await world.specialist()
    await world.superuser.execute("ALTER TABLE app.specialists DISABLE TRIGGER USER")
    other = await world.specialist("Dr. Gone")
    for table in ("availability_rules", "specialist_rates", "calendars"):
        await world.superuser.execute(f"DELETE FROM app.{table} WHERE specialist_id = $1", other.id)
    await world.superuser.execute("DELETE FROM app.specialists WHERE id = $1", other.id)
    reply = await other.put(f"{MINE}/stripe", stripe_keys("gone"))
    assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")
    assert await sarah.sees(MINE) == []


async def test_there_is_an_end_to_accounts(world: World) -> None:
    sarah = await world.specialist()
    await puts(sarah, "stripe", stripe_keys("one"))
    await world.superuser.execute(
        "INSERT INTO app.payment_configs (specialist_id, provider, account, is_live, is_active)"
        " SELECT $1, 'stripe', 'account-of-the-past-' || n, false, false"
        " FROM generate_series(1, 49) n",
        sarah.id,
    )
    reply = await sarah.put(f"{MINE}/stripe", stripe_keys("two"))
    assert (reply.status, reply.code) == (409, "TOO_MANY_PAYMENT_CONFIGS")
    await puts(sarah, "stripe", stripe_keys("one", secret_key="sk_test_rolled"))
