"""Two replicas, one killed at random: one reminder, one mail, one webhook for each event, and
whoever listens hears every event once and in order.
"""

import asyncio
from collections import Counter
from types import ModuleType

import pytest

from consulta.features.notifications.flows import mailroom
from consulta.features.subscribers.flows import ledger
from consulta.settings import SubscriberSettings
from tests.conftest import TestDatabase
from tests.crash.deliveries import perform
from tests.crash.replicas import running_house
from tests.receivers.listener import listening
from tests.receivers.post_office import post_office
from tests.settings import settings_for
from tests.world.world import running_world

pytestmark = pytest.mark.slow
SEED = 11


async def test_everybody_hears_everything_once_while_replicas_die(database: TestDatabase) -> None:
    async with running_house(database, seed=SEED) as house:
        numbers = await perform(house, seed=SEED, kills=5, seconds=60, rest=(0.2, 0.8))
    print(numbers)
    assert numbers.broken == [], str(numbers)
    assert numbers.kills >= 2, str(numbers)
    assert numbers.slow
    assert numbers.reminders
    assert numbers.cuts


@pytest.mark.parametrize("is_sound", [True, False])
async def test_control_whoever_claims_without_a_lease_tells_it_twice(
    database: TestDatabase, monkeypatch: pytest.MonkeyPatch, is_sound: bool
) -> None:
    """Two replicas at work on the same rows. What becomes of the events of a slow transaction where
    somebody reads by id alone is shown in tests/features/live.
    """
    if not is_sound:
        for module in (mailroom, ledger):
            _claim_without_lease(module, monkeypatch)
    async with post_office() as office, listening() as listener:
        settings = settings_for(
            database,
            mail=office.settings,
            subscribers=SubscriberSettings(allow_private="127.0.0.1/32"),
        )
        async with (
            running_world(database, settings) as one,
            running_world(database, settings) as two,
        ):
            sarah = await one.specialist(provider="manual")
            await sarah.post("/specialists/me/webhook-endpoints", {"url": listener.url})
            await (await one.client("Anna")).books(sarah, "mon 10:00")
            async with asyncio.timeout(20):  # Other databases of the server may hold it back.
                while not await one.value("SELECT count(*) FROM app.webhook_deliveries"):
                    await one.work_off("outbox.deliver")
            office.pause_seconds = listener.pause_seconds = 0.5
            for job, arrived in (
                ("notifications.send", office.received),
                ("subscribers.deliver", listener.received),
            ):
                first = asyncio.create_task(one.work_off(job))
                async with asyncio.timeout(20):
                    while not arrived:
                        await asyncio.sleep(0.01)
                # The first is told, and nobody has written that down yet.
                await two.work_off(job)
                await first
    mails = Counter(mail.id for mail in office.received)
    posts = Counter(one.headers["webhook-id"] for one in listener.received)
    assert (set(mails.values()) == {1}) is is_sound
    assert (set(posts.values()) == {1}) is is_sound
    assert mails
    assert posts


def _claim_without_lease(module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = "d." if module is ledger else ""
    claim = module.__dict__["_CLAIM"]
    for text in (
        f"AND ({prefix}lease_until IS NULL OR {prefix}lease_until <= app.now())",
        "FOR UPDATE SKIP LOCKED",
    ):
        assert text in claim
        claim = claim.replace(text, "")
    monkeypatch.setattr(module, "_CLAIM", claim)
