"""A move does not dodge the refund tier, and nobody loses one by another's move (D12)."""

from datetime import timedelta

import pytest

from tests.features.bookings.stages import Stage, authorised, confirmed
from tests.features.bookings.test_reschedule import MOMENT, move
from tests.world import World

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
OPEN = "sun-sat 00:00-24:00"


async def refund_percent(stage: Stage) -> int:
    """What comes back of 200 when the client cancels at this moment."""
    reply = await stage.cancel()
    assert (reply.status, reply.json["status"]) == (200, "cancelled"), reply.json
    percent: int = reply.json["payment"]["refunded"]["amount_minor"] // 200
    return percent


@pytest.mark.parametrize(
    ("policy", "moved_before", "to", "cancelled_before", "percent"),
    [
        # In time: the new start counts, with all its tiers.
        ("standard", 24 * HOUR, 7 * DAY, 24 * HOUR, 100),
        ("standard", 24 * HOUR, 7 * DAY, 24 * HOUR - MOMENT, 50),
        ("standard", 72 * HOUR, -DAY, 24 * HOUR - MOMENT, 50),
        ("strict", 48 * HOUR, 7 * DAY, 48 * HOUR, 100),
        ("flexible", 2 * HOUR, 7 * DAY, 2 * HOUR, 100),
        # Too late for all of it: the old start goes on counting.
        ("standard", 24 * HOUR - MOMENT, 7 * DAY, 7 * DAY + 3 * HOUR, 50),
        ("standard", 3 * HOUR, 7 * DAY, 7 * DAY + 2 * HOUR, 50),
        ("standard", 3 * HOUR, 7 * DAY, 7 * DAY + 2 * HOUR - MOMENT, 0),
        ("standard", 3 * HOUR, 7 * DAY, 5 * DAY, 0),
        ("standard", HOUR, 7 * DAY, 6 * DAY, 0),
        ("strict", 48 * HOUR - MOMENT, 7 * DAY, 7 * DAY + 30 * HOUR, 50),
        ("strict", 23 * HOUR, 7 * DAY, 6 * DAY, 0),
        ("flexible", 2 * HOUR - MOMENT, 7 * DAY, 6 * DAY, 0),
        # Earlier still, in a reduced tier: the earlier of both.
        ("standard", 10 * HOUR, -5 * HOUR, 2 * HOUR, 50),
        ("standard", 10 * HOUR, -5 * HOUR, 2 * HOUR - MOMENT, 0),
        ("no_refund", 3 * HOUR, 7 * DAY, 6 * DAY, 0),
    ],
)
async def test_the_tier_cannot_be_dodged_by_a_move(
    world: World,
    policy: str,
    moved_before: timedelta,
    to: timedelta,
    cancelled_before: timedelta,
    percent: int,
) -> None:
    stage = await confirmed(world, policy=policy, open=OPEN, when="wed 12:00")
    await world.stop_clock(stage.starts_at - moved_before)
    assert (await move(stage, stage.starts_at + to)).status == 200

    await world.stop_clock(stage.starts_at + to - cancelled_before)

    assert await refund_percent(stage) == percent


@pytest.mark.parametrize("steps", [[DAY, 30 * DAY], [-HOUR, 30 * DAY], [7 * DAY, -HOUR, 60 * DAY]])
async def test_many_moves_dodge_no_more_than_one(world: World, steps: list[timedelta]) -> None:
    stage = await confirmed(world, open=OPEN, when="wed 12:00")
    await world.stop_clock(stage.starts_at - 3 * HOUR)
    for step in steps:
        assert (await move(stage, stage.starts_at + step)).status == 200
    assert await refund_percent(stage) == 50


async def test_moving_back_in_time_gives_nothing_back(world: World) -> None:
    """There and back again in a reduced tier: it stays as reduced as it was."""
    stage = await confirmed(world, open=OPEN)
    await world.stop_clock(stage.starts_at - 3 * HOUR)
    for to in (stage.starts_at + 7 * DAY, stage.starts_at):
        assert (await move(stage, to)).status == 200
    await world.stop_clock(stage.starts_at - HOUR)
    assert await refund_percent(stage) == 0


@pytest.mark.parametrize("who", ["specialist", "admin"])
@pytest.mark.parametrize(
    ("moved_before", "to", "now_before", "percent"),
    [
        # `now_before`: how long before the old start the client then cancels.
        (30 * HOUR, -25 * HOUR, 30 * HOUR, 100),  # Five hours ahead by now.
        (30 * HOUR, -25 * HOUR, 26 * HOUR, 100),
        (3 * HOUR, 7 * DAY, 3 * HOUR, 100),  # A week of notice that he did not have.
        (3 * HOUR, 7 * DAY, -6 * DAY + HOUR, 100),
        (3 * HOUR, 7 * DAY, -7 * DAY + 3 * HOUR, 50),
        (10 * HOUR, -5 * HOUR, 9 * HOUR, 50),
    ],
)
async def test_who_is_moved_loses_nothing(
    world: World,
    who: str,
    moved_before: timedelta,
    to: timedelta,
    now_before: timedelta,
    percent: int,
) -> None:
    stage = await confirmed(world, open=OPEN, when="wed 12:00")
    mover = stage.sarah if who == "specialist" else await world.admin()
    await world.stop_clock(stage.starts_at - moved_before)
    assert (await move(stage, stage.starts_at + to, mover)).status == 200

    await world.stop_clock(stage.starts_at - now_before)

    assert await refund_percent(stage) == percent


async def test_the_specialist_lifts_what_a_late_move_cost(world: World) -> None:
    """The client moved late and counts from the old start; then the specialist moves on."""
    stage = await confirmed(world, open=OPEN)
    await world.stop_clock(stage.starts_at - 3 * HOUR)
    assert (await move(stage, stage.starts_at + 2 * DAY)).status == 200
    assert (await move(stage, stage.starts_at + 3 * DAY, stage.sarah)).status == 200
    assert await refund_percent(stage) == 100


async def test_a_specialist_who_cancels_gives_all_back_after_any_move(world: World) -> None:
    stage = await confirmed(world, open=OPEN)
    await world.stop_clock(stage.starts_at - HOUR)
    assert (await move(stage, stage.starts_at + 2 * DAY)).status == 200
    reply = await stage.sarah.post(f"/bookings/{stage.id}/cancel")
    assert reply.json["payment"]["refunded"]["amount_minor"] == 20_000


async def test_before_the_confirmation_there_is_nothing_to_dodge(world: World) -> None:
    """Who could have called it off for nothing may as well move it, and counts from there."""
    stage = await authorised(world, open=OPEN)
    await world.superuser.execute("UPDATE app.bookings SET expires_at = NULL")
    await world.stop_clock(stage.starts_at - HOUR)
    assert (await move(stage, stage.starts_at + 7 * DAY)).status == 200
    assert (await stage.confirm()).json["status"] == "confirmed"
    await world.stop_clock(stage.starts_at + 7 * DAY - 24 * HOUR)
    assert await refund_percent(stage) == 100


async def test_while_the_money_is_taken_a_move_counts_as_late_as_it_is(world: World) -> None:
    """The specialist has said yes and the capture is under way: the tiers hold already."""
    stage = await authorised(world, open=OPEN)
    await world.stop_clock(stage.starts_at - 3 * HOUR)
    await world.superuser.execute(
        "UPDATE app.bookings SET expires_at = app.now() + interval '1 hour'"
    )
    async with world.sandbox_away():
        assert (await stage.confirm()).status == 202
    assert (await move(stage, stage.starts_at + 7 * DAY)).status == 200
    await world.superuser.execute(
        "UPDATE app.payment_operations SET next_attempt_at = app.now() - interval '1 second',"
        " lease_until = NULL WHERE state = 'in_doubt'"
    )
    await world.work_off()
    assert await stage.status() == ("confirmed", "paid")
    assert await refund_percent(stage) == 50


async def test_a_time_that_the_specialist_proposed_is_not_the_clients_wish(world: World) -> None:
    """He moves there by himself instead of accepting; it is the same."""
    stage = await confirmed(world, open=OPEN)
    await world.stop_clock(stage.starts_at - 3 * HOUR)
    wanted = stage.starts_at + 7 * DAY
    path = f"/bookings/{stage.id}/proposals"
    assert (await stage.sarah.post(path, {"starts_at": wanted.isoformat()})).status == 201
    assert (await move(stage, wanted)).status == 200
    assert [one["state"] for one in await stage.anna.sees(path)] == ["accepted"]
    assert await refund_percent(stage) == 100


async def test_the_database_counts_as_the_service_does(world: World) -> None:
    """It checks the record of a cancellation, so that nobody writes himself more."""
    stage = await confirmed(world, open=OPEN)
    await world.stop_clock(stage.starts_at - 3 * HOUR)
    await move(stage, stage.starts_at + 7 * DAY)
    due = await world.value("SELECT app.refund_percent(b, app.now()) FROM app.bookings b")
    counts_from = await world.value("SELECT tier_starts_at FROM app.bookings")
    assert (due, counts_from) == (50, stage.starts_at)


async def test_the_quote_knows_of_the_move(world: World) -> None:
    stage = await confirmed(world, open=OPEN)
    await world.stop_clock(stage.starts_at - 3 * HOUR)
    await move(stage, stage.starts_at + 7 * DAY)
    quote = await stage.anna.get(f"/bookings/{stage.id}/cancellation-quote")
    assert (quote.status, quote.json["refund_percent"]) == (200, 50)
