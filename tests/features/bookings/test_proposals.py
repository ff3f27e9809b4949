"""Another time that the specialist proposes: nothing is claimed until the client says yes."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from consulta.features.bookings import rules
from tests.features.bookings.stages import Stage, booked, confirmed
from tests.features.bookings.test_reschedule import claims, move
from tests.world import Person, Reply, World

HOUR = timedelta(hours=1)


async def propose(
    stage: Stage, when: str | datetime, who: Person | None = None, **more: Any
) -> Reply:
    body = {"starts_at": stage.sarah.at(when).isoformat(), **more}
    return await (who or stage.sarah).post(f"/bookings/{stage.id}/proposals", body)


async def answer(
    stage: Stage, proposal: Reply, verb: str, who: Person | None = None, **more: Any
) -> Reply:
    path = f"/bookings/{stage.id}/proposals/{proposal.json['id']}/{verb}"
    return await (who or stage.anna).post(path, **more)


async def states(stage: Stage) -> list[str]:
    """Of all proposals, the newest first."""
    return [one["state"] for one in await stage.anna.sees(f"/bookings/{stage.id}/proposals")]


async def test_a_proposal_is_seen_by_both_and_moves_nothing(world: World) -> None:
    stage = await confirmed(world)
    before = await stage.seen()

    made = await propose(stage, "wed 14:00", message="I am at a conference.")

    assert made.status == 201, made.json
    assert set(made.json) == {
        "id", "booking_id", "starts_at", "message", "state", "created_at", "updated_at",
    }  # fmt: skip
    assert (made.json["state"], made.json["message"]) == ("open", "I am at a conference.")
    after = await stage.seen()
    # The page of the booking says so, too: nobody has to know where else to look.
    shown = after.pop("open_proposal")
    assert shown["id"] == made.json["id"]
    assert shown["message"] == "I am at a conference."
    assert before.pop("open_proposal") is None
    assert after == before
    assert len(await claims(stage)) == 1
    for who in (stage.anna, stage.sarah, await world.admin()):
        [seen] = await who.sees(f"/bookings/{stage.id}/proposals")
        assert seen == made.json
    topics = await world.rows(
        "SELECT payload FROM app.outbox WHERE topic = 'booking.time_proposed'"
    )
    assert len(topics) == 1


async def test_accepting_moves_the_booking_in_the_specialists_name(world: World) -> None:
    stage = await confirmed(world, open="sun-sat 00:00-24:00")
    await world.stop_clock(stage.starts_at - 3 * HOUR)
    made = await propose(stage, stage.starts_at + 7 * 24 * HOUR, message="A conference.")

    reply = await answer(stage, made, "accept")

    assert (reply.status, reply.json["revision"]) == (200, 1), reply.json
    assert datetime.fromisoformat(reply.json["starts_at"]) == stage.starts_at + 7 * 24 * HOUR
    assert await states(stage) == ["accepted"]
    history = (await stage.sarah.get(f"/bookings/{stage.id}/history")).json
    [moved] = history["reschedules"]
    assert (moved["moved_by"], moved["reason"]) == ("specialist", "A conference.")
    actions = await world.rows(
        "SELECT action, actor_id FROM app.audit_logs WHERE action ~ 'propos|resched'"
    )
    assert {(row["action"], row["actor_id"]) for row in actions} == {
        ("booking.time_proposed", stage.sarah.id),
        ("booking.proposal_accepted", stage.anna.id),
        ("booking.rescheduled", stage.anna.id),
    }
    # Half of it was due before; a week ahead, and not by his own wish, all of it is.
    assert (await stage.cancel()).json["payment"]["refunded"]["amount_minor"] == 20_000


async def test_an_admins_proposal_moves_in_the_admins_name(world: World) -> None:
    stage = await confirmed(world)
    made = await propose(stage, "wed 14:00", await world.admin())
    assert (await answer(stage, made, "accept")).status == 200
    [moved] = (await stage.anna.get(f"/bookings/{stage.id}/history")).json["reschedules"]
    assert moved["moved_by"] == "admin"


async def test_declining_leaves_the_booking_where_it_was(world: World) -> None:
    stage = await confirmed(world)
    before = await stage.seen()
    made = await propose(stage, "wed 14:00")
    reply = await answer(stage, made, "decline")
    assert reply.status == 200
    assert reply.json.items() <= before.items(), "the page has more around it"
    assert await states(stage) == ["declined"]
    sent = await world.rows(
        "SELECT payload FROM app.outbox WHERE topic = 'booking.proposal_declined'"
    )
    assert len(sent) == 1
    for verb in ("accept", "decline"):
        again = await answer(stage, made, verb)
        assert (again.status, again.code) == (409, "PROPOSAL_NOT_OPEN")


async def test_a_new_proposal_takes_the_place_of_the_open_one(world: World) -> None:
    stage = await confirmed(world)
    first = await propose(stage, "wed 14:00")
    await propose(stage, "wed 15:00")
    assert await states(stage) == ["open", "replaced"]
    reply = await answer(stage, first, "accept")
    assert (reply.status, reply.code) == (409, "PROPOSAL_NOT_OPEN")


async def test_a_move_by_anybody_settles_what_was_open(world: World) -> None:
    stage = await confirmed(world)
    await propose(stage, "wed 14:00")
    await move(stage, "thu 10:00")
    await propose(stage, "wed 14:00")
    await move(stage, "wed 14:00", stage.sarah)
    assert await states(stage) == ["replaced", "replaced"]


async def test_a_time_that_is_gone_leaves_the_proposal_open(world: World) -> None:
    stage = await confirmed(world)
    made = await propose(stage, "wed 14:00")
    ben = await booked(world, sarah=stage.sarah, when="wed 14:00")
    before = await stage.seen()
    reply = await answer(stage, made, "accept")
    assert (reply.status, reply.code) == (409, "SLOT_TAKEN")
    assert (await stage.seen(), await states(stage)) == (before, ["open"])
    await ben.cancel()
    assert (await answer(stage, made, "accept")).status == 200


async def test_only_a_time_that_can_be_had_is_proposed(world: World) -> None:
    stage = await confirmed(world, most_a_day=1)
    ben = await world.client("Ben")
    await ben.books(stage.sarah, "tue 10:00")
    past = stage.starts_at - timedelta(days=14)
    for when, code in (
        ("tue 10:00", "SLOT_TAKEN"),
        ("tue 11:00", "DAY_FULL"),
        ("sat 10:00", "SLOT_NOT_OFFERED"),
        (past, "BOOKING_IN_PAST"),
    ):
        reply = await propose(stage, when)
        assert (reply.status, reply.code) == (409, code)
    for when, code in (("tue 10:00", "SLOT_TAKEN"), (past, "BOOKING_IN_PAST")):
        reply = await propose(stage, when, anyway=True)
        assert (reply.status, reply.code) == (409, code)
    assert await states(stage) == []
    # The own time is not in the way.
    assert (await propose(stage, "mon 10:30")).status == 201


async def test_what_is_proposed_anyway_is_accepted_anyway(world: World) -> None:
    stage = await confirmed(world)
    made = await propose(stage, "sat 20:00", anyway=True)
    reply = await answer(stage, made, "accept")
    assert reply.status == 200, reply.json
    assert datetime.fromisoformat(reply.json["starts_at"]) == stage.sarah.at("sat 20:00")


async def test_a_time_that_was_closed_since_is_not_to_be_had(world: World) -> None:
    stage = await confirmed(world)
    made = await propose(stage, "wed 14:00")
    day = str(stage.sarah.at("wed 14:00").date())
    await stage.sarah.post("/specialists/me/availability-exceptions", {"date": day})
    reply = await answer(stage, made, "accept")
    assert (reply.status, reply.code) == (409, "SLOT_NOT_OFFERED")


async def test_the_present_time_is_accepted_and_nothing_moves(world: World) -> None:
    stage = await confirmed(world)
    before = await stage.seen()
    made = await propose(stage, stage.starts_at)
    reply = await answer(stage, made, "accept")
    assert reply.status == 200
    assert reply.json.items() <= before.items(), "the page has more around it"
    assert await states(stage) == ["accepted"]


async def test_what_has_ended_has_nothing_to_accept(world: World) -> None:
    stage = await confirmed(world)
    made = await propose(stage, "wed 14:00")
    await stage.cancel()
    for verb in ("accept", "decline"):
        reply = await answer(stage, made, verb)
        assert (reply.status, reply.code) == (409, "ALREADY_CANCELLED")
    reply = await propose(stage, "wed 15:00")
    assert (reply.status, reply.code) == (409, "ALREADY_CANCELLED")


async def test_what_has_begun_has_nothing_to_accept(world: World) -> None:
    stage = await confirmed(world)
    made = await propose(stage, "wed 14:00")
    await world.stop_clock(stage.starts_at)
    reply = await answer(stage, made, "accept")
    assert (reply.status, reply.code) == (409, "BOOKING_IN_PAST")


async def test_a_proposal_for_a_time_that_has_passed_is_too_late(world: World) -> None:
    stage = await confirmed(world, when="wed 10:00")
    made = await propose(stage, "mon 10:00")
    await world.stop_clock(stage.sarah.at("mon 10:00"))
    reply = await answer(stage, made, "accept")
    assert (reply.status, reply.code) == (409, "BOOKING_IN_PAST")
    assert await states(stage) == ["open"]


async def test_each_side_has_its_verbs(world: World) -> None:
    stage = await confirmed(world)
    reply = await propose(stage, "wed 14:00", stage.anna)
    assert (reply.status, reply.code) == (403, "FORBIDDEN")
    made = await propose(stage, "wed 14:00")
    for verb in ("accept", "decline"):
        for who in (stage.sarah, await world.admin()):
            reply = await answer(stage, made, verb, who)
            assert (reply.status, reply.code) == (403, "FORBIDDEN")
    assert await states(stage) == ["open"]


async def test_a_specialist_who_is_the_client_proposes_nothing(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    booking = await omar.books(sarah, "mon 10:00")
    body = {"starts_at": sarah.at("wed 14:00").isoformat()}
    reply = await omar.post(f"/bookings/{booking['id']}/proposals", body)
    assert (reply.status, reply.code) == (403, "FORBIDDEN")


async def test_strangers_and_wrong_ids_find_nothing(world: World) -> None:
    stage = await confirmed(world)
    other = await confirmed(world, sarah=stage.sarah, when="mon 11:00")
    made = await propose(stage, "wed 14:00")
    ben, omar = await world.client("Ben"), await world.specialist("Dr. Omar")
    for who in (ben, omar):
        assert (await who.get(f"/bookings/{stage.id}/proposals")).code == "BOOKING_NOT_FOUND"
        assert (await answer(stage, made, "accept", who)).code == "BOOKING_NOT_FOUND"
    assert (await propose(stage, "wed 15:00", omar)).code == "BOOKING_NOT_FOUND"
    # A proposal counts for its own booking only.
    for booking, who in ((other, other.anna), (stage, stage.anna)):
        proposal = made.json["id"] if booking is other else uuid4()
        reply = await who.post(f"/bookings/{booking.id}/proposals/{proposal}/accept")
        assert (reply.status, reply.code) == (404, "PROPOSAL_NOT_FOUND")


async def test_the_same_key_accepts_once(world: World) -> None:
    stage = await confirmed(world)
    made = await propose(stage, "wed 14:00")
    first = await answer(stage, made, "accept", key="yes")
    again = await answer(stage, made, "accept", key="yes")
    assert (again.status, again.content) == (200, first.content)


async def test_neither_moves_nor_proposals_are_without_end(world: World) -> None:
    """The last of each is still good, and whoever has had them all may still cancel."""
    stage = await confirmed(world)
    await world.superuser.execute(_ALMOST_ALL, rules.MOST_MOVES - 1, rules.MOST_PROPOSALS - 1)
    assert (await move(stage, "wed 14:00")).status == 200
    assert (await propose(stage, "thu 09:00")).status == 201

    for when in ("wed 15:00", stage.starts_at):
        moved = await move(stage, when)
        assert (moved.status, moved.code) == (409, "TOO_MANY_MOVES"), moved.json
    asked = await propose(stage, "thu 10:00")
    assert (asked.status, asked.code) == (409, "TOO_MANY_PROPOSALS"), asked.json
    [last] = (await stage.anna.sees(f"/bookings/{stage.id}/proposals"))[:1]
    assert datetime.fromisoformat(last["starts_at"]) == stage.sarah.at("thu 09:00")
    assert last["state"] == "open"
    taken = await stage.anna.post(f"/bookings/{stage.id}/proposals/{last['id']}/accept")
    assert (taken.status, taken.code) == (409, "TOO_MANY_MOVES"), taken.json
    assert (await move(stage, "wed 14:00")).status == 200, "where it stands already"
    assert (await stage.anna.post(f"/bookings/{stage.id}/cancel", {"reason": "no"})).status == 200


_ALMOST_ALL = """
WITH moved AS (UPDATE app.bookings SET revision = $1 RETURNING *)
INSERT INTO app.booking_proposals
    (booking_id, specialist_id, client_id, starts_at, proposed_by, state)
SELECT id, specialist_id, client_id, starts_at, specialist_id, 'declined'
FROM moved, generate_series(1, $2::integer)
"""
