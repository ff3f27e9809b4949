"""The post is slow, refuses, breaks off or is away: nobody is told twice, nothing is lost."""

import asyncio
from datetime import timedelta

from consulta.settings import MailSettings
from tests.conftest import TestDatabase
from tests.features.bookings.stages import booked, confirmed
from tests.features.notifications.desk import Desk
from tests.settings import settings_for
from tests.world.world import running_world


async def test_two_workers_tell_each_thing_once(desk: Desk, database: TestDatabase) -> None:
    stage = await confirmed(desk.world)
    for hour in range(11, 15):
        await stage.anna.books(stage.sarah, f"mon {hour}:00")
    await desk.world.work_off("payments.operations", "outbox.deliver")

    async with running_world(database, settings_for(database, mail=desk.office.settings)) as other:
        both = (desk.world, other)
        await asyncio.gather(*(one.work_off("notifications.send") for one in both))

    assert len(desk.office.received) == len({one.id for one in desk.office.received}) == 6
    assert desk.office.lines <= 2  # One for all the mails of a batch.


async def test_what_is_refused_ends_and_what_is_delayed_comes_later(desk: Desk) -> None:
    stage = await booked(desk.world, method="pm_sandbox_visa")
    anna, sarah = [await desk.address_of(one) for one in (stage.anna, stage.sarah)]
    desk.office.refused, desk.office.delayed = {anna}, {sarah}

    await desk.post()
    assert sorted(await desk.states("booking_awaiting"), key=str) == [
        ("failed", "RECIPIENT_550"),
        ("pending", "SMTP_451"),
    ]
    await desk.post()
    assert desk.office.received == []  # Not before its time.
    desk.office.refused, desk.office.delayed = set(), set()
    await desk.world.travel(minutes=1)

    assert len(await desk.box(stage.sarah)) == 1
    assert await desk.box(stage.anna) == []


async def test_a_line_that_breaks_gives_the_same_mail_again(desk: Desk) -> None:
    stage = await booked(desk.world)
    desk.office.hangs_up = 1

    await desk.post()
    assert await desk.states("booking_booked") == [("pending", "DISCONNECTED")]
    await desk.world.travel(minutes=1)
    await desk.post()

    first, second = desk.office.to(await desk.address_of(stage.anna))
    assert first.id == second.id  # Whoever keeps both can tell that they are one.
    assert await desk.states("booking_booked") == [("sent", None)]


async def test_a_post_that_is_away_costs_nobody_anything(
    desk: Desk, database: TestDatabase
) -> None:
    stage = await booked(desk.world)
    await desk.world.work_off("outbox.deliver")
    away = MailSettings(host="127.0.0.1", port=9, tls="none", sender="post@consulta.test")
    async with running_world(database, settings_for(database, mail=away)) as deserted:
        for _ in range(2):
            await deserted.work_off("notifications.send")
            await desk.world.travel(minutes=2)
    waiting = await desk.world.rows("SELECT state, attempts FROM app.notifications")
    assert waiting == [{"state": "pending", "attempts": 0}]

    assert len(await desk.box(stage.anna)) == 1

    await booked(desk.world, sarah=stage.sarah, when="tue 10:00")
    await desk.world.work_off("outbox.deliver")
    await desk.world.superuser.execute(
        "UPDATE app.notifications SET send_at = send_at - $1::interval WHERE state = 'pending'",
        timedelta(days=4),
    )
    await desk.post()
    assert ("failed", "TOO_OLD") in await desk.states("booking_booked")
    none = settings_for(database, mail=MailSettings(delivery="none"))
    async with running_world(database, none) as silent:
        await booked(silent, sarah=stage.sarah, when="wed 10:00")
        await silent.work_off("outbox.deliver", "notifications.send")
    assert ("skipped", "MAIL_OFF") in await desk.states("booking_booked")


async def test_news_need_not_wait_behind_thousands_of_others(desk: Desk) -> None:
    """Seventy stand for them: more than a batch."""
    await confirmed(desk.world)
    await desk.world.work_off("payments.operations", "outbox.deliver")
    await desk.world.superuser.execute(
        "INSERT INTO app.notifications (recipient_id, kind, event_key, specialist_id, client_id,"
        " booking_id, next_attempt_at)"
        " SELECT client_id, 'booking_confirmed', 'night ' || n, specialist_id, client_id, id,"
        " app.now() - interval '1 hour' FROM app.bookings, generate_series(1, 70) n"
    )
    await desk.world.work_off("notifications.send")

    news = await desk.world.rows(
        "SELECT message_id FROM app.notifications"
        " WHERE state = 'sent' AND event_key NOT LIKE 'night %'"
    )
    first = {mail.id for mail in desk.office.received[:50]}
    assert len(desk.office.received) == 70 + len(news)
    assert len(news) == 2
    assert {row["message_id"] for row in news} <= first
