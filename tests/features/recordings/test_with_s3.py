"""The same story where recordings are kept in a bucket: a real S3 server on this machine."""

from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import TestDatabase
from tests.features.recordings.studio import FILM, open_studio
from tests.receivers.object_store import ObjectStore, running_object_store
from tests.settings import settings_for
from tests.world import running_world


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    with running_object_store() as running:
        yield running


async def test_a_bucket_keeps_and_gives_and_forgets(
    database: TestDatabase, store: ObjectStore
) -> None:
    settings = settings_for(database, storage=store.settings())
    async with running_world(database, settings) as world, httpx.AsyncClient() as outside:
        studio = await open_studio(world)
        made = await studio.announces()
        url = made["upload"]["url"]
        assert url.startswith(f"{store.endpoint}/meeting-recordings/sessions/")
        assert (await studio.completes(made)).code == "RECORDING_NOT_UPLOADED"
        assert (await outside.put(url, content=FILM)).status_code == 200
        assert (await studio.completes(made)).json["status"] == "ready"

        link = (await studio.link(studio.anna, made)).json
        assert (await outside.get(link["url"])).content == FILM
        assert (await outside.get(link["url"].partition("?")[0])).status_code == 403

        other = await studio.announces()
        assert (await outside.put(other["upload"]["url"], content=FILM[::-1])).status_code == 200
        assert (await studio.completes(other)).code == "RECORDING_CORRUPT"
        assert other["storage_path"] not in store.object_names()
        assert made["storage_path"] in store.object_names()

        # Links of our own lead nowhere here.
        token = await studio.anna.get("/files/anything")
        assert (token.status, token.code) == (403, "FILE_LINK_INVALID")
        gone = await studio.ada.delete(f"{studio.path}/{made['id']}")
        assert (gone.status, made["storage_path"] in store.object_names()) == (204, False)


async def test_a_bucket_that_is_away_is_tried_again(
    database: TestDatabase, store: ObjectStore
) -> None:
    away = store.settings(endpoint="http://127.0.0.1:9", timeout_seconds=0.2)
    settings = settings_for(database, storage=away)
    async with running_world(database, settings) as world:
        studio = await open_studio(world)
        made = await studio.announces()
        tried = await studio.completes(made)
        assert (tried.status, tried.code) == (503, "STORAGE_UNAVAILABLE")
        assert (await studio.ada.delete(f"{studio.path}/{made['id']}")).status == 204
        await world.travel(hours=3)
        rung = await world.cron("purge-recordings")
        assert (rung.json["done_count"], rung.json["failed_count"]) == (0, 1)
        assert (await studio.row(made))["object_deleted_at"] is None
