"""What the dispatcher makes of a date that is free: by each way of paying, with its whole trail."""

import json
from datetime import date, timedelta

import pytest

from tests.features.recurring.dispatching import (
    WHOLE_WEEK,
    as_it_stands,
    bookings,
    dates,
    dispatched,
    package,
    series,
    utc,
)
from tests.settings import CRON_SECRET
from tests.world import World

NOW = "2027-01-04T02:00:00"  # a Monday
FRIDAY = "2027-01-08"


async def test_a_date_becomes_an_ordinary_booking(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY, note="As always.")
    revision = await world.value("SELECT revision FROM app.calendars")

    run = await dispatched(world)

    assert (run["done_count"], run["skipped_count"], run["failed_count"]) == (1, 0, 0)
    [booking] = await bookings(world, made)
    assert booking["starts_at"] == utc("2027-01-08T10:00:00")
    assert booking["ends_at"] == utc("2027-01-08T10:30:00")
    assert (booking["client_id"], booking["booked_by"]) == (anna.id, anna.id)
    assert (booking["price_minor"], booking["total_minor"]) == (20_000, 20_000)
    assert (booking["kind"], booking["note"]) == ("standard", "As always.")
    tiers = json.loads(booking["policy_tiers"])
    assert [tier["refund_percent"] for tier in tiers] == [100, 50]
    assert (booking["status"], booking["expires_at"]) == ("confirmed", None)
    [slot] = await world.rows("SELECT * FROM app.slots")
    assert (slot["id"], slot["status"]) == (booking["slot_id"], "booked")
    assert (slot["session_starts_at"], slot["held_by"]) == (booking["starts_at"], anna.id)
    [step] = await world.rows("SELECT * FROM app.booking_status_history")
    assert (step["from_status"], step["to_status"]) == (None, "confirmed")
    assert (step["actor_kind"], step["actor_id"]) == ("system", None)
    assert step["reason"] == "made from a series"
    assert await dates(world, made) == [(FRIDAY, "booked")]
    assert await world.value("SELECT revision FROM app.calendars") == revision + 1


async def test_the_series_moves_on_by_its_rhythm(world: World) -> None:
    sarah, anna = await world.specialist(open=WHOLE_WEEK), await world.client()
    await world.stop_clock(utc(NOW))
    weekly = await series(world, sarah, anna, FRIDAY, "10:00")
    biweekly = await series(world, sarah, anna, FRIDAY, "11:00", frequency="biweekly")
    monthly = await series(world, sarah, anna, FRIDAY, "12:00", frequency="monthly")

    await dispatched(world)

    ahead = [await as_it_stands(world, one) for one in (weekly, biweekly, monthly)]
    assert [one["next_booking_date"] for one in ahead] == [
        date(2027, 1, 15),
        date(2027, 1, 22),
        date(2027, 2, 8),
    ]
    assert {one["last_generated_date"] for one in ahead} == {date(2027, 1, 8)}


async def test_everything_it_does_is_told_and_on_the_record(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY)

    run = await dispatched(world)

    [booking] = await bookings(world, made)
    [message] = await world.rows("SELECT * FROM app.outbox")
    assert message["topic"] == "booking.requested"
    assert json.loads(message["payload"]) == {
        "booking_id": str(booking["id"]),
        "series_id": str(made),
        "specialist_id": str(sarah.id),
        "client_id": str(anna.id),
    }
    entries = {row["action"]: row for row in await world.rows("SELECT * FROM app.audit_logs")}
    assert set(entries) == {"booking.requested", "recurring_bookings_dispatched"}
    assert entries["booking.requested"]["subject_id"] == booking["id"]
    assert entries["booking.requested"]["actor"] == "system:recurring.dispatch"
    total = entries["recurring_bookings_dispatched"]
    assert (total["subject_id"], total["status"]) == (run["id"], "success")
    assert json.loads(total["new_values"]) == {"dispatched": 1, "errors": 0}


async def test_the_second_run_finds_nothing_to_do(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY)

    await dispatched(world)
    again = await dispatched(world, utc(NOW) + timedelta(hours=1))

    assert again["done_count"] == 0
    assert len(await bookings(world, made)) == 1


async def test_the_price_is_that_of_today(world: World) -> None:
    sarah, anna = await world.specialist(price=20_000), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY)
    await world.superuser.execute("UPDATE app.specialist_rates SET price_minor = 23456")

    await dispatched(world)

    [booking] = await bookings(world, made)
    assert booking["price_minor"] == 23_456


@pytest.mark.parametrize(
    ("mode", "price", "accepted", "status", "expires", "slot", "payment"),
    [
        ("manual", 20_000, True, "confirmed", None, "booked", "manual"),
        ("manual", 20_000, False, "awaiting_confirmation", "2027-01-05T02:00", "booked", "manual"),
        ("manual", 0, True, "confirmed", None, "booked", None),
        ("per_session", 0, True, "confirmed", None, "booked", None),
        ("per_session", 0, False, "awaiting_confirmation", "2027-01-05T02:00", "booked", None),
        ("per_session", 20_000, True, "pending_payment", "2027-01-07T10:00", "held", "sandbox"),
        ("per_session", 20_000, False, "pending_payment", "2027-01-07T10:00", "held", "sandbox"),
    ],
)
async def test_how_a_booking_begins(
    world: World,
    mode: str,
    price: int,
    accepted: bool,
    status: str,
    expires: str | None,
    slot: str,
    payment: str | None,
) -> None:
    sarah, anna = await world.specialist(price=price), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY, mode=mode, accepted=accepted)

    await dispatched(world)

    [booking] = await bookings(world, made)
    until = utc(expires) if expires else None
    assert (booking["status"], booking["expires_at"]) == (status, until)
    assert booking["auto_confirm"] is accepted
    [claim] = await world.rows("SELECT status, held_until FROM app.slots")
    assert claim == {"status": slot, "held_until": until if slot == "held" else None}
    payments = await world.rows("SELECT provider, status, amount_minor FROM app.payments")
    wanted = [{"provider": payment, "status": "pending", "amount_minor": price}] if payment else []
    assert payments == wanted
    operations = await world.rows("SELECT kind, state, amount_minor FROM app.payment_operations")
    asked = [{"kind": "authorize", "state": "pending", "amount_minor": price}]
    assert operations == (asked if payment == "sandbox" else [])


async def test_what_is_to_be_paid_online_confirms_itself_when_paid(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    soon = sarah.at("fri 10:00").date()
    made = await series(world, sarah, anna, soon, mode="per_session")
    await dispatched(world)
    await world.work_off()

    [booking] = await bookings(world, made)
    shown = (await anna.get(f"/bookings/{booking['id']}")).json
    assert shown["payment"]["next_action"] is not None
    paid = await anna.post(
        f"/bookings/{booking['id']}/payments", {"payment_method": "pm_sandbox_visa"}
    )
    assert paid.status == 201, paid.json
    await world.work_off()

    [booking] = await bookings(world, made)
    assert booking["status"] == "confirmed"
    assert await world.value("SELECT status FROM app.payments") == "paid"


async def test_the_specialists_own_provider_takes_the_money(world: World) -> None:
    sarah, anna = await world.specialist(provider="manual"), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY, mode="per_session")

    await dispatched(world)

    [booking] = await bookings(world, made)
    assert booking["status"] == "confirmed"
    assert await world.value("SELECT provider FROM app.payments") == "manual"


async def test_a_credit_of_the_package_is_reserved(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    bought = await package(world, sarah, anna, credits=3)
    made = await series(world, sarah, anna, FRIDAY, mode="package", purchase=bought)

    await dispatched(world)

    [booking] = await bookings(world, made)
    assert (booking["status"], booking["total_minor"]) == ("confirmed", 0)
    assert (booking["discount_minor"], booking["package_purchase_id"]) == (20_000, bought)
    assert await world.value("SELECT credits_left FROM app.package_purchases") == 2
    assert await world.value("SELECT count(*) FROM app.payments") == 0
    assert (
        await world.value("SELECT booking_id FROM app.package_credits WHERE kind = 'reserved'")
        == booking["id"]
    )


async def test_a_series_ends_after_its_last_date(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY, end="2027-01-14")

    await dispatched(world)

    ended = await as_it_stands(world, made)
    assert (ended["status"], ended["is_active"]) == ("ended", False)
    assert (ended["ended_at"], ended["next_booking_date"]) == (utc(NOW), None)
    assert await dates(world, made) == [(FRIDAY, "booked")]
    [told] = await world.rows("SELECT payload FROM app.outbox WHERE topic = 'series.ended'")
    assert json.loads(told["payload"]) == {
        "series_id": str(made),
        "specialist_id": str(sarah.id),
        "client_id": str(anna.id),
    }
    assert (
        await world.value("SELECT subject_id FROM app.audit_logs WHERE action = 'series.ended'")
        == made
    )


async def test_a_series_that_has_outlived_its_end_just_ends(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, "2027-01-01", end="2027-01-01")
    await world.superuser.execute(
        "UPDATE app.recurring_bookings SET next_booking_date = '2027-01-08'"
    )

    await dispatched(world)

    assert (await as_it_stands(world, made))["status"] == "ended"
    assert await dates(world, made) == []


async def test_a_date_that_was_left_out_is_passed_over(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, "2027-01-04")
    await world.superuser.execute(
        """
        INSERT INTO app.recurring_booking_occurrences (recurring_booking_id, specialist_id,
            client_id, local_date, starts_at, outcome, reason)
        VALUES ($1, $2, $3, '2027-01-04', '2027-01-04T10:00Z', 'skipped', 'left_out')
        """,
        made,
        sarah.id,
        anna.id,
    )

    await dispatched(world)

    assert await dates(world, made) == [("2027-01-04", "left_out"), ("2027-01-11", "booked")]


@pytest.mark.parametrize("status", ["paused", "ended"])
async def test_what_rests_is_left_alone(world: World, status: str) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY)
    await world.superuser.execute(
        "UPDATE app.recurring_bookings SET status = $1,"
        " ended_at = CASE WHEN $1 = 'ended' THEN app.now() END",
        status,
    )

    await dispatched(world)

    assert await dates(world, made) == []


async def test_the_hourly_run_does_the_same_and_says_nothing_of_nothing(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    await world.work_off("recurring.catch_up")
    assert await world.value("SELECT count(*) FROM app.audit_logs") == 0

    made = await series(world, sarah, anna, FRIDAY)
    await world.stop_clock(utc(NOW) + timedelta(hours=1))
    await world.work_off("recurring.catch_up")

    assert await dates(world, made) == [(FRIDAY, "booked")]
    assert (
        await world.value(
            "SELECT status FROM app.audit_logs WHERE action = 'recurring_bookings_dispatched'"
        )
        == "success"
    )


async def test_a_cron_daemon_may_ring_for_it(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await world.stop_clock(utc(NOW))
    made = await series(world, sarah, anna, FRIDAY)

    rung = await world.cron("dispatch-recurring", secret=CRON_SECRET, method="GET")

    assert rung.status == 200, rung.json
    assert rung.json["done_count"] == 1
    assert await dates(world, made) == [(FRIDAY, "booked")]


async def test_it_is_due_every_night_at_two(world: World) -> None:
    nightly = world.app.state.jobs.named("recurring.dispatch")
    assert nightly.schedule == "daily at 02:00 UTC"
    assert nightly.cron_name == "dispatch-recurring"
