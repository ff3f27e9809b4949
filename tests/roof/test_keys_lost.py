"""A key that was taken out of ENCRYPTION_KEYS too early is told before somebody needs it."""

import base64

from pydantic import SecretStr
from structlog.testing import capture_logs

from consulta.platform.db.doctor import Verdict, examine
from consulta.platform.db.lost_keys import warn_of_lost_keys
from consulta.settings import SecuritySettings, Settings
from tests.conftest import TestDatabase
from tests.features.payment_configs.account_desk import puts, stripe_keys
from tests.settings import KEYS, settings_for
from tests.world import Client, World, running_world

NEXT = "k2:" + base64.b64encode(bytes(range(32, 64))).decode()
LOST = {
    f"rows of {table} are sealed with the key 'k1', which ENCRYPTION_KEYS does not have"
    for table in ("payment_config_keys", "idempotency_keys")
}


def with_keys(database: TestDatabase, text: str) -> Settings:
    return settings_for(database, security=SecuritySettings(encryption_keys=SecretStr(text)))


async def warned(world: World) -> tuple[set[str], int]:
    """What the doctor warns of, and how it ends."""
    report = await examine(world.app.state.settings)
    warnings = {one.sentence for one in report.checks if one.verdict is Verdict.WARN}
    return {one for one in warnings if "sealed" in one}, report.exit_code


async def test_a_lost_key_is_told_and_no_answer_under_it_is_a_crash(database: TestDatabase) -> None:
    async with running_world(database) as world:
        sarah, anna = await world.specialist(), await world.client()
        await puts(await world.specialist("Omar"), "stripe", stripe_keys("omar"))
        wish = sarah.booking("mon 10:00")
        first = await anna.post("/bookings", wish, key="once")
        assert first.status == 201
        assert await warned(world) == (set(), 0)

    async with running_world(database, with_keys(database, NEXT)) as world:
        again = Client(world.http, id=anna.id, token=anna.token, name=anna.name)
        assert await warned(world) == (LOST, 0)
        with capture_logs() as logs:
            await warn_of_lost_keys(world.app.state.database.engines, world.app.state.vault.keys)
        assert {log["event"] for log in logs if log["during"] == "start"} == LOST
        for _ in range(2):
            replay = await again.post("/bookings", wish, key="once")
            assert (replay.status, replay.code) == (410, "IDEMPOTENCY_ANSWER_LOST")
        assert len(await again.sees("/bookings")) == 1

    async with running_world(database, with_keys(database, f"{NEXT},{KEYS}")) as world:
        assert await warned(world) == (set(), 0)
        again = Client(world.http, id=anna.id, token=anna.token, name=anna.name)
        assert (await again.post("/bookings", wish, key="once")).content == first.content
