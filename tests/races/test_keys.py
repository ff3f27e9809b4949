"""One person, many clicks: one key or many, over both replicas, there is one booking."""

from collections import Counter

import pytest

from tests.races.arena import Arena, all_at_once

pytestmark = pytest.mark.slow

VISA = {"payment_method": "pm_sandbox_visa"}


async def test_one_key_fifty_times_at_once(arena: Arena) -> None:
    sarah = await arena.world.specialist()
    anna = arena.crowd[0]
    body = sarah.booking("mon 10:00", **VISA)
    replies = await all_at_once(
        [arena.over(line, anna).post("/bookings", body, key="one") for line in range(50)]
    )
    made = [one for one in replies if one.status == 201]
    assert made
    assert len({one.content for one in made}) == 1
    assert sum("idempotent-replayed" not in one.headers for one in made) == 1
    waiting = {(one.status, one.code) for one in replies if one.status != 201}
    assert waiting <= {(409, "IDEMPOTENCY_IN_PROGRESS")}
    again = await anna.post("/bookings", body, key="one")
    assert (again.status, again.content) == (201, made[0].content)
    rows = await arena.world.rows(
        "SELECT (SELECT count(*) FROM app.bookings WHERE specialist_id = $1) AS bookings,"
        " (SELECT count(*) FROM app.sandbox_charges c JOIN app.payments p"
        "  ON p.id::text = c.payment_id WHERE p.specialist_id = $1) AS charges",
        sarah.id,
    )
    assert rows == [{"bookings": 1, "charges": 1}]


async def test_a_double_click_with_twenty_keys(arena: Arena) -> None:
    sarah = await arena.world.specialist()
    anna = arena.crowd[1]
    body = sarah.booking("mon 10:00", **VISA)
    kept = "SELECT count(*) FROM app.idempotency_keys WHERE caller = $1"
    before = await arena.world.value(kept, str(anna.id))
    replies = await all_at_once(
        [arena.over(line, anna).post("/bookings", body) for line in range(20)]
    )
    outcome = Counter((one.status, one.code) for one in replies)
    assert outcome == {(201, None): 1, (409, "SLOT_TAKEN"): 19}
    charges = await arena.world.value(
        "SELECT count(*) FROM app.sandbox_charges c JOIN app.payments p"
        " ON p.id::text = c.payment_id WHERE p.specialist_id = $1",
        sarah.id,
    )
    assert charges == 1
    # Refusals that changed nothing keep no key.
    assert await arena.world.value(kept, str(anna.id)) == before + 1


async def test_one_key_on_one_verb_many_times(arena: Arena) -> None:
    sarah = await arena.world.specialist()
    anna = arena.crowd[2]
    booking = await anna.books(sarah, "mon 10:00", **VISA)
    path = f"/bookings/{booking['id']}/cancel"
    replies = await all_at_once(
        [arena.over(line, anna).post(path, key="cancelled") for line in range(20)]
    )
    assert {(one.status, one.code) for one in replies} <= {
        (200, None),
        (409, "IDEMPOTENCY_IN_PROGRESS"),
    }
    assert len({one.content for one in replies if one.status == 200}) == 1
    voids = await arena.world.value(
        "SELECT count(*) FROM app.payment_operations WHERE kind = 'cancel' AND payment_id = $1",
        booking["payment"]["id"],
    )
    assert voids == 1
