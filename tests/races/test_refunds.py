"""Parts of one payment returned at both replicas at once: never more than was taken."""

from collections import Counter

import pytest

from tests.races.arena import Arena, all_at_once
from tests.world import Person, Reply, Specialist

pytestmark = pytest.mark.slow

TAKEN, PART, PEOPLE, ROUNDS = 20_000, 3_000, 20, 5
FIT = TAKEN // PART


async def test_twenty_partial_refunds_never_exceed_what_was_taken(arena: Arena) -> None:
    world = arena.world
    sarah, ada = await world.specialist(price=TAKEN), await world.admin()
    deadlocks = await arena.deadlocks()
    for number in range(ROUNDS):
        anna = arena.crowd[number]
        booking = await anna.books(
            sarah, f"mon {9 + number:02}:00", payment_method="pm_sandbox_visa"
        )
        desk = Specialist(arena.crowd[number + 1].http, id=sarah.id, token=sarah.token)
        assert (await desk.post(f"/bookings/{booking['id']}/confirm")).status == 200
        payment = booking["payment"]["id"]

        replies: list[Reply] = await all_at_once(
            [
                _who(arena, line, ada if line % 4 == 0 else sarah).post(
                    f"/payments/{payment}/refunds", {"amount_minor": PART}
                )
                for line in range(PEOPLE)
            ]
        )

        assert Counter((one.status, one.code) for one in replies) == {
            (201, None): FIT,
            (409, "REFUND_EXCEEDS_CAPTURED"): PEOPLE - FIT,
        }
        assert {one.json["state"] for one in replies if one.status == 201} == {"done"}
        (row,) = await world.rows(
            "SELECT p.provider_reference, p.refunded_minor, sum(o.amount_minor)::bigint AS promised"
            " FROM app.payments p JOIN app.payment_operations o ON o.payment_id = p.id"
            " WHERE p.id = $1 AND o.kind = 'refund' GROUP BY p.id",
            payment,
        )
        charge = await world.sandbox.fetch(row["provider_reference"])
        assert charge.refunded_minor == row["refunded_minor"] == row["promised"] == FIT * PART
    assert await arena.deadlocks() == deadlocks


def _who(arena: Arena, line: int, person: Person) -> Person:
    """That person on that line: even ones end at one replica, odd ones at the other."""
    return Person(arena.crowd[line].http, id=person.id, token=person.token, name=person.name)
