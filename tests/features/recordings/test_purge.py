"""What is over goes: the object first, and a crash or a storage that is away loses nothing."""

import asyncio
from datetime import timedelta

from tests.features.recordings.studio import open_studio, sent
from tests.settings import files_of
from tests.world import World

DAYS = 30


async def test_a_recording_goes_when_its_specialist_said(world: World) -> None:
    studio = await open_studio(world)
    folder = files_of(world.database)
    settings = "/specialists/me/recording-settings"
    assert (await studio.sarah.get(settings)).json == {"retention_days": None}
    older = await studio.keeps()
    assert older["expires_at"] is None

    changed = await studio.sarah.put(settings, {"retention_days": DAYS})
    assert (changed.status, (await studio.sarah.get(settings)).json) == (
        200,
        {"retention_days": 30},
    )
    row = await studio.row(older)
    assert row["expires_at"] == row["ready_at"] + timedelta(days=DAYS)
    await world.travel(days=DAYS - 0.5)
    newer = await studio.keeps()
    link = (await studio.link(studio.anna, older)).json
    lasts = (await studio.row(older))["expires_at"] - await world.value("SELECT app.now()")
    assert lasts < timedelta(hours=13)

    # What would be overdue at once has a day left, and a slip can be mended.
    assert (await studio.sarah.put(settings, {"retention_days": 1})).status == 200
    assert (await world.cron("purge-recordings")).json["done_count"] == 0
    assert (await studio.sarah.put(settings, {"retention_days": DAYS})).status == 200
    await world.travel(days=1, seconds=5)
    over = await studio.link(studio.anna, older)
    assert (over.status, over.code) == (410, "RECORDING_DELETED")

    rung = await world.cron("purge-recordings")
    assert (rung.status, rung.json["done_count"], rung.json["failed_count"]) == (200, 1, 0)
    row = await studio.row(older)
    assert (row["status"], row["deleted_at"] == row["object_deleted_at"]) == ("deleted", False)
    names = {one.name for one in folder.rglob("*") if one.is_file()}
    assert names == {(await studio.row(newer))["storage_path"].rpartition("/")[2]}
    assert (await sent(world.http, "GET", link["url"])).code in {
        "RECORDING_DELETED", "FILE_LINK_EXPIRED",
    }  # fmt: skip
    assert [one["status"] for one in await studio.anna.sees(studio.path)] == ["deleted", "ready"]
    assert (await studio.sarah.put(settings, {"retention_days": None})).status == 200
    assert (await studio.row(newer))["expires_at"] is None


async def test_a_crash_or_an_outage_leaves_work_that_is_finished_later(world: World) -> None:
    studio = await open_studio(world)
    folder = files_of(world.database)
    one, other = await studio.keeps(), await studio.keeps()
    never = await studio.announces()
    await studio.brings(never["upload"]["url"])
    paths = {made["id"]: folder / (await studio.row(made))["storage_path"] for made in (one, other)}

    # The admin's word stands although the storage cannot follow: a folder is in the file's place.
    content = paths[one["id"]].read_bytes()
    paths[one["id"]].unlink()
    paths[one["id"]].mkdir()
    for recording in (one, other):
        gone = await studio.ada.delete(f"{studio.path}/{recording['id']}")
        assert gone.status == 204
    assert not paths[other["id"]].exists()
    for recording in (one, other):
        row = await studio.row(recording)
        # While an address to bring it to holds, nothing is gone for good.
        assert (row["status"], row["object_deleted_at"]) == ("deleted", None)

    await world.travel(hours=2, seconds=5)
    rung = await world.cron("purge-recordings")
    assert (rung.json["done_count"], rung.json["failed_count"]) == (2, 1)
    assert (await studio.row(never))["status"] == "failed"
    assert (await studio.row(other))["object_deleted_at"] is not None
    paths[one["id"]].rmdir()
    paths[one["id"]].write_bytes(content)

    async def rung_later(**ahead: float) -> int:
        await world.travel(**ahead)
        done: int = (await world.cron("purge-recordings")).json["done_count"]
        return done

    assert await rung_later(hours=1) == 1
    assert (await studio.row(one))["object_deleted_at"] is not None
    assert [left for left in folder.rglob("*") if left.is_file()] == []
    assert await rung_later(hours=1) == 0


async def test_a_retention_chosen_at_the_same_moment_holds(world: World) -> None:
    """Whoever is first, the recording expires by the retention that was chosen."""
    studio = await open_studio(world)
    for days in (5, 6, 7):
        made = await studio.announces()
        await studio.brings(made["upload"]["url"])
        completed, chosen = await asyncio.gather(
            studio.completes(made),
            studio.sarah.put("/specialists/me/recording-settings", {"retention_days": days}),
        )
        assert (completed.status, chosen.status) == (200, 200)
        row = await studio.row(made)
        assert abs(row["expires_at"] - row["ready_at"] - timedelta(days=days)) < timedelta(
            seconds=5
        )
