"""A recording is announced, brought and completed; both parties see it, and nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path

from tests.features.recordings.studio import FILM, facts, open_studio, sent
from tests.settings import files_of
from tests.world import World


async def test_a_recording_goes_from_the_worker_to_both_parties(world: World) -> None:
    studio = await open_studio(world)
    made = await studio.announces()
    month = studio.booking["starts_at"][:7]
    path = f"sessions/{month}/booking-{studio.booking['id']}.mp4"
    assert (made["status"], made["storage_path"], made["upload"]["method"]) == (
        "uploading", path, "PUT",
    )  # fmt: skip
    early = await studio.completes(made)
    assert (early.status, early.code) == (409, "RECORDING_NOT_UPLOADED")
    soon = await studio.link(studio.anna, made)
    assert (soon.status, soon.code) == (409, "RECORDING_NOT_READY")

    url = made["upload"]["url"]
    assert (await studio.brings(url, headers={"Content-Type": "video/mp4"})).status == 204
    ready = await studio.completes(made)
    again = await studio.completes(made)

    assert (ready.status, ready.json["status"], ready.json["expires_at"]) == (200, "ready", None)
    assert again.json == ready.json
    kept = files_of(world.database) / path
    assert (kept.read_bytes(), kept.stat().st_mode & 0o777) == (FILM, 0o600)
    assert files_of(world.database).stat().st_mode & 0o777 == 0o700
    assert list((files_of(world.database) / ".incoming").iterdir()) == []
    for party in (studio.anna, studio.sarah, studio.ada):
        assert await party.sees(studio.path) == [ready.json]
    (told,) = await world.rows("SELECT payload FROM app.outbox WHERE topic = 'recording.ready'")
    assert made["id"] in told["payload"]

    for party in (studio.anna, studio.sarah):
        link = await studio.link(party, made)
        file = await sent(world.http, "GET", link.json["url"])
        assert (link.status, file.status, file.content) == (200, 200, FILM)
        assert file.headers["content-disposition"] == f'attachment; filename="{Path(path).name}"'
        assert file.headers["x-content-type-options"] == "nosniff"
        assert (file.headers["content-type"], file.headers["cache-control"]) == (
            "video/mp4", "no-store",
        )  # fmt: skip
        part = await sent(world.http, "GET", link.json["url"], headers={"Range": "bytes=5-9"})
        assert (part.status, part.content) == (206, FILM[5:10])
        beyond = {"Range": f"bytes={len(FILM)}-"}
        whole = await sent(world.http, "GET", link.json["url"], headers=beyond)
        assert (whole.status, whole.content) == (200, FILM)
    given = await world.rows(
        "SELECT actor_id FROM app.audit_logs WHERE action = 'recording.link_given' ORDER BY id"
    )
    assert [row["actor_id"] for row in given] == [studio.anna.id, studio.sarah.id]


async def test_what_is_not_what_was_announced_is_thrown_away(world: World) -> None:
    studio = await open_studio(world)
    folder = files_of(world.database)
    made = await studio.announces()
    url = made["upload"]["url"]

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield FILM

    longer = await studio.brings(url, FILM + b"!")
    assert (longer.status, longer.code) == (413, "BODY_TOO_LARGE")
    streamed = await sent(world.http, "PUT", url, content=endless())
    assert (streamed.status, streamed.code) == (413, "BODY_TOO_LARGE")
    shorter = await studio.brings(url, FILM[:-1])
    assert (shorter.status, shorter.code) == (400, "FILE_INCOMPLETE")
    assert [one for one in folder.rglob("*") if one.is_file()] == []

    other = FILM[:-1] + b"!"
    assert (await studio.brings(url, other)).status == 204
    corrupt = await studio.completes(made)
    assert (corrupt.status, corrupt.code) == (409, "RECORDING_CORRUPT")
    assert [one for one in folder.rglob("*") if one.is_file()] == []
    assert (await studio.row(made))["status"] == "failed"
    for late in (await studio.completes(made), await studio.brings(url)):
        assert (late.status, late.code) == (409, "RECORDING_NOT_UPLOADING")

    # What came is measured, whoever let it in.
    made = await studio.announces()
    (folder / made["storage_path"]).write_bytes(b"short")
    assert (await studio.completes(made)).code == "RECORDING_CORRUPT"
    assert not (folder / made["storage_path"]).exists()


async def test_an_announcement_has_its_terms(world: World) -> None:
    studio = await open_studio(world)
    first = await studio.ada.post(studio.path, facts(), key="the-same")
    again = await studio.ada.post(studio.path, facts(), key="the-same")
    second = await studio.announces(file_format="webm")
    assert again.json == first.json
    assert second["storage_path"].endswith(f"{studio.booking['id']}-2.webm")

    await world.superuser.execute(
        "UPDATE app.bookings SET starts_at = app.now() + interval '1 hour',"
        " ends_at = app.now() + interval '2 hours' WHERE id = $1",
        studio.booking["id"],
    )
    early = await studio.ada.post(studio.path, facts())
    assert (early.status, early.code) == (409, "BOOKING_NOT_STARTED")
    absent = await studio.ada.post(f"/bookings/{studio.ada.id}/recordings", facts())
    assert (absent.status, absent.code) == (404, "BOOKING_NOT_FOUND")
    for person in (studio.anna, studio.sarah):
        assert (await person.post(studio.path, facts())).status == 403
    huge = await studio.ada.post(studio.path, facts(storage_size_bytes=5_368_709_121))
    assert huge.status == 422
    await world.superuser.execute(
        "UPDATE app.bookings SET starts_at = app.now() - interval '1 hour' WHERE id = $1",
        studio.booking["id"],
    )
    replies = [await studio.ada.post(studio.path, facts()) for _ in range(19)]
    assert [reply.status for reply in replies] == [201] * 18 + [409]
    assert replies[-1].code == "TOO_MANY_RECORDINGS"
