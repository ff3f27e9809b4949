"""A booking in the own calendar program: with whom and when, and never what about."""

from datetime import UTC, timedelta

from tests.features.bookings.stages import Stage, booked, confirmed
from tests.platform.calendar_reader import read_calendar
from tests.world import Person, Reply, World


async def file_of(stage: Stage, reader: Person, **more: object) -> Reply:
    return await reader.get(f"/bookings/{stage.id}/calendar.ics", **more)


async def event_of(stage: Stage, reader: Person) -> dict[str, str]:
    reply = await file_of(stage, reader)
    assert reply.status == 200, reply.json
    return read_calendar(reply.content)


async def test_each_party_reads_the_other_ones_name(world: World) -> None:
    stage = await booked(world)
    assert (await event_of(stage, stage.anna))["SUMMARY"] == "Appointment with Dr. Sarah"
    assert (await event_of(stage, stage.sarah))["SUMMARY"] == "Appointment with Anna"
    admin = await event_of(stage, await world.admin())
    assert admin["SUMMARY"] == "Appointment with Dr. Sarah and Anna"


async def test_it_says_when_and_nothing_of_what_about(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    booking = await anna.books(sarah, "mon 10:00", note="My knee hurts.", kind="followup")
    stage = Stage(world, sarah, anna, booking["id"], sarah.at("mon 10:00"))
    reply = await file_of(stage, anna)
    event = read_calendar(reply.content)
    begins = stage.starts_at.astimezone(UTC)
    assert event["DTSTART"] == f"{begins:%Y%m%dT%H%M%SZ}"
    assert event["DTEND"] == f"{begins + timedelta(minutes=30):%Y%m%dT%H%M%SZ}"
    assert event["UID"] == f"{stage.id}@127.0.0.1"
    for word in (b"knee", b"followup", b"USD", b"15000"):
        assert word not in reply.content


async def test_headers_are_those_of_a_private_download(world: World) -> None:
    stage = await booked(world)
    reply = await file_of(stage, stage.anna)
    assert reply.headers["content-type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert (
        reply.headers["content-disposition"] == f'attachment; filename="appointment-{stage.id}.ics"'
    )
    assert reply.headers["cache-control"] == "no-store"
    kept = await file_of(stage, stage.anna, headers={"If-None-Match": reply.headers["etag"]})
    assert (kept.status, kept.content, kept.headers["etag"]) == (304, b"", reply.headers["etag"])
    await stage.cancel()
    changed = await file_of(stage, stage.anna, headers={"If-None-Match": reply.headers["etag"]})
    assert changed.status == 200


async def test_the_status_follows_the_booking(world: World) -> None:
    stage = await booked(world, method="pm_sandbox_visa")
    tentative = await event_of(stage, stage.anna)
    assert (tentative["METHOD"], tentative["STATUS"]) == ("PUBLISH", "TENTATIVE")
    await world.travel(seconds=5)
    await stage.confirm()
    firm = await event_of(stage, stage.anna)
    assert (firm["METHOD"], firm["STATUS"]) == ("PUBLISH", "CONFIRMED")
    assert firm["DTSTAMP"] > tentative["DTSTAMP"]
    await world.travel(seconds=5)
    await stage.cancel()
    gone = await event_of(stage, stage.anna)
    assert (gone["METHOD"], gone["STATUS"]) == ("CANCEL", "CANCELLED")
    assert gone["DTSTAMP"] > firm["DTSTAMP"]
    assert gone["UID"] == firm["UID"] == tentative["UID"]


async def test_declined_and_expired_bookings_are_withdrawn_and_held_ones_stay(
    world: World,
) -> None:
    declined = await booked(world, method="pm_sandbox_visa")
    await declined.decline()
    assert (await event_of(declined, declined.anna))["METHOD"] == "CANCEL"
    expired = await booked(world, sarah=declined.sarah, when="tue 10:00")
    held = await confirmed(world, sarah=declined.sarah, when="wed 10:00")
    await world.travel(hours=1)
    await world.work_off("bookings.expire")
    assert (await event_of(expired, expired.anna))["STATUS"] == "CANCELLED"
    await world.travel(days=14)
    assert (await held.sarah.post(f"/bookings/{held.id}/complete")).status == 200
    assert (await event_of(held, held.anna))["STATUS"] == "CONFIRMED"


async def test_the_sequence_is_the_revision(world: World) -> None:
    stage = await booked(world)
    assert (await event_of(stage, stage.anna))["SEQUENCE"] == "0"
    await world.superuser.execute("UPDATE app.bookings SET revision = 7 WHERE id = $1", stage.id)
    assert (await event_of(stage, stage.anna))["SEQUENCE"] == "7"
    # A calendar takes only a newer entry's word that the session is off.
    await stage.cancel()
    assert (await event_of(stage, stage.anna))["SEQUENCE"] == "8"


async def test_what_expired_may_come_back_and_is_no_newer_for_it(world: World) -> None:
    stage = await booked(world)
    await world.travel(hours=1)
    await world.work_off("bookings.expire")
    event = await event_of(stage, stage.anna)
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", "0")


async def test_the_way_into_the_meeting_is_not_in_the_file(world: World) -> None:
    """Calendars are shared and synchronised; the way in is handed out when it is time."""
    stage = await booked(world)
    for reader in (stage.anna, stage.sarah, await world.admin()):
        assert "URL" not in await event_of(stage, reader)


async def test_no_name_breaks_the_file(world: World) -> None:
    odd = "Smith, Jr.; \\ \r\nATTENDEE:mailto:eve@example.org\nX \N{GRINNING FACE}" + "\u00e4" * 90
    stage = await booked(world)
    await world.superuser.execute(
        "UPDATE app.profiles SET full_name = $2 WHERE user_id = $1", stage.anna.id, odd
    )
    event = await event_of(stage, stage.sarah)
    assert event["SUMMARY"] == "Appointment with " + odd.replace("\r\n", "\n")
    assert "ATTENDEE" not in event


async def test_without_names_it_is_an_appointment(world: World) -> None:
    stage = await booked(world)
    await world.superuser.execute("DELETE FROM app.profiles WHERE user_id = $1", stage.anna.id)
    assert (await event_of(stage, stage.sarah))["SUMMARY"] == "Appointment"


async def test_strangers_find_nothing(world: World) -> None:
    stage = await booked(world)
    ben = await world.client("Ben")
    reply = await file_of(stage, ben)
    assert (reply.status, reply.code) == (404, "BOOKING_NOT_FOUND")
    assert (await file_of(stage, world.anonymous)).status == 401


async def test_a_booking_that_has_not_changed_need_not_be_sent_again(world: World) -> None:
    stage = await booked(world, method="pm_sandbox_visa")
    path = f"/bookings/{stage.id}"
    first = await stage.anna.get(path)
    sent = {"If-None-Match": first.headers["etag"]}
    assert first.headers["cache-control"] == "no-store"
    again = await stage.anna.get(path, headers=sent)
    assert (again.status, again.content) == (304, b"")
    await stage.confirm()
    assert (await stage.anna.get(path, headers=sent)).status == 200
