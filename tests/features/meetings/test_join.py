"""Who is let in when, and that it is on record; a link opens in its own row alone."""

from datetime import datetime, timedelta

from tests.features.meetings.video_desk import LINK, VideoWorld


async def test_the_parties_are_let_in_when_it_is_time(video: VideoWorld) -> None:
    world = video.world
    sarah, anna, ben = await video.specialist(), await world.client(), await world.client("Ben")
    omar, ada = await video.specialist("Dr. Omar"), await world.admin()
    await video.connects(sarah, "zoom")
    booking = await video.confirmed(anna, sarah)
    path = f"/bookings/{booking['id']}/join"
    starts_at = sarah.at("mon 10:00")

    early = await anna.get(path)
    assert (early.status, early.code) == (409, "TOO_EARLY_TO_JOIN")
    assert datetime.fromisoformat(early.json["opens_at"]) == starts_at - timedelta(minutes=15)

    await world.stop_clock(starts_at - timedelta(minutes=15))
    links = [(await somebody.get(path)).json for somebody in (anna, sarah)]
    assert links[0] == links[1]
    assert links[0]["join_url"].startswith("https://us02web.zoom.us/j/")
    assert links[0]["passcode"]
    assert links[0]["provider"] == "zoom"
    for stranger, refusal in (
        (ben, (404, "BOOKING_NOT_FOUND")),
        (omar, (404, "BOOKING_NOT_FOUND")),
        (ada, (403, "FORBIDDEN")),
        (world.anonymous, (401, "UNAUTHORIZED")),
    ):
        reply = await stranger.get(path)
        assert (reply.status, reply.code) == refusal
    handed = await world.rows(
        "SELECT actor_id, subject_type, new_values FROM app.audit_logs"
        " WHERE action = 'meeting.joined' ORDER BY id"
    )
    assert [row["actor_id"] for row in handed] == [anna.id, sarah.id]
    assert links[0]["join_url"] not in str(handed)

    await world.stop_clock(starts_at + timedelta(minutes=45, seconds=1))
    assert (await sarah.get(path)).code == "SESSION_OVER"
    seen = (await anna.get(f"/bookings/{booking['id']}")).json
    assert links[0]["join_url"] not in str(seen)


async def test_a_link_opens_in_no_other_row_and_lies_nowhere_in_the_clear(
    video: VideoWorld,
) -> None:
    world = video.world
    sarah, anna, ben = await video.specialist(), await world.client(), await world.client("Ben")
    await video.links(sarah, passcode="open-sesame")
    of_anna = await video.confirmed(anna, sarah, "mon 10:00")
    of_ben = await video.confirmed(ben, sarah, "mon 10:30")
    tables = await world.rows(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'app' ORDER BY tablename"
    )
    lines = [
        row["line"]
        for table in tables
        for row in await world.rows(f"SELECT t::text AS line FROM app.{table['tablename']} t")
    ]
    dump = "\n".join(lines)
    assert of_anna["id"] in dump
    for secret in (LINK, "the-secret-of-the-room", "open-sesame"):
        assert secret not in dump
        assert secret.encode().hex() not in dump

    await world.superuser.execute(
        "UPDATE app.meeting_links t SET wrapped_key = f.wrapped_key, sealed = f.sealed"
        " FROM app.meeting_links f WHERE t.client_id = $1 AND f.client_id = $2",
        anna.id,
        ben.id,
    )
    await world.stop_clock(sarah.at("mon 10:20"))
    moved = await anna.get(f"/bookings/{of_anna['id']}/join")
    assert (moved.status, moved.code) == (503, "UNREADABLE")
    assert (await ben.get(f"/bookings/{of_ben['id']}/join")).json["join_url"] == LINK


_LINKS = """
SELECT m.booking_id::text FROM app.meetings m JOIN app.meeting_links l ON l.meeting_id = m.id
WHERE m.state = 'ready'
"""


async def test_a_link_of_the_past_is_forgotten_and_its_meeting_is_not(video: VideoWorld) -> None:
    world = video.world
    sarah, anna = await video.specialist(), await world.client()
    await video.links(sarah)
    first, second = [await video.confirmed(anna, sarah, f"mon {at}") for at in ("10:00", "10:30")]
    kept_until = datetime.fromisoformat(first["ends_at"]) + timedelta(days=30)
    left = []
    for moment in (kept_until, kept_until + timedelta(seconds=1)):
        await world.stop_clock(moment)
        await world.work_off("meetings.forget_links")
        left.append({row["booking_id"] for row in await world.rows(_LINKS)})

    assert left == [{first["id"], second["id"]}, {second["id"]}]
    assert (await video.meeting(first))["state"] == "ready"
    assert (await anna.get(f"/bookings/{first['id']}/join")).code == "SESSION_OVER"


async def test_meetings_of_the_past_do_not_keep_anybody_from_being_erased(
    video: VideoWorld,
) -> None:
    world = video.world
    sarah, anna = await video.specialist(), await world.client()
    await video.connects(sarah, "zoom")
    held = await video.confirmed(anna, sarah, "mon 10:00")
    called_off = await video.confirmed(anna, sarah, "mon 10:30")
    await world.stop_clock(datetime.fromisoformat(held["ends_at"]) - timedelta(minutes=10))
    assert (await sarah.post(f"/bookings/{called_off['id']}/cancel")).status == 200
    await world.stop_clock(datetime.fromisoformat(held["ends_at"]) + timedelta(hours=1))
    own = {"email": await world.value("SELECT email FROM app.users WHERE id = $1", sarah.id)}
    await world.work_off("outbox.deliver")
    waiting = await sarah.delete("/me", json=own)
    assert (waiting.status, waiting.json["blocking"]) == (409, {"meetings_to_end": 1})

    await video.settles()

    assert (await sarah.delete("/me", json=own)).status == 200
