"""The specialist accepts a series once, and its bookings wait for no confirmation any more."""

from datetime import timedelta
from typing import Any

import pytest

from consulta.kernel.actor import Actor, Role
from tests.features.recurring.standing import (
    FIRST,
    MONDAY,
    SECOND,
    THIRD,
    WEEK,
    Stage,
    audited,
    created,
    seen,
    staged,
)
from tests.world import World


async def unaccepted(world: World, *, mode: str = "per_session", **page: Any) -> Stage:
    """Nobody has accepted the series, and its bookings may wait for a week."""
    return await staged(world, wish={"payment_mode": mode}, confirmation_hours=168, **page)


@pytest.mark.parametrize("who", ["specialist", "admin"])
async def test_accepting_confirms_what_waits_for_nothing_else(world: World, who: str) -> None:
    stage = await unaccepted(world, mode="manual", provider="manual")
    assert set((await stage.statuses()).values()) == {"awaiting_confirmation"}
    person = stage.sarah if who == "specialist" else await world.admin()
    for _ in range(2):
        reply = await stage.accept(person)
        assert (reply.status, reply.json["accepted_at"]) == (200, "2027-03-01T06:00:00Z")
    assert await stage.statuses() == {FIRST: "confirmed", SECOND: "confirmed"}
    assert await audited(world, stage.one) == ["created", "accepted"]
    await stage.dispatched_at(MONDAY + timedelta(days=8))
    assert (await stage.statuses())[THIRD] == "confirmed"


async def test_nobody_accepts_the_own_wish(world: World) -> None:
    stage = await unaccepted(world)
    assert (await stage.accept(stage.anna)).status == 403
    omar = await world.specialist("Omar", open=WEEK)
    one = await created(omar, stage.sarah, start_date=SECOND, local_time="15:00")
    reply = await omar.post(f"/recurring-bookings/{one['id']}/accept")
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    assert (await seen(omar, one))["accepted_at"] is None


async def test_an_ended_series_is_not_accepted_any_more(world: World) -> None:
    stage = await unaccepted(world)
    await stage.end("all")
    reply = await stage.accept()
    assert (reply.status, reply.code) == (409, "SERIES_ENDED")


async def test_confirming_one_session_by_hand_accepts_them_all(world: World) -> None:
    stage = await unaccepted(world, mode="manual", provider="manual")
    assert (await stage.confirm(SECOND)).status == 200
    assert await stage.is_accepted()
    assert await stage.statuses() == {FIRST: "confirmed", SECOND: "confirmed"}
    assert await audited(world, stage.one) == ["created", "accepted"]


async def test_two_sessions_paid_by_hand_at_once_do_not_wait_for_each_other(world: World) -> None:
    """Both hand-overs are decided before either is recorded; each would confirm the other."""
    stage = await unaccepted(world, mode="manual", provider="manual")
    await world.superuser.execute(
        "INSERT INTO app.payment_operations (payment_id, kind, amount_minor, state, attempts,"
        " first_sent_at, fence, lease_until, next_attempt_at) SELECT p.id, 'capture',"
        " p.amount_minor, 'leased', 1, app.now(), 1, app.now(), app.now() FROM app.payments p"
    )
    await world.work_off("payments.operations")
    assert await stage.statuses() == {FIRST: "confirmed", SECOND: "confirmed"}
    paid = await world.rows("SELECT DISTINCT status FROM app.payments")
    assert paid == [{"status": "paid"}]
    assert await stage.is_accepted()


async def test_confirming_a_paid_session_accepts_when_the_money_is_taken(world: World) -> None:
    stage = await unaccepted(world)
    await stage.pays(SECOND)
    assert (await stage.statuses())[SECOND] == "awaiting_confirmation"
    assert not await stage.is_accepted()
    reply = await stage.confirm(SECOND)
    assert (reply.status, reply.json["status"]) == (200, "confirmed")
    assert await stage.is_accepted()
    # The other one waits for its payment alone.
    await stage.pays(FIRST)
    assert (await stage.statuses())[FIRST] == "confirmed"


async def test_after_acceptance_a_paid_session_is_confirmed_at_once(world: World) -> None:
    stage = await unaccepted(world)
    await stage.accept()
    await stage.pays(FIRST)
    assert await stage.statuses() == {FIRST: "confirmed", SECOND: "pending_payment"}


async def test_what_was_authorised_before_the_acceptance_is_still_to_be_decided(
    world: World,
) -> None:
    stage = await unaccepted(world)
    await stage.pays(FIRST)
    assert (await stage.accept()).status == 200
    assert (await stage.statuses())[FIRST] == "awaiting_confirmation"
    assert (await stage.confirm(FIRST)).status == 200


async def test_what_the_system_takes_by_itself_is_no_acceptance(world: World) -> None:
    stage = await unaccepted(world)
    await world.superuser.execute("UPDATE app.bookings SET auto_confirm = true")
    await stage.pays(FIRST)
    assert (await stage.statuses())[FIRST] == "confirmed"
    assert not await stage.is_accepted()


async def test_declining_one_session_says_nothing_about_the_others(world: World) -> None:
    stage = await unaccepted(world, mode="manual", provider="manual")
    reply = await stage.sarah.post(f"/bookings/{stage.bookings[FIRST]}/decline")
    assert reply.status == 200
    assert not await stage.is_accepted()


async def test_a_client_does_not_accept_through_the_back_door(world: World) -> None:
    stage = await unaccepted(world, mode="manual", provider="manual")
    await world.superuser.execute(
        "SET ROLE consulta_worker; UPDATE app.bookings SET status = 'confirmed'; RESET ROLE"
    )
    door = "SELECT app.accept_series_of($1)"
    for actor, opens in (
        (Actor(Role.CLIENT, stage.anna.id), False),
        (Actor(Role.SPECIALIST, stage.sarah.id), True),
    ):
        async with world.app.state.database.work(actor) as work:
            found = await work.fetchval(door, stage.bookings[FIRST])
        assert (found is not None, await stage.is_accepted()) == (opens, opens)
