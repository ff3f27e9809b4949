"""Functions that people may execute, called with arguments that the service would never pass: what
was said about paying is no order to the provider, and no lease outlasts a few minutes.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from tests.features.bookings.stages import booked, confirmed
from tests.features.packages.shop import Purchase, bought, offered
from tests.world import Person, World

SAID = (
    '{"payment_method": "pm_sandbox_visa", "capture_now": true,'
    ' "charge_reference": "pi_of_somebody_else", "anything": 1}'
)
A_CENTURY = 10**9
BOOK = f"SELECT app.book($1, $2, $3, NULL, NULL, NULL, '{SAID}', 30, {A_CENTURY})"
PRESENT = f"SELECT app.present_method($1, '{SAID}', {A_CENTURY})"
BUY = f"SELECT app.buy_package($1, '{SAID}', 30, {A_CENTURY})"
LATEST = """
SELECT params, lease_until - app.now() AS lease FROM app.payment_operations
ORDER BY created_at DESC, id DESC LIMIT 1
"""


@asynccontextmanager
async def signed_in(world: World, person: Person) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of that person's, on the web pool's login, committed."""
    async with world.database.connected("consulta_api") as connection, connection.transaction():
        await connection.execute(
            "SELECT set_config('role', 'consulta_user', true),"
            f" set_config('app.user_id', '{person.id}', true)"
        )
        yield connection


async def latest(world: World) -> tuple[Any, bool]:
    """What the newest operation was told, and whether its lease is a short one."""
    (row,) = await world.rows(LATEST)
    return row["params"], row["lease"] <= timedelta(minutes=2)


async def test_a_payer_says_how_to_pay_and_nothing_else(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    async with signed_in(world, anna) as connection:
        await connection.execute(BOOK, sarah.id, sarah.rates["standard"], sarah.at("mon 10:00"))
    assert await latest(world) == ('{"payment_method": "pm_sandbox_visa"}', True)

    package = await offered(sarah)
    async with signed_in(world, anna) as connection:
        await connection.execute(BUY, package["id"])
    assert await latest(world) == (
        '{"capture_now": true, "payment_method": "pm_sandbox_visa"}',
        True,
    )


async def test_another_method_is_for_the_own_charge(world: World) -> None:
    stage = await booked(world, method="pm_sandbox_declined")
    payment = (await stage.seen())["payment"]["id"]
    async with signed_in(world, stage.anna) as connection:
        await connection.execute(PRESENT, payment)
    params, is_short = await latest(world)
    own = await stage.reference()
    assert params == f'{{"payment_method": "pm_sandbox_visa", "charge_reference": "{own}"}}'
    assert is_short


async def test_no_refund_is_leased_away(world: World) -> None:
    stage = await confirmed(world)
    payment = (await stage.seen())["payment"]["id"]
    async with signed_in(world, stage.sarah) as connection:
        await connection.execute(
            "SELECT app.request_operation($1, 'refund', 100, $2)", payment, A_CENTURY
        )
    assert await latest(world) == ("{}", True)


async def test_a_specialist_cannot_call_off_and_keep_the_credit(world: World) -> None:
    purchase = await bought(world)
    booking = await purchase.books("mon 10:00")
    with pytest.raises(asyncpg.PostgresError, match="REFUND_NOT_DUE"):
        await call_off(purchase, booking["id"], credit_returned=False)
    assert (await purchase.status())[2] == 3

    await call_off(purchase, booking["id"], credit_returned=True)

    assert (await purchase.status())[2] == 4


async def call_off(purchase: Purchase, booking_id: str, *, credit_returned: bool) -> None:
    async with signed_in(purchase.world, purchase.sarah) as connection:
        await connection.execute(
            "UPDATE app.bookings SET status = 'declined' WHERE id = $1", booking_id
        )
        await connection.execute(
            "INSERT INTO app.booking_cancellations (booking_id, specialist_id, client_id,"
            " cancelled_by, cancelled_by_kind, cancellation_policy_applied, currency,"
            " credit_returned) VALUES ($1, $2, $3, $2, 'specialist', 'full_refund', 'USD', $4)",
            booking_id,
            purchase.sarah.id,
            purchase.anna.id,
            credit_returned,
        )


async def test_a_specialist_cannot_keep_the_money_of_credits_that_he_takes_back(
    world: World,
) -> None:
    purchase = await bought(world)
    take_back = "SELECT app.take_back_credits($1)"
    payment = await world.value("SELECT id FROM app.payments")
    for asked in (0, 1, 7_999):
        with pytest.raises(asyncpg.PostgresError, match="REFUND_NOT_DUE"):
            async with signed_in(world, purchase.sarah) as connection:
                if asked:
                    await connection.execute(
                        "SELECT app.request_operation($1, 'refund', $2, 0)", payment, asked
                    )
                await connection.execute(take_back, purchase.id)
    assert (await purchase.status())[2] == 4

    # What was asked for before is no excuse, either; but no more is owed than is left.
    async with signed_in(world, purchase.sarah) as connection:
        await connection.execute("SELECT app.request_operation($1, 'refund', 7000, 0)", payment)
    with pytest.raises(asyncpg.PostgresError, match="REFUND_NOT_DUE"):
        async with signed_in(world, purchase.sarah) as connection:
            await connection.execute(take_back, purchase.id)
    async with signed_in(world, purchase.sarah) as connection:
        await connection.execute("SELECT app.request_operation($1, 'refund', 1000, 0)", payment)
        assert await connection.fetchval(take_back, purchase.id) == "refunded"
