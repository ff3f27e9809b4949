"""Housekeeping: what nobody can ask for any more is gone, and the rest stays."""

from tests.world import World

_TABLES = ("idempotency_keys", "user_sessions", "job_runs", "outbox")


async def counts(world: World) -> dict[str, int]:
    return {table: await world.value(f"SELECT count(*) FROM app.{table}") for table in _TABLES}


async def test_nothing_in_use_is_swept(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await anna.books(sarah, "mon 10:00")
    await world.work_off("outbox.deliver")
    before = await counts(world)
    assert all(before[table] for table in ("idempotency_keys", "user_sessions", "outbox"))

    assert (await world.cron("sweep")).json["state"] == "done"
    after = await counts(world)
    assert {**after, "job_runs": before["job_runs"]} == before


async def test_what_has_lapsed_is_gone_and_counted(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await anna.books(sarah, "mon 10:00")
    await world.work_off("outbox.deliver")
    await world.cron("cleanup-bookings")
    before = await counts(world)
    # Beyond every period: 72 hours, 7 and 30 days, and the 900 days of the people's sign-ins here.
    await world.travel(days=901)

    swept = (await world.cron("sweep")).json["result"]
    assert {table: swept[table] for table in _TABLES} == before
    assert await counts(world) == {**dict.fromkeys(_TABLES, 0), "job_runs": 1}
