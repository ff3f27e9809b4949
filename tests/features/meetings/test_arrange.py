"""Meetings follow their bookings, exactly one for each, whatever gets lost on the way."""

import asyncio
from datetime import timedelta

import pytest

from consulta.features.meetings.flows import arrange
from consulta.kernel.actor import Actor
from tests.features.meetings.video_desk import LINK, MINE, VideoWorld
from tests.features.recurring.standing import created


async def _works(video: VideoWorld) -> int:
    """Another worker than the loop of this process does its round."""
    actor = Actor.system("meetings.arrange")
    return await arrange(video.world.app.state.studio, actor, limit=20)


@pytest.mark.parametrize("vendor", ["zoom", "teams", "meet"])
async def test_a_meeting_follows_its_booking_to_the_end(video: VideoWorld, vendor: str) -> None:
    sarah, anna = await video.specialist(), await video.world.client()
    await video.connects(sarah, vendor)
    booking = await video.confirmed(anna, sarah)
    path = f"/bookings/{booking['id']}"
    (made,) = video.standing()
    starts_at = sarah.at("mon 10:00")
    assert (made.vendor, made.starts_at) == (vendor, f"{starts_at:%Y-%m-%dT%H:%M:%SZ}")
    assert made.topic == f"Session {starts_at:%Y-%m-%d %H:%M} UTC"
    shown = (await anna.get(f"{path}/meeting")).json
    assert (shown["provider"], shown["status"]) == (vendor, "ready")
    assert await video.told("meeting.ready") == 1

    later = starts_at + timedelta(hours=3)
    moved = await anna.post(f"{path}/reschedule", {"starts_at": later.isoformat()})
    assert moved.status == 200, moved.json
    await video.settles()
    (now,) = video.standing()
    assert (now.id, now.starts_at) == (made.id, f"{later:%Y-%m-%dT%H:%M:%SZ}")
    assert await video.told("meeting.ready") == 1, "it is joined as before"

    assert (await anna.post(f"{path}/cancel", {"reason": "ill"})).status == 200
    await video.settles()
    assert video.standing() == []
    assert (await sarah.get(f"{path}/meeting")).json["status"] == "deleted"
    assert await video.world.rows("SELECT * FROM app.meeting_links") == []
    actions = await video.world.rows(
        "SELECT action FROM app.audit_logs WHERE subject_type = 'meeting' ORDER BY id"
    )
    assert [row["action"] for row in actions] == [
        "meeting.made",
        "meeting.moved",
        "meeting.removed",
    ]


@pytest.mark.parametrize("vendor", ["zoom", "teams", "meet"])
async def test_a_lost_answer_and_two_workers_leave_one_meeting(
    video: VideoWorld, vendor: str
) -> None:
    sarah, anna = await video.specialist(), await video.world.client()
    await video.connects(sarah, vendor)
    desk = video.fake.control
    path = r"/users/me/meetings$|/createOrGet$|/calendars/primary/events$"
    desk.drop_next(method="POST", path=path)
    booking = await video.confirmed(anna, sarah)
    assert len(video.standing()) == 1, "it happened at the vendor's"
    row = await video.meeting(booking)
    assert (row["state"], row["last_error"]) == ("wanted", "VIDEO_UNAVAILABLE")
    reply = await anna.get(f"/bookings/{booking['id']}/join")
    assert reply.code == "TOO_EARLY_TO_JOIN"

    await video.world.travel(minutes=1)
    counts = await asyncio.gather(*(_works(video) for _ in range(2)))
    assert sorted(counts) == [0, 1]
    (made,) = video.standing()
    assert (await video.meeting(booking))["external_id"] == made.id


async def test_whoever_comes_back_late_writes_nothing(video: VideoWorld) -> None:
    """The vendor's answer takes longer than the lease: another worker has found the meeting by
    then. (Without the fence, the late one would write over what was wanted since.)
    """
    sarah, anna = await video.specialist(), await video.world.client()
    await video.connects(sarah, "zoom")
    desk = video.fake.control
    desk.delay_next(0.5, phase="after", method="POST", path=r"/users/me/meetings$")
    booking = await anna.books(sarah, "mon 10:00")
    await video.world.work_off("outbox.deliver")
    slow = asyncio.create_task(video.world.work_off("meetings.arrange"))
    while not video.standing():
        await asyncio.sleep(0.01)
    await video.world.travel(minutes=3)
    assert await _works(video) == 1
    first = await video.meeting(booking)
    await slow
    assert await video.meeting(booking) == first
    assert (first["state"], first["fence"], len(video.standing())) == ("ready", 2, 1)


async def test_what_changes_during_a_call_is_not_lost(video: VideoWorld) -> None:
    sarah, anna = await video.specialist(), await video.world.client()
    await video.connects(sarah, "zoom")
    desk = video.fake.control
    desk.delay_next(0.3, phase="after", method="POST", path=r"/users/me/meetings$")
    booking = await anna.books(sarah, "mon 10:00")
    await video.world.work_off("outbox.deliver")
    calling = asyncio.create_task(video.world.work_off("meetings.arrange"))
    while not video.standing():
        await asyncio.sleep(0.01)
    assert (await anna.post(f"/bookings/{booking['id']}/cancel", {"reason": "ill"})).status == 200
    await video.world.work_off("outbox.deliver")
    await calling
    assert (await video.meeting(booking))["state"] == "deleting"
    assert await video.told("meeting.ready") == 0
    await video.settles()
    assert video.standing() == []


async def test_sessions_of_a_series_and_of_before_have_meetings_too(video: VideoWorld) -> None:
    world = video.world
    sarah = await world.specialist(open="sun-sat 09:00-17:00", auto_confirm=True, provider="manual")
    anna, ben = await world.client(), await world.client("Ben")
    await created(anna, sarah, payment_mode="manual")
    before = await ben.books(sarah, "mon 15:00")
    await sarah.post(f"/bookings/{before['id']}/confirm")
    await video.settles()
    assert await world.rows("SELECT * FROM app.meetings") == [], "there is no video yet"
    assert (await ben.get(f"/bookings/{before['id']}/meeting")).code == "MEETING_NOT_FOUND"
    await video.connects(sarah, "zoom")
    confirmed = await world.value("SELECT count(*) FROM app.bookings WHERE status = 'confirmed'")
    assert confirmed >= 1
    assert len(video.standing()) == confirmed


async def test_a_link_that_stays_is_there_at_once_and_follows_its_owner(video: VideoWorld) -> None:
    sarah, anna = await video.specialist(), await video.world.client()
    await video.links(sarah, passcode="tea")
    booking = await video.confirmed(anna, sarah)
    assert (await video.meeting(booking))["state"] == "ready"
    await video.links(sarah, "https://zoom.us/j/999")
    await video.world.stop_clock(sarah.at("mon 10:00"))
    joined = await anna.get(f"/bookings/{booking['id']}/join")
    assert joined.json["join_url"] == "https://zoom.us/j/999"
    assert joined.json["passcode"] is None
    assert video.fake.control.requests == []
    assert LINK not in str(joined.json)


async def test_meetings_stay_where_they_were_made(video: VideoWorld) -> None:
    sarah, anna = await video.specialist(), await video.world.client()
    await video.connects(sarah, "zoom")
    at_zoom = await video.confirmed(anna, sarah, "mon 10:00")
    await video.connects(sarah, "teams")
    at_teams = await video.confirmed(anna, sarah, "mon 11:00")
    assert (await sarah.delete(MINE)).status == 204
    nowhere = await video.confirmed(anna, sarah, "mon 12:00")
    assert [one.vendor for one in video.standing()] == ["zoom", "teams"]
    assert (await anna.get(f"/bookings/{nowhere['id']}/meeting")).code == "MEETING_NOT_FOUND"
    for booking in (at_zoom, at_teams):
        await anna.post(f"/bookings/{booking['id']}/cancel", {"reason": "ill"})
    await video.settles()
    assert video.standing() == []


async def test_a_meeting_that_somebody_ended_is_made_anew(video: VideoWorld) -> None:
    sarah, anna = await video.specialist(), await video.world.client()
    await video.connects(sarah, "meet")
    booking = await video.confirmed(anna, sarah)
    (first,) = video.standing()
    video.fake.control.google.meetings[first.id]["status"] = "cancelled"
    later = sarah.at("mon 10:00") + timedelta(hours=1)
    await anna.post(f"/bookings/{booking['id']}/reschedule", {"starts_at": later.isoformat()})
    await video.settles()
    await video.settles()
    (second,) = video.standing()
    assert second.id != first.id
    assert await video.told("meeting.ready") == 2


async def test_a_revoked_grant_is_told_once_and_heals_with_the_connection(
    video: VideoWorld,
) -> None:
    sarah, anna = await video.specialist(), await video.world.client()
    await video.connects(sarah, "meet")
    google = video.fake.control.google
    google.is_granted = False
    google.withdraw_tokens()
    booking = await video.confirmed(anna, sarah, "mon 10:00")
    await video.confirmed(anna, sarah, "mon 11:00")
    await video.settles()
    config = (await sarah.get(MINE)).json
    assert (config["state"], config["last_error"]) == ("broken", "ACCESS_REVOKED")
    assert await video.told("video.connection_broken") == 1
    path = f"/bookings/{booking['id']}/meeting"
    assert (await sarah.get(path)).json["last_error"] == "VIDEO_CONNECTION_BROKEN"
    assert (await anna.get(path)).json["last_error"] is None
    asked = len(video.fake.control.requests)
    await video.world.travel(hours=2)
    await video.settles()
    assert len(video.fake.control.requests) == asked, "nobody tries again by himself"
    assert (await sarah.post(f"{path}/retry")).code == "VIDEO_CONNECTION_BROKEN"

    google.is_granted, google.refresh_token = True, "google-refresh-token-of-now"
    await video.connects(sarah, "meet", refresh_token="google-refresh-token-of-now")
    assert len(video.standing()) == 2
    assert (await sarah.get(MINE)).json["state"] == "connected"


async def test_attempts_are_bounded_and_a_person_may_ask_for_more(video: VideoWorld) -> None:
    sarah, anna = await video.specialist(), await video.world.client()
    omar, ada = await video.specialist("Dr. Omar"), await video.world.admin()
    await video.connects(sarah, "zoom")
    desk = video.fake.control
    desk.fail_next(status=429, headers={"Retry-After": "1800"})
    booking = await video.confirmed(anna, sarah)
    path = f"/bookings/{booking['id']}/meeting"
    row = await video.meeting(booking)
    wait = row["next_attempt_at"] - row["updated_at"]
    assert wait >= timedelta(seconds=1800), "the vendor gets the pause that it asked for"
    assert (await sarah.post(f"{path}/retry")).code == "MEETING_NOT_FAILED"

    # The circuit rests on the real clock; what is due is not counted while it does.
    await video.world.travel(hours=1)
    await video.settles()
    assert (await video.meeting(booking))["attempts"] == row["attempts"]
    await video.connects(sarah, "zoom", client_secret="not-the-secret-of-hers")
    assert (await sarah.get(path)).json["status"] == "failed"
    await video.connects(sarah, "zoom")
    assert len(video.standing()) == 1, "new secrets are a new connection"

    ben = await video.world.client("Ben")
    second = await ben.books(sarah, "mon 11:00")
    await video.world.work_off("outbox.deliver")
    await video.world.superuser.execute(
        "UPDATE app.meetings SET attempts = 11 WHERE booking_id = $1", second["id"]
    )
    desk.fail_next(status=500)
    await video.settles()
    path = f"/bookings/{second['id']}/meeting"
    assert (await ada.get(path)).json["status"] == "failed"
    assert await video.told("meeting.failed") == 2
    for stranger, code in (
        (omar, "MEETING_NOT_FOUND"),
        (ben, "FORBIDDEN"),
        (video.world.anonymous, "UNAUTHORIZED"),
    ):
        assert (await stranger.post(f"{path}/retry")).code == code
    assert (await ada.post(f"{path}/retry")).status == 200
    await video.settles()
    assert (await sarah.get(path)).json["status"] == "ready"


async def test_a_session_that_is_over_needs_no_meeting(video: VideoWorld) -> None:
    sarah, anna = await video.specialist(), await video.world.client()
    await video.connects(sarah, "zoom")
    booking = await anna.books(sarah, "mon 10:00")
    await video.world.work_off("outbox.deliver")
    await video.world.stop_clock(sarah.at("mon 10:00") + timedelta(hours=1))
    await video.settles()
    row = await video.meeting(booking)
    assert (row["state"], row["last_error"]) == ("failed", "SESSION_OVER")
    assert video.fake.control.requests == []
    assert (await anna.get(f"/bookings/{booking['id']}/join")).code == "SESSION_OVER"
