"""Settings come in, and their secrets never go out; a connection is asked and mended."""

import asyncio
from typing import Any

import pytest

from consulta.features.video_configs.schemas import VideoConfigPut
from tests.features.meetings.video_desk import APPS, LINK, MINE, VideoWorld

SECRETS = [
    LINK,
    "open-sesame-12",
    *(
        app[name]
        for app in APPS.values()
        for name in ("client_secret", "refresh_token")
        if name in app
    ),
]


async def test_what_goes_in_never_comes_out(
    video: VideoWorld, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world = video.world
    sarah, anna, ada = await video.specialist(), await world.client(), await world.admin()
    assert (await sarah.get(MINE)).code == "VIDEO_CONFIG_NOT_FOUND"
    assert (await sarah.delete(MINE)).code == "VIDEO_CONFIG_NOT_FOUND"
    assert (await sarah.post(f"{MINE}/check")).code == "VIDEO_CONFIG_NOT_FOUND"
    assert {(await one.get(MINE)).status for one in (anna, ada)} == {403}

    answers: list[Any] = [await video.links(sarah, passcode="open-sesame-12")]
    answers += [await video.connects(sarah, vendor) for vendor in APPS]
    zoom = answers[1]
    assert zoom["hints"]["client_secret"] == "hers"
    assert (zoom["account"], zoom["host"], zoom["recording"]) == ("zoom-account", "me", "cloud")
    again = await video.connects(sarah, "zoom", waiting_room=False, tenant_id="", host="")
    assert (again["id"], again["waiting_room"]) == (zoom["id"], False)
    assert (await sarah.get(MINE)).json == again
    odd = await sarah.put(
        MINE, {"provider": "zoom", "mode": "api", **APPS["zoom"], "link": LINK, "x": LINK}
    )
    assert odd.status == 422
    answers += [again, odd.json]

    trail = await world.rows("SELECT a::text AS line FROM app.audit_logs a")
    trail += await world.rows("SELECT o::text AS line FROM app.outbox o")
    out = capfd.readouterr()
    told = [str(answers), out.out, out.err, caplog.text, *(row["line"] for row in trail)]
    assert any("video_config.saved" in line for line in told)
    for secret in SECRETS:
        assert not [line for line in told if secret in line], secret


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "custom", "mode": "api"},
        {"provider": "zoom", "mode": "static"},
        {"provider": "zoom", "mode": "static", "link": "http://zoom.us/j/1"},
        {"provider": "zoom", "mode": "static", "link": "https://u@zoom.us/j/1"},
        {"provider": "zoom", "mode": "static", "link": LINK, "recording": "cloud"},
        {"provider": "zoom", "mode": "static", "link": LINK, "client_id": "x"},
        {"provider": "zoom", "mode": "api", **APPS["zoom"], "refresh_token": "some-token"},
        {"provider": "teams", "mode": "api", **APPS["teams"], "host": "sarah@example.org"},
        {"provider": "meet", "mode": "api", **APPS["meet"], "recording": "cloud"},
        {"provider": "meet", "mode": "api", "client_id": "x"},
        {"provider": "zoom", "mode": "static", "link": LINK, "passcode": "new\nline"},
        {"provider": "zoom", "mode": "api", **APPS["zoom"], "client_secret": "with a space"},
    ],
)
async def test_what_cannot_work_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="VideoConfigPut") as refused:
        VideoConfigPut.model_validate(body)
    assert LINK not in str(refused.value)


async def test_a_connection_is_asked_and_its_state_is_what_it_said(video: VideoWorld) -> None:
    sarah, anna = await video.specialist(), await video.world.client()
    await video.connects(sarah, "teams")
    desk = video.fake.control
    assert (await sarah.post(f"{MINE}/check")).json["state"] == "connected"
    desk.teams.may_manage = False
    await video.confirmed(anna, sarah)
    broken = (await sarah.get(MINE)).json
    assert (broken["state"], broken["last_error"]) == ("broken", "PERMISSION_MISSING")
    assert (await sarah.post(f"{MINE}/check")).json["state"] == "broken"
    assert await video.told("video.connection_broken") == 1

    desk.teams.may_manage = True
    mended = (await sarah.post(f"{MINE}/check")).json
    assert (mended["state"], mended["last_error"]) == ("connected", None)
    await video.settles()
    assert len(video.standing()) == 1, "what failed meanwhile was tried again"
    desk.fail_next(status=503)
    assert (await sarah.post(f"{MINE}/check")).code == "VIDEO_UNAVAILABLE"


async def test_a_new_refresh_token_takes_the_place_of_the_old(video: VideoWorld) -> None:
    sarah, anna = await video.specialist(), await video.world.client()
    await video.connects(sarah, "meet")
    google = video.fake.control.google
    google.following_refresh_token = "google-refresh-token-the-next"
    await video.confirmed(anna, sarah, "mon 10:00")
    google.withdraw_tokens()
    await video.confirmed(anna, sarah, "mon 11:00")
    assert len(video.standing()) == 2
    assert (await sarah.get(MINE)).json["state"] == "connected"


async def test_two_changes_at_once_leave_one_config(video: VideoWorld) -> None:
    sarah = await video.specialist()
    bodies = [{"provider": "zoom", "mode": "static", "link": f"{LINK}{n}"} for n in range(4)]
    bodies += [{"provider": name, "mode": "api", **app} for name, app in APPS.items()]
    replies = await asyncio.gather(*(sarah.put(MINE, body) for body in bodies))
    assert {reply.status for reply in replies} == {200}
    active = await video.world.rows("SELECT * FROM app.video_configs WHERE is_active")
    assert len(active) == 1
    assert (await sarah.get(MINE)).json["id"] == str(active[0]["id"])
