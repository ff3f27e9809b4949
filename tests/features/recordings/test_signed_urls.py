"""Signed URLs: changed path, method, expiry or person is 403; other people's ids are 404; and who
was revoked gets no new one.
"""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
import pytest

from consulta.vendors import file_links_of
from tests.features.recordings.studio import FILM, Studio, open_studio, sent
from tests.world import Person, World

INVALID = (403, "FILE_LINK_INVALID")
OTHER_METHOD = {"GET": "PUT", "PUT": "GET"}
MARK_BYTES = 16
Words = list[Any]


def changed(url: str, change: Callable[[Words], Words]) -> str:
    """The same mark over other words: what somebody could write who does not have our key."""
    root, _, token = url.rpartition("/")
    signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    words = orjson.dumps(change(orjson.loads(signed[MARK_BYTES:])))
    forged = base64.urlsafe_b64encode(signed[:MARK_BYTES] + words).rstrip(b"=").decode()
    return f"{root}/{forged}"


@pytest.fixture
async def studio(world: World) -> Studio:
    return await open_studio(world)


async def test_nothing_of_a_link_can_be_changed(studio: Studio) -> None:
    world, http = studio.world, studio.world.http
    recording = await studio.keeps()
    ben = await world.client("Ben")
    url = (await studio.link(studio.anna, recording)).json["url"]
    waiting = await studio.announces()
    upload = waiting["upload"]["url"]
    assert (await sent(http, "GET", changed(url, lambda words: words))).status == 200

    other = recording["id"]
    changes: dict[str, Callable[[Words], Words]] = {
        "path": lambda words: [words[0], "sessions/2026-01/other.mp4", *words[2:]],
        "method": lambda words: [OTHER_METHOD[words[0]], *words[1:]],
        "person": lambda words: [*words[:2], str(ben.id), *words[3:]],
        "expiry": lambda words: [*words[:3], words[3] + 1, *words[4:]],
        "size": lambda words: [*words[:4], words[4] + 1, *words[5:]],
        "name": lambda words: [*words[:5], "virus.exe"],
    }
    for name, change in changes.items():
        for method, address in (("GET", url), ("PUT", upload)):
            reply = await sent(http, method, changed(address, change), content=b"x")
            assert (reply.status, reply.code) == INVALID, (name, method)
    # The other method, other letters of the same bytes, and words that are not ours.
    for method, address in (("PUT", url), ("GET", upload)):
        reply = await sent(http, method, address, content=b"x" if method == "PUT" else None)
        assert (reply.status, reply.code) == INVALID
    for ending in ("A", "-", other.replace("-", "")):
        reply = await sent(http, "GET", url + ending)
        assert (reply.status, reply.code) == INVALID
    nudged = url[:-1] + chr(ord(url[-1]) + 1)
    assert (await sent(http, "GET", nudged)).code == "FILE_LINK_INVALID"


async def test_a_link_is_for_one_person_and_one_day(studio: Studio) -> None:
    world, http = studio.world, studio.world.http
    recording = await studio.keeps()
    link = (await studio.link(studio.anna, recording)).json
    ben = await world.client("Ben")

    def shown_by(person: Person) -> dict[str, str]:
        return {"Authorization": f"Bearer {person.token}"}

    for other in (ben, studio.sarah, studio.ada):
        reply = await sent(http, "GET", link["url"], headers=shown_by(other))
        assert (reply.status, reply.code) == INVALID
    own = await sent(http, "GET", link["url"], headers=shown_by(studio.anna))
    assert (own.status, own.content) == (200, FILM)

    now = await world.value("SELECT app.now()")
    lasts = datetime.fromisoformat(link["expires_at"]) - now
    assert 23.9 < lasts.total_seconds() / 3600 <= 24
    await world.travel(hours=24)
    late = await sent(http, "GET", link["url"])
    assert (late.status, late.code) == (403, "FILE_LINK_EXPIRED")
    waiting = await studio.announces()
    await world.travel(hours=1, seconds=1)
    late = await studio.brings(waiting["upload"]["url"])
    assert (late.status, late.code) == (403, "FILE_LINK_EXPIRED")


async def test_recordings_of_others_are_absent(studio: Studio) -> None:
    world = studio.world
    recording = await studio.keeps()
    ben, omar = await world.client("Ben"), await world.specialist("Dr. Omar")
    own = await ben.books(omar, "tue 10:00")

    for stranger in (ben, omar):
        assert (await stranger.get(studio.path)).status == 404
        reply = await studio.link(stranger, recording)
        assert (reply.status, reply.code) == (404, "RECORDING_NOT_FOUND")
        # Not by way of a booking of one's own either.
        reply = await stranger.post(
            f"/bookings/{own['id']}/recordings/{recording['id']}/download-link"
        )
        assert (reply.status, reply.code) == (404, "RECORDING_NOT_FOUND")
    assert (await studio.link(studio.ada, recording)).status == 403
    wrong = await studio.ada.delete(f"/bookings/{own['id']}/recordings/{recording['id']}")
    assert (wrong.status, wrong.code) == (404, "RECORDING_NOT_FOUND")


async def test_who_was_revoked_gets_no_new_link_and_the_old_one_dies(studio: Studio) -> None:
    world, http = studio.world, studio.world.http
    recording = await studio.keeps()
    url = (await studio.link(studio.anna, recording)).json["url"]
    hers = (await studio.link(studio.sarah, recording)).json["url"]
    upload = (await studio.announces())["upload"]["url"]

    await world.superuser.execute(
        "UPDATE app.users SET is_active = false WHERE id = ANY ($1)",
        [studio.anna.id, studio.ada.id],
    )
    world.app.state.identities.clear()
    assert (await studio.link(studio.anna, recording)).status == 401
    for reply in (await sent(http, "GET", url), await studio.brings(upload)):
        assert (reply.status, reply.code) == INVALID
    assert (await sent(http, "GET", hers)).status == 200

    ada = await world.admin("Ada the second")
    gone = await ada.delete(f"{studio.path}/{recording['id']}")
    assert gone.status == 204
    for reply in (await sent(http, "GET", hers), await studio.link(studio.sarah, recording)):
        assert (reply.status, reply.code) == (410, "RECORDING_DELETED")


async def test_a_link_of_ours_to_nothing_finds_nothing(studio: Studio) -> None:
    """Not even our own key opens what is no recording."""
    links = file_links_of(studio.world.app.state.settings)
    recording = await studio.keeps()
    url = (await studio.link(studio.anna, recording)).json["url"]
    link = links.read(url.rpartition("/")[2], method="GET")
    path = studio.world.app.state.shelf.own.path_of(link.key)
    path.unlink()
    gone = await sent(studio.world.http, "GET", url)
    assert (gone.status, gone.code) == (404, "RECORDING_NOT_FOUND")
    elsewhere = type(link)("GET", "a/b.mp4", link.person, link.expires_at, 0, "b.mp4")
    reply = await sent(studio.world.http, "GET", links.address(elsewhere))
    assert (reply.status, reply.code) == (404, "RECORDING_NOT_FOUND")
