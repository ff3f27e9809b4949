"""A gateway that needs twenty seconds for an answer, and pools of five connections: whoever only
looks at times does not notice, and no transaction waits for it.
"""

import asyncio
import time
from datetime import timedelta

from tests.conftest import TestDatabase
from tests.fakes.stripe import running_fake_stripe
from tests.settings import settings_for
from tests.world.stripe import payment_settings
from tests.world.world import World, running_world

LATENCY_SECONDS = 20
PATIENCE_SECONDS = 4
POOL = 5
PAYERS = 15
FAST_SECONDS = 1.0
IDLE = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename LIKE 'consulta%'
  AND state LIKE 'idle in transaction%'
  AND clock_timestamp() - state_change > interval '1 second'
"""


async def test_listing_stays_fast_and_no_session_idles_in_a_transaction(
    database: TestDatabase,
) -> None:
    async with running_fake_stripe() as (fake, base_url):
        patience = {"timeout_seconds": PATIENCE_SECONDS}
        settings = settings_for(
            database, payments=payment_settings(base_url).model_copy(update=patience)
        )
        few = settings.database.model_copy(update={"pool_size": POOL})
        settings = settings.model_copy(update={"database": few})
        async with running_world(database, settings) as world:
            fake.control.delay_next(LATENCY_SECONDS, times=1_000)
            await many_pay_and_many_look(world)
            fake.control.clear_faults()


async def many_pay_and_many_look(world: World) -> None:
    """Three times as many payers as connections, and looks at the calendar while they wait."""
    sarah = await world.specialist(open="sun-sat 00:00-24:00")
    people = [await world.client(f"Anna {chr(65 + number)}") for number in range(PAYERS)]
    first = sarah.at("mon 00:00")
    payers = asyncio.gather(
        *(
            anna.post(
                "/bookings",
                sarah.booking(
                    first + timedelta(minutes=30 * number), payment_method="pm_card_visa"
                ),
            )
            for number, anna in enumerate(people)
        )
    )
    begun, slowest, looks = time.perf_counter(), 0.0, 0
    while not payers.done():
        asked = time.perf_counter()
        reply = await world.anonymous.get(f"/specialists/{sarah.id}/slots")
        slowest = max(slowest, time.perf_counter() - asked)
        looks += 1
        assert reply.status == 200
        assert await world.value(IDLE) == 0
        await asyncio.sleep(0.05)
    assert looks > 10, "nobody looked while they waited"
    assert slowest < FAST_SECONDS
    assert time.perf_counter() - begun < LATENCY_SECONDS
    for reply in await payers:
        # Nobody waits for the gateway longer than we do ourselves.
        assert reply.status == 201, reply.json
        assert (reply.json["status"], reply.json["payment"]["status"]) == (
            "pending_payment",
            "pending",
        )
