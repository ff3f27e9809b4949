"""One contract for the adapters of all video vendors, each at its fake."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from consulta.providers.video.keys import StaticLink
from consulta.providers.video.port import (
    CircuitOpen,
    ConnectionBroken,
    RoomGone,
    VideoUnavailable,
)
from consulta.providers.video.static import StaticProvider
from tests.fakes.video import running_fake_video
from tests.providers.video.benches import KEY, KEYS, Bench, wish


@pytest.fixture(params=["zoom", "teams", "meet"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with running_fake_video() as (fake, base_url):
        yield Bench(request.param, fake, base_url)


async def test_a_meeting_is_made_moved_and_removed(bench: Bench) -> None:
    adapter = bench.adapter()
    await adapter.check()
    room = await adapter.create(wish())
    (seen,) = bench.fake.control.standing()
    assert (seen.id, seen.key) == (room.external_id, KEY)
    assert seen.starts_at == "2026-12-01T10:00:00Z"
    assert seen.topic == "Session 2026-12-01 10:00 UTC"
    assert room.join_url.startswith("https://")
    assert room.join_url not in repr(room)
    assert "start_url" not in repr(room)

    await adapter.move(room.external_id, wish(hours=2))
    (seen,) = bench.fake.control.standing()
    assert seen.starts_at == "2026-12-01T12:00:00Z"

    await adapter.remove(room.external_id, wish())
    await adapter.remove(room.external_id, wish())
    assert bench.fake.control.standing() == []
    with pytest.raises(RoomGone):
        await adapter.move(room.external_id, wish())
    await adapter.close()


async def test_a_lost_answer_leaves_one_meeting_at_the_wished_time(bench: Bench) -> None:
    # Others stand there, so that whoever looks has to look at several pages.
    crowd = bench.adapter()
    for number in range(3):
        await crowd.create(wish(key=f"c{number}" + "0" * 30, hours=number))
    bench.lose_creation()
    with pytest.raises(VideoUnavailable):
        await crowd.create(wish())
    await crowd.close()

    other = bench.adapter()
    room = await other.create(wish(hours=5, may_exist=True))
    again = await other.create(wish(hours=5, may_exist=True))
    assert again == room
    ours = [one for one in bench.fake.control.standing() if one.key == KEY]
    assert [(one.id, one.starts_at) for one in ours] == [(room.external_id, "2026-12-01T15:00:00Z")]
    await other.remove(None, wish(may_exist=True))
    assert [one for one in bench.fake.control.standing() if one.key == KEY] == []
    await other.close()


async def test_a_token_is_shared_kept_and_renewed(bench: Bench) -> None:
    adapter = bench.adapter()
    keys = [f"c{number}" + "0" * 30 for number in range(5)]
    await asyncio.gather(*(adapter.create(wish(key=key)) for key in keys))
    assert bench.tokens_asked() == 1
    bench.office.withdraw_tokens()
    await adapter.create(wish())
    assert bench.tokens_asked() == 2
    await adapter.close()


async def test_a_pause_that_the_vendor_asks_for_is_kept(bench: Bench) -> None:
    adapter = bench.adapter()
    await adapter.check()
    bench.fake.control.fail_next(status=429, headers={"Retry-After": "40"})
    with pytest.raises(VideoUnavailable) as slower:
        await adapter.create(wish())
    assert slower.value.wait_seconds == 40
    asked = len(bench.fake.control.requests)
    with pytest.raises(CircuitOpen) as open_:
        await adapter.create(wish())
    assert 30 < open_.value.wait_seconds <= 40
    assert len(bench.fake.control.requests) == asked, "nothing was sent"
    assert bench.fake.control.standing() == []
    await adapter.close()


async def test_a_vendor_in_trouble_is_left_alone(bench: Bench) -> None:
    adapter = bench.adapter()
    bench.fake.control.fail_next(20, status=503)
    failures: list[type[Exception]] = []
    for _ in range(7):
        with pytest.raises(VideoUnavailable) as failed:
            await adapter.create(wish())
        failures.append(type(failed.value))
    assert failures == [VideoUnavailable] * 5 + [CircuitOpen] * 2
    await adapter.close()


@pytest.mark.parametrize("trouble", ["secret", "permission", "host"])
async def test_a_closed_door_is_told_from_trouble(bench: Bench, trouble: str) -> None:
    keys: Any = KEYS[bench.vendor]
    if trouble == "secret":
        keys = replace(keys, client_secret="another-secret")
    elif trouble == "host":
        keys = replace(keys, host="11111111-2222-3333-4444-555555555555")
    else:
        bench.office.may_manage = False
    adapter = bench.adapter(keys)
    expected = {
        "secret": "INVALID_CREDENTIALS",
        "permission": "PERMISSION_MISSING",
        "host": "HOST_UNKNOWN",
    }[trouble]
    with pytest.raises(ConnectionBroken) as broken:
        await adapter.create(wish())
    assert broken.value.reason == expected
    if (bench.vendor, trouble) != ("teams", "host"):  # Graph words both absences alike.
        with pytest.raises(ConnectionBroken) as broken:
            await adapter.check()
        assert broken.value.reason == expected
    assert bench.fake.control.standing() == []
    await adapter.close()


@pytest.mark.parametrize("odd", ["redirect", "drip", "html"])
async def test_odd_answers_are_no_answers(odd: str) -> None:
    async with running_fake_video() as (fake, base_url):
        bench = Bench("zoom", fake, base_url, timeout_seconds=0.2)
        adapter = bench.adapter()
        if odd == "redirect":
            fake.control.fail_next(status=302, headers={"Location": f"{base_url}/elsewhere"})
        elif odd == "drip":
            fake.control.delay_next(0.4)
        else:
            fake.control.drop_next(phase="before")
        with pytest.raises(VideoUnavailable):
            await adapter.check()
        assert not fake.control.asked("GET", "elsewhere")
        await adapter.close()


async def test_zoom_keeps_one_of_two_that_a_slow_attempt_made() -> None:
    async with running_fake_video() as (fake, base_url):
        adapter = Bench("zoom", fake, base_url).adapter()
        first = await adapter.create(wish())
        await adapter.create(wish())
        assert len(fake.control.standing()) == 2
        room = await adapter.create(wish(may_exist=True))
        assert room == first
        assert [one.id for one in fake.control.standing()] == [first.external_id]
        await adapter.close()


@pytest.mark.parametrize(
    ("waiting", "recording", "lobby", "records"),
    [(True, "cloud", "organizer", True), (False, "none", "everyone", False)],
)
async def test_waiting_rooms_and_recordings_are_asked_for(
    waiting: bool, recording: str, lobby: str, records: bool
) -> None:
    async with running_fake_video() as (fake, base_url):
        for vendor in ("zoom", "teams"):
            adapter = Bench(vendor, fake, base_url).adapter()
            await adapter.create(wish(waiting_room=waiting, recording=recording))
            await adapter.close()
        (zoom,) = fake.control.zoom.meetings.values()
        assert zoom["settings"]["waiting_room"] is waiting
        assert zoom["settings"]["join_before_host"] is not waiting
        assert zoom["settings"]["auto_recording"] == recording
        (teams,) = fake.control.teams.meetings.values()
        assert teams["lobbyBypassSettings"]["scope"] == lobby
        assert teams["recordAutomatically"] is records


async def test_google_meet_takes_its_time_and_its_ids_never_come_back() -> None:
    async with running_fake_video() as (fake, base_url):
        bench = Bench("meet", fake, base_url)
        google = fake.control.google
        google.looks_until_ready = 2
        adapter = bench.adapter()
        with pytest.raises(VideoUnavailable):
            await adapter.create(wish())
        room = await adapter.create(wish(may_exist=True))
        assert room.external_id == KEY

        google.meetings[KEY]["status"] = "cancelled"
        with pytest.raises(RoomGone):
            await adapter.create(wish(may_exist=True))
        google.is_slow_down = True
        with pytest.raises(VideoUnavailable):
            await adapter.check()
        google.is_slow_down = False

        google.following_refresh_token = "google-refresh-token-the-next"
        google.withdraw_tokens()
        await adapter.check()
        google.withdraw_tokens()
        await adapter.check()
        assert bench.renewed == ["google-refresh-token-the-next"]

        google.is_granted = False
        google.withdraw_tokens()
        with pytest.raises(ConnectionBroken) as broken:
            await adapter.check()
        assert broken.value.reason == "ACCESS_REVOKED"
        await adapter.close()


async def test_a_link_that_stays_calls_nobody() -> None:
    adapter = StaticProvider(StaticLink("https://zoom.us/j/1", "tea"))
    await adapter.check()
    room = await adapter.create(wish())
    assert (room.join_url, room.passcode) == ("https://zoom.us/j/1", "tea")
    assert await adapter.move(room.external_id, wish(hours=1)) == room
    await adapter.remove(room.external_id, wish())
    await adapter.close()
