"""Mail about bookings: to the right people, once, with a calendar that follows."""

from collections.abc import Sequence
from datetime import timedelta

from tests.features.bookings.stages import booked
from tests.features.notifications.desk import SECRETS, Desk
from tests.platform.calendar_reader import read_calendar
from tests.receivers.post_office import Received
from tests.world import Specialist, World

VISA = "pm_sandbox_visa"


def invited(mail: Received) -> tuple[str, dict[str, str]]:
    found = mail.invitation()
    assert found is not None
    method, content = found
    calendar = read_calendar(content)
    assert calendar["METHOD"] == method
    return method, calendar


async def tells_secrets(world: World, sarah: Specialist) -> None:
    """What the session is about stands in the rate, on the page and in the booking's note."""
    await world.superuser.execute("UPDATE app.specialist_rates SET name = $1", SECRETS[0])
    await world.superuser.execute(
        "INSERT INTO app.specialist_specialties VALUES ($1, $2)", sarah.id, SECRETS[1]
    )
    await world.superuser.execute("UPDATE app.bookings SET note = $1", SECRETS[2])


def assert_discreet(every: Sequence[Received]) -> None:
    """No mail says what the session is about, or has a header that we did not write."""
    for mail in every:
        assert not [word for word in SECRETS if word.lower() in mail.everything().lower()]
        assert mail.message["Bcc"] is None
        assert mail.message["Auto-Submitted"] == "auto-generated"
        assert mail.octets.isascii()


async def test_a_booking_is_told_from_its_beginning_to_its_end(desk: Desk) -> None:
    world = desk.world
    sarah = await world.specialist(time_zone="Asia/Dubai")
    stage = await booked(world, sarah=sarah)
    anna = stage.anna
    await anna.patch("/me", {"time_zone": "Europe/Berlin"})
    # Somebody who tries to write headers of his own.
    await world.superuser.execute(
        "UPDATE app.profiles SET full_name = $2 WHERE user_id = $1",
        anna.id,
        "Anna\r\nBcc: all@example.org <b>",
    )
    await tells_secrets(world, sarah)
    every = await desk.box(anna)
    assert [await desk.kind_of(one) for one in every] == ["booking_booked"]
    assert await desk.box(sarah) == []  # It is not paid: nothing of hers yet.
    assert "200.00 USD" in every[0].body()

    await stage.pay(VISA)
    every += (told := await desk.box(anna))
    assert [await desk.kind_of(one) for one in told] == ["booking_awaiting"]
    every += (told := await desk.box(sarah))
    assert [await desk.kind_of(one) for one in told] == ["booking_awaiting"]
    assert "10:00" in told[0].subject
    assert "(Asia/Dubai)" in told[0].body()

    await stage.confirm()
    every += (told := [*await desk.box(anna), *await desk.box(sarah)])
    assert [await desk.kind_of(one) for one in told] == ["booking_confirmed"] * 2
    method, calendar = invited(told[0])
    assert (method, calendar["SEQUENCE"], calendar["STATUS"]) == ("REQUEST", "0", "CONFIRMED")
    file = read_calendar((await anna.get(f"/bookings/{stage.id}/calendar.ics")).content)
    assert calendar["UID"] == file["UID"]
    assert calendar["DTSTART"] == file["DTSTART"]
    assert "(Europe/Berlin)" in told[0].body()
    assert "&lt;b&gt;" in told[0].body("html")
    assert "<b>" not in told[0].body("html")

    later = stage.starts_at + timedelta(hours=2)
    await anna.post(f"/bookings/{stage.id}/reschedule", {"starts_at": later.isoformat()})
    every += (told := [*await desk.box(anna), *await desk.box(sarah)])
    assert [await desk.kind_of(one) for one in told] == ["booking_rescheduled"] * 2
    method, moved = invited(told[1])
    assert (method, moved["SEQUENCE"], moved["UID"]) == ("REQUEST", "1", calendar["UID"])
    assert "12:00" in told[1].subject

    await stage.cancel()
    every += (told := [*await desk.box(anna), *await desk.box(sarah)])
    assert [await desk.kind_of(one) for one in told] == ["booking_cancelled"] * 2
    method, gone = invited(told[0])
    assert (method, gone["STATUS"], gone["UID"]) == ("CANCEL", "CANCELLED", calendar["UID"])
    assert int(gone["SEQUENCE"]) > int(moved["SEQUENCE"])
    assert "200.00 USD" in told[0].body()

    await world.travel(days=30)
    assert [*await desk.box(anna), *await desk.box(sarah)] == []
    assert {state for state, _ in await desk.states("reminder_24h")} == {"skipped"}
    assert_discreet(every)
    assert len({one.id for one in every}) == len(every) == 9


async def test_reminders_come_once_and_only_for_the_time_that_stands(desk: Desk) -> None:
    world = desk.world
    stage = await booked(world, method=VISA, provider="sandbox", auto_confirm=True)
    await desk.post()
    later = stage.starts_at + timedelta(hours=5)
    await stage.anna.post(f"/bookings/{stage.id}/reschedule", {"starts_at": later.isoformat()})
    await desk.post()
    desk.office.received.clear()

    await desk.travel_to(stage.starts_at - timedelta(hours=24))
    assert await desk.kinds(stage.anna) == []  # The old time has no reminder any more.
    await desk.travel_to(later - timedelta(hours=24))
    await desk.post()
    assert await desk.kinds(stage.anna) == ["reminder_24h"]
    await desk.travel_to(later - timedelta(hours=1))
    assert (await world.cron("send-notifications")).status == 200
    assert await desk.kinds(stage.anna) == ["reminder_1h"]
    assert await desk.kinds(stage.sarah) == ["reminder_1h", "reminder_24h"]

    # A session that is booked 20 hours ahead has the last reminder only.
    near = await world.specialist(name="Near", open="sun-sat 00:00-24:00", auto_confirm=True)
    now = await world.value("SELECT date_trunc('hour', app.now())")
    await stage.anna.books(near, now + timedelta(hours=20), payment_method=VISA)
    await desk.post()
    await world.travel(hours=19, minutes=10)
    assert await desk.kinds(near) == ["booking_confirmed", "reminder_1h"]
    assert await desk.kinds(stage.anna) == ["booking_confirmed", "reminder_1h"]
    assert (
        await desk.states("reminder_24h") == [("skipped", "OVERTAKEN")] * 2 + [("sent", None)] * 2
    )
