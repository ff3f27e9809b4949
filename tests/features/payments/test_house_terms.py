"""Who takes the money where a specialist has not chosen: the house says so when it starts, and
nobody who books, buys or saves a card can say otherwise.
"""

from typing import Any

import asyncpg
import pytest

from consulta.settings import PaymentSettings
from tests.conftest import TestDatabase
from tests.features.packages.shop import offered
from tests.features.payments.test_hostile_arguments import signed_in
from tests.settings import settings_for
from tests.world import Person, World
from tests.world.world import running_world

SPOKEN = {
    "book": "SELECT app.book($1, $2, $3, NULL, NULL, NULL, 'manual', '{}', 30, 30)",
    "buy": "SELECT app.buy_package($1, 'manual', '{}', 30, 30)",
    "save": "SELECT app.save_method($1, 'razorpay', ARRAY['razorpay'])",
    "repeat": "SELECT app.create_series($1, $2, NULL, 'weekly', $3, NULL, '10:00', 'saved_card',"
    " NULL, NULL, NULL, 'razorpay', ARRAY['razorpay'], false)",
}
FOR_A_CENTURY = "SELECT app.book($1, $2, $3, NULL, NULL, NULL, '{}', 1000000000, 30)"
TERMS = "SELECT default_provider, card_savers, updated_at FROM app.house_terms"


async def tried(world: World, person: Person, statement: str, *values: Any) -> Any:
    async with signed_in(world, person) as connection:
        return await connection.fetchval(statement, *values)


async def test_nobody_who_pays_says_who_takes_the_money(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    start = sarah.at("mon 10:00")
    package = await offered(sarah)
    for verb, values in (
        ("book", (sarah.id, sarah.rates["standard"], start)),
        ("buy", (package["id"],)),
        ("save", (sarah.id,)),
        ("repeat", (sarah.id, sarah.rates["standard"], start.date())),
    ):
        with pytest.raises(asyncpg.UndefinedFunctionError):
            await tried(world, anna, SPOKEN[verb], *values)
    for statement in (TERMS, "UPDATE app.house_terms SET default_provider = 'manual'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tried(world, anna, statement)

    await tried(world, anna, FOR_A_CENTURY, sarah.id, sarah.rates["standard"], start)
    (booked,) = await world.rows(
        "SELECT b.status, p.provider, b.expires_at <= app.now() + interval '1 hour' AS is_short"
        " FROM app.bookings b JOIN app.payments p ON p.booking_id = b.id"
    )
    assert booked == {"status": "pending_payment", "provider": "sandbox", "is_short": True}


async def test_the_house_says_it_at_every_start(database: TestDatabase) -> None:
    by_hand = settings_for(database, payments=PaymentSettings(provider="manual"))
    async with running_world(database) as world:
        (first,) = await world.rows(TERMS)
        assert (first["default_provider"], first["card_savers"]) == (
            "sandbox",
            ["sandbox", "stripe"],
        )
    async with running_world(database) as world:
        assert await world.rows(TERMS) == [first]
        assert await world.rows("SELECT 1 FROM app.audit_logs") == []
    async with running_world(database, by_hand) as world:
        sarah, anna = await world.specialist(), await world.client()
        booking = await anna.books(sarah, "mon 10:00")
        assert booking["payment"]["provider"] == "manual"
        assert booking["status"] == "awaiting_confirmation"
        (entry,) = await world.rows(
            "SELECT actor, old_values::text LIKE '%sandbox%' AS tells FROM app.audit_logs"
            " WHERE action = 'house_terms.changed'"
        )
        assert entry == {"actor": "system:payments.record", "tells": True}


async def test_where_nothing_was_said_nothing_is_given_away(world: World) -> None:
    sarah, anna = await world.specialist(auto_confirm=True), await world.client()
    ben = await world.specialist("Ben", provider="manual")
    await world.superuser.execute("DELETE FROM app.house_terms")
    refused = await anna.post("/bookings", sarah.booking("mon 10:00"))
    assert refused.status == 500
    assert await world.rows("SELECT 1 FROM app.bookings") == []
    chosen = await anna.books(ben, "mon 10:00")
    assert chosen["payment"]["provider"] == "manual"
