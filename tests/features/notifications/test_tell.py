"""Who is told of the rest: what ends otherwise, series, packages, money; and what people choose."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

from consulta.features.notifications.reactions import HEARS
from consulta.kernel.actor import Actor
from consulta.platform.outbox import Message
from tests.features.bookings.stages import authorised, booked, confirmed
from tests.features.notifications.desk import Desk
from tests.features.packages.shop import bought
from tests.world import World

VISA = "pm_sandbox_visa"


async def forge(world: World, topic: str, **payload: Any) -> None:
    """What anybody with raw SQL could put into the outbox."""
    await world.superuser.execute(
        "INSERT INTO app.outbox (topic, payload) VALUES ($1, $2)", topic, json.dumps(payload)
    )


async def test_ends_are_told_to_those_who_do_not_know(desk: Desk) -> None:
    declined = await authorised(desk.world)
    await desk.post()
    desk.office.received.clear()
    await declined.decline()
    assert await desk.kinds(declined.anna) == ["booking_declined"]
    assert await desk.kinds(declined.sarah) == []

    expired = await authorised(desk.world, sarah=declined.sarah, when="tue 10:00")
    await desk.post()
    desk.office.received.clear()
    await desk.world.travel(hours=25)
    await desk.world.cron("cleanup-bookings")
    assert await desk.kinds(expired.anna) == ["booking_expired"]
    assert await desk.kinds(expired.sarah) == ["booking_expired"]

    unpaid = await booked(desk.world, sarah=declined.sarah, when="wed 10:00")
    await unpaid.cancel()
    assert await desk.kinds(unpaid.anna) == []
    assert await desk.kinds(unpaid.sarah) == []
    assert ("skipped", "OVERTAKEN") in await desk.states("booking_booked")


async def test_another_time_is_proposed_and_refused(desk: Desk) -> None:
    stage = await confirmed(desk.world)
    await desk.post()
    desk.office.received.clear()
    there = (stage.starts_at + timedelta(hours=3)).isoformat()
    made = await stage.sarah.post(f"/bookings/{stage.id}/proposals", {"starts_at": there})
    assert made.status == 201, made.json
    (mail,) = await desk.box(stage.anna)
    assert await desk.kind_of(mail) == "booking_time_proposed"
    assert "13:00" in mail.body()
    no = await stage.anna.post(f"/bookings/{stage.id}/proposals/{made.json['id']}/decline")
    assert no.status == 200, no.json
    assert await desk.kinds(stage.sarah) == ["booking_proposal_declined"]


async def test_after_the_session_somebody_asks_once_how_to_go_on(desk: Desk) -> None:
    stage = await confirmed(desk.world)
    await desk.travel_to(stage.starts_at + timedelta(hours=2))
    done = await stage.sarah.post(f"/bookings/{stage.id}/complete")
    assert done.status == 200, done.json
    await desk.post()
    desk.office.received.clear()
    for _ in range(3):
        await desk.world.travel(hours=24)
        await forge(desk.world, "booking.completed", booking_id=stage.id)
        await desk.post()
    assert await desk.kinds(stage.anna) == ["follow_up"]
    assert await desk.kinds(stage.sarah) == []
    due = await desk.world.rows(
        "SELECT payload FROM app.outbox WHERE topic = 'session.follow_up_due'"
    )
    assert [json.loads(one["payload"])["booking_id"] for one in due] == [stage.id]


async def test_a_series_and_its_gaps_are_told(desk: Desk) -> None:
    world = desk.world
    sarah, anna = await world.specialist(provider="manual"), await world.client()
    start = (sarah.at("mon 10:00") + timedelta(days=14)).date()
    made = await anna.post(
        "/recurring-bookings",
        {
            "specialist_id": str(sarah.id),
            "rate_id": str(sarah.rates["standard"]),
            "frequency": "weekly",
            "start_date": start.isoformat(),
            "local_time": "10:00",
            "payment_mode": "manual",
        },
    )
    assert made.status == 201, made.json
    series_id = made.json["id"]
    assert await desk.kinds(anna) == []
    assert await desk.kinds(sarah) == ["series_created"]
    accepted = await sarah.post(f"/recurring-bookings/{series_id}/accept")
    assert accepted.status == 200, accepted.json
    assert await desk.kinds(anna) == ["series_accepted"]
    # Somebody else has the first date.
    ben = await world.client("Ben")
    taken = sarah.at("mon 10:00") + timedelta(days=14)
    await ben.books(sarah, taken, payment_method=VISA)
    await desk.post()
    desk.office.received.clear()
    await desk.travel_to(taken - timedelta(days=7))
    await world.cron("dispatch-recurring")
    (mail,) = await desk.box(anna)
    assert await desk.kind_of(mail) == "series_skipped"
    assert "the time was taken" in mail.body()
    assert await desk.kinds(sarah) == ["series_skipped"]
    await forge(world, "series.skipped", series_id=series_id, local_date="2030-01-07")
    await forge(world, "series.ended", series_id=series_id)
    assert await desk.kinds(anna) == []
    ended = await anna.delete(f"/recurring-bookings/{series_id}?scope=all")
    assert ended.status == 200, ended.json
    assert await desk.kinds(sarah) == ["series_ended"]
    assert await desk.kinds(anna) == []


async def test_packages_and_trouble_with_money_are_told(desk: Desk) -> None:
    shop = await bought(desk.world)
    assert await desk.kinds(shop.anna) == ["package_activated"]
    (mail,) = await desk.box(shop.sarah)
    assert "80.00 USD" in mail.body()

    late = await booked(desk.world, sarah=shop.sarah)
    await desk.post()
    desk.office.received.clear()
    await desk.world.travel(minutes=31)
    await desk.world.cron("cleanup-bookings")
    await forge(desk.world, "booking.payment_too_late", booking_id=late.id)
    assert await desk.kinds(late.anna) == ["booking_expired", "payment_too_late"]
    assert await desk.kinds(shop.sarah) == []


async def test_forged_and_broken_messages_tell_nobody_anything(desk: Desk) -> None:
    stage = await confirmed(desk.world)
    await desk.post()
    payment = (await stage.seen())["payment"]["id"]
    before = await desk.world.value("SELECT count(*) FROM app.notifications")
    ids = {"booking_id": stage.id, "payment_id": payment, "local_date": "2026-01-01"}
    async with desk.world.app.state.database.work(Actor.system("outbox")) as work:
        now = await work.now()
        for topic, hear in HEARS.items():
            for forged in (ids, {}, dict.fromkeys(ids, "'; --"), dict.fromkeys(ids, 7)):
                await hear(work, Message(uuid4(), topic, forged, 1, 1, now))
    await desk.post()
    assert await desk.world.value("SELECT count(*) FROM app.notifications") == before


async def test_people_choose_what_they_hear_and_in_which_language(desk: Desk) -> None:
    stage = await booked(desk.world, price=1_234_500, currency="BHD", time_zone="Europe/Berlin")
    anna = stage.anna
    shown = await anna.get("/me/notification-preferences")
    assert (shown.status, shown.json["language"], shown.json["effective_language"]) == (
        200,
        None,
        "en",
    )
    await anna.patch("/me", {"locale": "de-AT"})
    told = await anna.put("/me/notification-preferences", {"reminders": False})
    assert (told.json["effective_language"], told.json["reminders"], told.json["series"]) == (
        "de",
        False,
        True,
    )
    (mail,) = await desk.box(anna)
    assert mail.subject.startswith("Ihre Sitzung am Montag, ")
    assert "1234,500 BHD" in mail.body()
    assert "(Europe/Berlin)" in mail.body()  # She never said hers: the specialist's.
    assert mail.message["List-Unsubscribe"] == (
        "<https://app.consulta.test/settings/notifications>"
    )
    await anna.put("/me/notification-preferences", {"bookings": False, "language": "en"})
    await stage.pay(VISA)
    assert await desk.kinds(anna) == []
    await stage.decline()
    (mail,) = await desk.box(anna)
    assert mail.message["List-Unsubscribe"] is None
    refused = await anna.put("/me/notification-preferences", {"language": "tlh"})
    assert refused.status == 422

    first = (await anna.get("/me/notifications?limit=1")).json
    (newest,) = first["items"]
    assert (newest["kind"], newest["state"], newest["booking_id"], newest["read_at"]) == (
        "booking_declined",
        "sent",
        stage.id,
        None,
    )
    rest = (await anna.get(f"/me/notifications?cursor={first['next_cursor']}")).json["items"]
    assert [one["kind"] for one in rest] == ["booking_booked"]
    assert (await anna.post(f"/me/notifications/{newest['id']}/read")).status == 204
    assert [one["kind"] for one in await anna.sees("/me/notifications?unread=true")] == [
        "booking_booked"
    ]
    foreign = await stage.sarah.post(f"/me/notifications/{newest['id']}/read")
    assert (foreign.status, foreign.code) == (404, "NOTIFICATION_NOT_FOUND")
    await desk.world.travel(days=200)
    await desk.world.work_off("notifications.purge")
    assert await anna.sees("/me/notifications") == []


async def test_what_follows_a_session_is_told_without_its_content(desk: Desk) -> None:
    stage = await confirmed(desk.world)
    await desk.travel_to(stage.starts_at + timedelta(hours=1))
    await stage.sarah.post(f"/bookings/{stage.id}/complete")
    note = await stage.sarah.post(f"/bookings/{stage.id}/notes", {"notes": "Rest, and tea."})
    assert note.status == 201, note.json
    review = await stage.anna.post(f"/bookings/{stage.id}/review", {"rating": 5, "comment": "Tea!"})
    assert review.status == 201, review.json
    await desk.world.superuser.execute(
        "UPDATE app.bookings SET intake_completed = true WHERE id = $1", stage.id
    )
    await forge(desk.world, "intake.completed", booking_id=stage.id)
    await desk.world.superuser.execute(
        "WITH c AS (INSERT INTO app.video_configs (specialist_id, provider, mode, state)"
        " VALUES ($1, 'zoom', 'api', 'broken') RETURNING id)"
        " INSERT INTO app.audit_logs (actor, action, subject_type, subject_id)"
        " SELECT 'system', 'video_config.broken', 'video_config', id FROM c",
        stage.sarah.id,
    )
    config = await desk.world.value("SELECT id FROM app.video_configs")
    for _ in range(2):
        await forge(desk.world, "video.connection_broken", config_id=str(config))

    told = await desk.box(stage.sarah)
    kinds = sorted([await desk.kind_of(one) for one in told])
    assert [kind for kind in kinds if not kind.startswith("booking")] == [
        "intake_completed",
        "review_posted",
        "video_broken",
    ]
    mine = await desk.box(stage.anna)
    assert "note_written" in [await desk.kind_of(one) for one in mine]
    assert not [one for one in (*told, *mine) if "Tea" in one.everything() or "Rest" in one.body()]


async def test_money_that_goes_wrong_is_told(desk: Desk) -> None:
    stage = await confirmed(desk.world)
    payment = (await stage.seen())["payment"]["id"]
    await desk.post()
    desk.office.received.clear()
    entry = (
        "INSERT INTO app.audit_logs (actor, action, subject_type, subject_id)"
        " VALUES ('system', $1, 'payment', $2)"
    )
    for topic in ("payment.disputed", "payment.dispute_closed"):
        await desk.world.superuser.execute(entry, topic, payment)
        for _ in range(2):
            await forge(desk.world, topic, payment_id=payment)
    await desk.world.superuser.execute(
        "INSERT INTO app.payment_operations (payment_id, kind, amount_minor, state)"
        " VALUES ($1, 'refund', 1, 'dead')",
        payment,
    )
    await forge(desk.world, "payment.refund_failed", payment_id=payment)
    assert await desk.kinds(stage.anna) == ["payment_refund_failed"]
    assert await desk.kinds(stage.sarah) == [
        "payment_dispute_closed",
        "payment_disputed",
        "payment_refund_failed",
    ]
