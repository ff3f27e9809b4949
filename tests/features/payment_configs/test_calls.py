"""Calls with exactly the right account: whoever is paid, whatever changes meanwhile."""

import asyncio
import random
from collections import Counter
from typing import Any

import asyncpg
import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.port import AuthorizeOrder
from tests.features.packages.shop import offered
from tests.features.payment_configs.account_desk import MINE, own_stripe, puts, stripe_keys
from tests.features.recurring.standing import created
from tests.world import Specialist, World
from tests.world.stripe import SECRET_KEY, StripeWorld

PRICE = Money(20_000, "USD")


def intents(bank: StripeWorld, name: str) -> list[Any]:
    """What was made at the account of that name."""
    key = stripe_keys(name)["secret_key"]
    return list(bank.fake.control.objects("payment_intent", key=key))


async def payment_of(bank: StripeWorld, booking: Any) -> dict[str, Any]:
    rows = await bank.world.rows(
        "SELECT * FROM app.payments WHERE id = $1", booking["payment"]["id"]
    )
    return rows[0]


async def confirmed(bank: StripeWorld, sarah: Specialist, booking: Any) -> Any:
    await bank.pays(booking)
    reply = await sarah.post(f"/bookings/{booking['id']}/confirm")
    assert (reply.status, reply.json["status"]) == (200, "confirmed"), reply.json
    return reply.json


async def test_a_booking_is_paid_at_the_specialists_account_to_its_end(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    config = await own_stripe(bank, sarah, "sarah")

    booking = await anna.books(sarah, "mon 10:00")
    assert booking["payment"]["provider"] == "stripe"
    assert booking["payment"]["publishable_key"] == "pk_test_sarah_of_hers"
    assert (await payment_of(bank, booking))["account"] == config["account"]
    for reader in (anna, sarah, await world.admin()):
        seen = (await reader.get(f"/bookings/{booking['id']}")).json["payment"]
        assert seen["publishable_key"] == "pk_test_sarah_of_hers"

    await confirmed(bank, sarah, booking)
    refund = await sarah.post(f"/payments/{booking['payment']['id']}/refunds")
    assert (refund.status, refund.json["state"]) == (201, "done"), refund.json
    await bank.letters_arrive()
    payment = await payment_of(bank, booking)
    assert (payment["status"], payment["refunded_minor"]) == ("refunded", 20_000)
    assert len(intents(bank, "sarah")) == 1
    assert bank.intents() == []
    events = await world.rows("SELECT DISTINCT account, state FROM app.webhook_events")
    assert events == [{"account": config["account"], "state": "done"}]


async def test_packages_and_series_are_paid_there_too(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(open="sun-sat 09:00-17:00"), await world.client()
    config = await own_stripe(bank, sarah, "sarah")

    package = await offered(sarah)
    bought = (await anna.post(f"/packages/{package['id']}/purchases", {})).json
    assert bought["payment"]["publishable_key"] == "pk_test_sarah_of_hers"
    await bank.pays(bought)
    assert (await anna.get(f"/package-purchases/{bought['id']}")).json["status"] == "active"

    await created(anna, sarah, payment_mode="per_session")
    await world.work_off("payments.operations")
    accounts = await world.rows(
        "SELECT DISTINCT account, provider, count(*) OVER () AS n FROM app.payments"
    )
    assert [(row["account"], row["provider"]) for row in accounts] == [
        (config["account"], "stripe")
    ]
    assert len(intents(bank, "sarah")) >= 2
    assert bank.intents() == []


async def test_others_are_paid_at_the_platforms_account(bank: StripeWorld) -> None:
    world = bank.world
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    anna = await world.client()
    await own_stripe(bank, sarah, "sarah")
    booking = await anna.books(omar, "mon 10:00")
    assert booking["payment"]["publishable_key"] == "pk_test_consulta"
    assert (await payment_of(bank, booking))["account"] == ""
    assert (len(bank.intents()), intents(bank, "sarah")) == (1, [])


@pytest.mark.parametrize(
    ("chosen", "active", "expected"),
    [
        (None, [], ("sandbox", False)),
        (None, ["stripe"], ("stripe", True)),
        (None, ["paytabs"], ("paytabs", True)),
        (None, ["stripe", "paytabs"], ("sandbox", False)),
        ("paytabs", ["stripe", "paytabs"], ("paytabs", True)),
        ("stripe", ["paytabs"], ("stripe", False)),
        ("manual", ["stripe"], ("manual", False)),
    ],
)
async def test_the_chosen_provider_or_the_only_account_decides(
    world: World, chosen: str | None, active: list[str], expected: tuple[str, bool]
) -> None:
    sarah = await world.specialist(provider=chosen)
    for provider in active:
        await world.superuser.execute(
            "INSERT INTO app.payment_configs (specialist_id, provider, account, is_live)"
            " VALUES ($1, $2, $3, false)",
            sarah.id,
            provider,
            f"the-account-at-{provider}",
        )
    row = await world.rows("SELECT * FROM app.tills_of(ARRAY[$1::uuid], 'sandbox')", sarah.id)
    provider, is_own = expected
    assert (row[0]["provider"], row[0]["account"]) == (
        provider,
        f"the-account-at-{provider}" if is_own else "",
    )


async def test_a_payment_keeps_the_account_that_made_it(bank: StripeWorld) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    first = await own_stripe(bank, sarah, "first")
    at_first = await anna.books(sarah, "mon 10:00")
    await own_stripe(bank, sarah, "second")
    at_second = await anna.books(sarah, "mon 11:00")
    assert (await sarah.delete(f"{MINE}/stripe")).status == 204
    at_platform = await anna.books(sarah, "mon 12:00")

    for booking in (at_first, at_second, at_platform):
        await confirmed(bank, sarah, booking)
    accounts = [(await payment_of(bank, one))["account"] for one in (at_first, at_platform)]
    assert accounts == [first["account"], ""]
    made = [intents(bank, "first"), intents(bank, "second"), bank.intents()]
    assert [[one["status"] for one in here] for here in made] == [["succeeded"]] * 3


async def test_rotated_keys_are_used_at_once(bank: StripeWorld) -> None:
    sarah, anna = await bank.world.specialist(), await bank.world.client()
    await own_stripe(bank, sarah, "sarah")
    booking = await anna.books(sarah, "mon 10:00")
    old = stripe_keys("sarah")["secret_key"]
    bank.fake.control.roll_key(old, new="sk_test_the_following")
    await puts(sarah, "stripe", stripe_keys("sarah", secret_key="sk_test_the_following"))
    bank.fake.control.revoke_key(old)

    await confirmed(bank, sarah, booking)
    made = bank.fake.control.objects("payment_intent", key="sk_test_the_following")
    assert [one["status"] for one in made] == ["succeeded"]


async def test_an_account_that_cannot_be_used_leaves_the_payment_waiting(
    bank: StripeWorld,
) -> None:
    world = bank.world
    sarah, anna = await world.specialist(), await world.client()
    await own_stripe(bank, sarah, "sarah")
    await world.superuser.execute("UPDATE app.payment_config_keys SET wrapped_key = '\\x00'")
    booking = await anna.books(sarah, "mon 10:00")
    assert (booking["status"], booking["payment"]["status"]) == ("pending_payment", "pending")
    assert bank.intents() == [], "nobody else's account is charged instead"

    await puts(sarah, "stripe", stripe_keys("sarah"))
    await world.travel(minutes=2)
    await world.work_off()
    assert len(intents(bank, "sarah")) == 1


async def test_a_payment_is_made_with_an_active_account_of_its_specialist(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    anna = await world.client()
    his = await puts(omar, "stripe", stripe_keys("omar"))
    past = await puts(sarah, "stripe", stripe_keys("sarah"))
    await sarah.delete(f"{MINE}/stripe")
    booking = await anna.books(sarah, "mon 10:00")
    copy = (
        "INSERT INTO app.payments (booking_id, specialist_id, client_id, provider, account,"
        " amount_minor, currency) SELECT booking_id, specialist_id, client_id, 'stripe', $2,"
        " amount_minor, currency FROM app.payments WHERE id = $1"
    )
    await world.travel(minutes=2)
    for account in (his["account"], past["account"], "an-account-of-nobody"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="active account"):
            await world.superuser.execute(copy, booking["payment"]["id"], account)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="keeps its parties"):
        await world.superuser.execute("UPDATE app.payments SET account = $1", his["account"])


OWNERS = {"sarah": "aaaa", "omar": "bbbb"}


def strays(bank: StripeWorld) -> list[str]:
    """Payments that stand at another account than their own, and requests with a third key."""
    found = [
        f"{intent['metadata']} at {name}"
        for name, end in OWNERS.items()
        for intent in bank.fake.control.objects("payment_intent", key=f"sk_test_{name}_{end}")
        if not intent["metadata"]["consulta_payment"].startswith(name)
    ]
    ends = {request["key_last4"] for request in bank.fake.control.requests()}
    return [*found, *sorted(ends - set(OWNERS.values()))]


async def test_five_hundred_interleaved_calls_carry_their_own_keys(bank: StripeWorld) -> None:
    world = bank.world
    people = {"sarah": await world.specialist(), "omar": await world.specialist("Dr. Omar")}
    configs = {
        name: await puts(
            people[name], "stripe", stripe_keys(name, secret_key=f"sk_test_{name}_{end}")
        )
        for name, end in OWNERS.items()
    }
    providers, accounts = world.app.state.till.providers, world.app.state.safe.accounts
    chance = random.Random(7)

    async def call(name: str, number: int, account: str) -> None:
        await asyncio.sleep(chance.random() / 20)
        async with providers.of("stripe", account) as adapter:
            order = AuthorizeOrder(payment_id=f"{name}-{number}", amount=PRICE)
            charge = await adapter.authorize(order, idempotency_key=f"{name}-{number}")
            if number % 10 == 0:
                accounts.forget("stripe", account)
            assert (await adapter.fetch(charge.reference)).payment_id == f"{name}-{number}"

    calls = [(name, number) for number in range(125) for name in OWNERS]
    chance.shuffle(calls)
    for first in range(0, len(calls), 25):
        batch = calls[first : first + 25]
        await asyncio.gather(*(call(name, n, configs[name]["account"]) for name, n in batch))

    assert len(bank.fake.control.requests()) == 500
    used = Counter(request["key_last4"] for request in bank.fake.control.requests())
    assert used == {"aaaa": 250, "bbbb": 250}
    assert strays(bank) == []

    # The control: a single call with the other's account would have been noticed.
    await call("omar", 1_000, configs["sarah"]["account"])
    assert len(strays(bank)) == 1


async def test_interleaved_bookings_meet_their_own_accounts(bank: StripeWorld) -> None:
    world = bank.world
    people = [await world.specialist(f"Dr. {number}") for number in range(4)]
    for number, one in enumerate(people[:3]):
        await own_stripe(bank, one, f"n{number}")
    clients = [await world.client(f"Client {number}") for number in range(4)]
    bookings = await asyncio.gather(
        *(
            clients[place].books(one, f"{day} 1{place}:00")
            for day in ("mon", "tue", "wed")
            for one in people
            for place in range(4)
        )
    )
    assert len(bookings) == 48
    keys = {
        str(one.id): f"pk_test_n{number}_of_hers" if number < 3 else "pk_test_consulta"
        for number, one in enumerate(people)
    }
    assert all(one["payment"]["publishable_key"] == keys[one["specialist_id"]] for one in bookings)
    everywhere = [intents(bank, f"n{number}") for number in range(3)]
    everywhere.append(bank.fake.control.objects("payment_intent", key=SECRET_KEY))
    made = {
        intent["metadata"]["consulta_payment"]: place
        for place, here in enumerate(everywhere)
        for intent in here
    }
    owners = {str(one.id): place for place, one in enumerate(people)}
    assert made == {one["payment"]["id"]: owners[one["specialist_id"]] for one in bookings}
