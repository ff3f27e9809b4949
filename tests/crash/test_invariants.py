"""Each invariant is broken once, by hand: it says so, and without the damage it says nothing."""

from collections.abc import AsyncIterator, Mapping

import pytest

from tests.conftest import TestDatabase
from tests.crash.cast import Cast, gather_cast
from tests.crash.flows import FLOWS
from tests.crash.invariants import INVARIANTS, violations
from tests.crash.stage import Stage, set_stage

pytestmark = pytest.mark.slow

DAMAGE: Mapping[str, tuple[str, str]] = {
    "a standing booking without its span": (
        "reschedule",
        "UPDATE app.slots SET session_starts_at = session_starts_at + interval '1 minute'"
        " WHERE specialist_id = $1",
    ),
    "a span that no standing booking needs": (
        "reschedule",
        "UPDATE app.slots SET status = 'booked' WHERE specialist_id = $1 AND status = 'released'",
    ),
    "a booking that is not where its moves led": (
        "reschedule",
        "UPDATE app.bookings SET revision = 2 WHERE specialist_id = $1",
    ),
    "credits that are not their ledger's sum": (
        "credit",
        "UPDATE app.package_purchases SET credits_left = 4 WHERE specialist_id = $1",
    ),
    "a booking that did not reserve one credit": (
        "credit",
        "DELETE FROM app.package_credits WHERE specialist_id = $1 AND kind = 'reserved'",
    ),
    "a credit that is not settled with its booking": (
        "credit",
        "UPDATE app.bookings SET status = 'cancelled' WHERE specialist_id = $1",
    ),
    "a coupon that counts other uses than it has": (
        "coupon_free",
        "UPDATE app.coupons SET used_count = 2 WHERE specialist_id = $1",
    ),
    "a use of a coupon that does not go with its booking": (
        "coupon_free",
        "UPDATE app.coupon_usages SET state = 'returned', returned_at = now()"
        " WHERE specialist_id = $1",
    ),
    "a date of a series with two rows": (
        "series",
        "INSERT INTO app.recurring_booking_occurrences (recurring_booking_id, specialist_id,"
        " client_id, local_date, starts_at, outcome, reason) SELECT recurring_booking_id, $1, $1,"
        " local_date, starts_at, 'skipped', 'taken' FROM app.recurring_booking_occurrences"
        " WHERE specialist_id = $1",
    ),
    "a date of a series without its booking": (
        "series",
        "UPDATE app.bookings SET recurring_booking_id = NULL WHERE specialist_id = $1",
    ),
    "a booking of a series without its date": (
        "series",
        "DELETE FROM app.recurring_booking_occurrences WHERE specialist_id = $1",
    ),
    "a series that stands before a date that is decided": (
        "series",
        "UPDATE app.recurring_bookings SET next_booking_date = start_date WHERE specialist_id = $1",
    ),
    "a session with two payments": (
        "reschedule",
        "INSERT INTO app.payments (booking_id, specialist_id, client_id, provider, amount_minor,"
        " currency, status) SELECT booking_id, specialist_id, client_id, provider, amount_minor,"
        " currency, 'cancelled' FROM app.payments WHERE specialist_id = $1",
    ),
}
"""By invariant: a flow after which it holds, and how it is broken."""


@pytest.fixture(scope="module")
async def stage(module_database: TestDatabase) -> AsyncIterator[Stage]:
    async with set_stage(module_database) as made:
        yield made


@pytest.fixture(scope="module")
async def casts(stage: Stage) -> Mapping[str, Cast]:
    """A cast after each of the flows."""
    made = {}
    for name in dict.fromkeys(flow for flow, _ in DAMAGE.values()):
        flow = FLOWS[name]
        cast = made[name] = await gather_cast(stage, page=flow.page)
        assert flow.prelude is not None
        await flow.prelude(cast)
        await flow.perform(cast)
        await cast.settle()
    return made


@pytest.mark.parametrize("name", INVARIANTS)
async def test_an_invariant_sees_its_damage(casts: Mapping[str, Cast], name: str) -> None:
    flow, damage = DAMAGE[name]
    cast = casts[flow]
    assert await violations(cast) == []
    superuser = cast.stage.world.superuser
    transaction = superuser.transaction()
    await transaction.start()
    try:
        # What guards the tables is not asked here.
        await superuser.execute("SET LOCAL session_replication_role = replica")
        await superuser.execute(damage, cast.sarah.id)
        assert any(stray.startswith(f"{name}: ") for stray in await violations(cast))
    finally:
        await transaction.rollback()
