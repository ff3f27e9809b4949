"""The table of moves of a booking: in Python, in the database, and at the one door."""

from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from consulta.features.bookings import access
from consulta.features.bookings.errors import AlreadyCancelled
from consulta.features.bookings.queries import LockedBooking
from consulta.features.bookings.states import MOVES, Mover, change_status, mover_of
from consulta.features.bookings.status import ENDED, PAST, BookingStatus
from consulta.kernel.actor import ANONYMOUS, Actor, Role
from consulta.kernel.errors import Forbidden
from tests.conftest import TestDatabase
from tests.features.bookings.stages import authorised, confirmed
from tests.world import World

S = BookingStatus
ALL = {Mover.CLIENT, Mover.SPECIALIST, Mover.ADMIN}
# Written down from the drawing in the design, not from the code.
DRAWN = {
    (S.PENDING_PAYMENT, S.AWAITING_CONFIRMATION): {Mover.SYSTEM},
    (S.PENDING_PAYMENT, S.CONFIRMED): {Mover.SYSTEM},
    (S.PENDING_PAYMENT, S.EXPIRED): {Mover.SYSTEM},
    (S.PENDING_PAYMENT, S.CANCELLED): ALL,
    (S.AWAITING_CONFIRMATION, S.CONFIRMED): {Mover.SPECIALIST, Mover.ADMIN, Mover.SYSTEM},
    (S.AWAITING_CONFIRMATION, S.DECLINED): {Mover.SPECIALIST, Mover.ADMIN},
    (S.AWAITING_CONFIRMATION, S.EXPIRED): {Mover.SYSTEM},
    (S.EXPIRED, S.AWAITING_CONFIRMATION): {Mover.SYSTEM},
    (S.AWAITING_CONFIRMATION, S.CANCELLED): {Mover.CLIENT, Mover.ADMIN},
    (S.CONFIRMED, S.COMPLETED): {Mover.SPECIALIST, Mover.ADMIN, Mover.SYSTEM},
    (S.CONFIRMED, S.NO_SHOW): {Mover.SPECIALIST, Mover.ADMIN},
    (S.CONFIRMED, S.CANCELLED): ALL,
    (S.COMPLETED, S.REFUNDED): {Mover.SYSTEM},
    (S.NO_SHOW, S.REFUNDED): {Mover.SYSTEM},
}


@pytest.mark.parametrize(("source", "target"), list(product(S, S)))
def test_a_move_is_legal_where_it_is_drawn_and_nowhere_else(source: S, target: S) -> None:
    for mover in Mover:
        expected = mover in DRAWN.get((source, target), set())
        assert MOVES.allows(source, target, mover) is expected


async def test_the_database_holds_the_same_table(database: TestDatabase) -> None:
    async with database.connected() as superuser:
        rows = await superuser.fetch("SELECT * FROM app.booking_moves()")
    assert {tuple(row) for row in rows} == MOVES.rows()


def test_what_has_ended_moves_no_more_but_for_a_payer_who_came_a_little_late() -> None:
    assert {state for state in S if MOVES.is_end(state)} == ENDED - {S.EXPIRED}
    assert PAST.isdisjoint(ENDED)


def locked(**changes: Any) -> LockedBooking:
    usual: dict[str, Any] = {
        "id": uuid4(),
        "specialist_id": uuid4(),
        "client_id": uuid4(),
        "status": S.CONFIRMED,
        "starts_at": datetime(2026, 1, 1, tzinfo=UTC),
        "ends_at": datetime(2026, 1, 1, 1, tzinfo=UTC),
        "currency": "USD",
        "policy": "standard",
        "policy_tiers": None,
        "tier_starts_at": datetime(2026, 1, 1, tzinfo=UTC),
        "has_credit": False,
        "revision": 0,
        "auto_confirm": False,
        "payment": None,
        "capture_under_way": False,
        "now": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return LockedBooking(**{**usual, **changes})


def test_who_moves_a_booking_and_who_may() -> None:
    booking = locked()
    actors = {
        Actor(Role.SPECIALIST, booking.specialist_id): (Mover.SPECIALIST, True, True),
        Actor(Role.CLIENT, booking.client_id): (Mover.CLIENT, False, True),
        # A specialist who is somebody's client.
        Actor(Role.SPECIALIST, booking.client_id): (Mover.CLIENT, False, True),
        Actor(Role.ADMIN, uuid4()): (Mover.ADMIN, True, True),
        Actor.system("tests"): (Mover.SYSTEM, True, True),
        Actor(Role.CLIENT, uuid4()): (Mover.CLIENT, False, False),
        ANONYMOUS: (Mover.CLIENT, False, False),
    }
    for actor, (mover, decides, takes_part) in actors.items():
        assert mover_of(actor, specialist_id=booking.specialist_id) is mover
        assert access.is_its_specialist(actor, booking) is decides
        assert access.is_party(actor, booking) is takes_part
        for ensure, allowed in (
            (access.ensure_its_specialist, decides),
            (access.ensure_party, takes_part),
        ):
            if allowed:
                ensure(actor, booking)
            else:
                with pytest.raises(Forbidden):
                    ensure(actor, booking)


async def test_the_door_refuses_what_the_table_does_not_have(world: World) -> None:
    stage = await authorised(world)
    booking = locked(status=S.EXPIRED)
    async with world.app.state.database.work(Actor.system("tests")) as work:
        with pytest.raises(AlreadyCancelled, match="expired cannot become confirmed"):
            await change_status(work, booking, S.CONFIRMED)
    assert await stage.status() == ("awaiting_confirmation", "authorized")


async def test_every_move_is_told_and_kept_with_its_reason_where_it_has_one(world: World) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at)
    await stage.sarah.post(f"/bookings/{stage.id}/complete")
    moves = await world.rows("SELECT to_status, reason FROM app.booking_status_history ORDER BY id")
    assert [(row["to_status"], row["reason"]) for row in moves[1:]] == [
        ("awaiting_confirmation", "authorised"),
        ("confirmed", "paid"),
        ("completed", None),
    ]
    topics = await world.rows("SELECT topic FROM app.outbox ORDER BY xid, id")
    assert [row["topic"] for row in topics][1:] == [
        f"booking.{row['to_status']}" for row in moves[1:]
    ]


@pytest.mark.parametrize("target", [one for one in S if one is not S.CONFIRMED])
async def test_no_person_moves_a_status_by_sql(world: World, target: S) -> None:
    """With the web's own login and working role, and with nothing of the service in between."""
    stage = await confirmed(world)
    async with world.database.connected("consulta_api") as connection:
        for person in (stage.anna, stage.sarah):
            who = Mover.CLIENT if person is stage.anna else Mover.SPECIALIST
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(
                "SELECT set_config('role', 'consulta_user', true),"
                " set_config('app.user_id', $1, true)",
                str(person.id),
            )
            statement = "UPDATE app.bookings SET status = $2 WHERE id = $1"
            if MOVES.allows(S.CONFIRMED, target, who) and target is S.CANCELLED:
                assert await connection.execute(statement, stage.id, target) == "UPDATE 1"
            else:
                with pytest.raises(asyncpg.PostgresError) as refused:
                    await connection.execute(statement, stage.id, target)
                assert refused.value.sqlstate in {"42501", "CS001"}
            await transaction.rollback()
