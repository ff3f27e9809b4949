"""What the rounds use up: starts that are really free, and authorised bookings to be cancelled.

Everything is numbered, and a range of numbers is given out once: nothing is tried twice.
"""

from dataclasses import dataclass, field

import orjson

from consulta.providers.payments.port import ChargeState
from consulta.providers.payments.sandbox_charge import VISA, SandboxCharge
from tests.bench.ground import Ground
from tests.bench.town import Scale

PEOPLE = 200
"""Clients who take part: so many tokens, used in turn."""

FIRST_DAY, LAST_DAY = 15, 75
"""Days ahead in which is booked: beyond the two weeks that are listed, within the horizon."""

_STARTS = """
CREATE UNLOGGED TABLE bench.starts AS
SELECT row_number() OVER (ORDER BY md5(s.n::text || o.starts_at::text)) AS n, s.n AS specialist,
       md5('specialist:' || s.n)::uuid AS specialist_id, md5('rate:' || s.n)::uuid AS rate_id,
       o.starts_at
FROM generate_series(1, $1) s (n), LATERAL (
    SELECT starts_at FROM app.open_slots(md5('specialist:' || s.n)::uuid,
        now() + make_interval(days => $2), now() + make_interval(days => $3), NULL, NULL, now())
    LIMIT $4) o
"""
_SHARE = """
ALTER TABLE bench.starts ADD PRIMARY KEY (n);
ANALYZE bench.starts;
GRANT USAGE ON SCHEMA bench TO consulta_user;
GRANT SELECT ON bench.starts TO consulta_user;
"""

_DOOMED = """
INSERT INTO app.slots (id, specialist_id, rate_id, starts_at, ends_at, session_starts_at,
    session_ends_at, status, held_by)
SELECT md5('doomed slot:' || n)::uuid, specialist_id, rate_id, starts_at,
       starts_at + interval '30 minutes', starts_at, starts_at + interval '30 minutes', 'booked',
       md5('client:' || 1 + n % {people})::uuid
FROM bench.starts WHERE n >= {first} AND n < {after};
INSERT INTO app.bookings (id, specialist_id, client_id, rate_id, slot_id, kind, status, starts_at,
    ends_at, price_minor, currency, policy, expires_at, booked_by)
SELECT md5('doomed:' || n)::uuid, specialist_id, md5('client:' || 1 + n % {people})::uuid, rate_id,
       md5('doomed slot:' || n)::uuid, 'standard', 'awaiting_confirmation', starts_at,
       starts_at + interval '30 minutes', 10000, 'USD', 'standard', now() + interval '1 day',
       md5('client:' || 1 + n % {people})::uuid
FROM bench.starts WHERE n >= {first} AND n < {after};
INSERT INTO app.booking_status_history (booking_id, specialist_id, client_id, to_status, actor_kind)
SELECT md5('doomed:' || n)::uuid, specialist_id, md5('client:' || 1 + n % {people})::uuid,
       'awaiting_confirmation', 'system'
FROM bench.starts WHERE n >= {first} AND n < {after};
INSERT INTO app.payments (id, booking_id, specialist_id, client_id, provider, provider_reference,
    status, amount_minor, currency, authorized_minor, capture_before)
SELECT md5('doomed payment:' || n)::uuid, md5('doomed:' || n)::uuid, specialist_id,
       md5('client:' || 1 + n % {people})::uuid, 'sandbox',
       'doomed_' || md5('doomed payment:' || n)::uuid, 'authorized', 10000, 'USD', 10000,
       now() + interval '6 days'
FROM bench.starts WHERE n >= {first} AND n < {after};
INSERT INTO app.payment_actions (payment_id, specialist_id, client_id)
SELECT md5('doomed payment:' || n)::uuid, specialist_id, md5('client:' || 1 + n % {people})::uuid
FROM bench.starts WHERE n >= {first} AND n < {after};
INSERT INTO app.payment_operations (payment_id, kind, amount_minor, state, attempts, fence,
    first_sent_at)
SELECT md5('doomed payment:' || n)::uuid, 'authorize', 10000, 'done', 1, 1, now()
FROM bench.starts WHERE n >= {first} AND n < {after};
"""
_CHARGES = """
INSERT INTO app.sandbox_charges (reference, payment_id, state, version)
SELECT reference, payment_id, $3::jsonb || jsonb_build_object(
           'reference', reference, 'payment_id', payment_id,
           'created_at', extract(epoch FROM now()), 'authorized_at', extract(epoch FROM now())), 1
FROM (SELECT 'doomed_' || md5('doomed payment:' || n)::uuid AS reference,
             (md5('doomed payment:' || n)::uuid)::text AS payment_id
      FROM generate_series($1::bigint, $2::bigint - 1) n) doomed
"""


def authorized_charge(reference: str, *, now: float) -> SandboxCharge:
    """What the provider's books say about a booking that waits to be cancelled."""
    return SandboxCharge(
        reference=reference,
        payment_id=reference.removeprefix("doomed_"),
        amount_minor=10_000,
        currency="USD",
        created_at=now,
        method=VISA,
        status=ChargeState.AUTHORIZED.value,
        authorized_at=now,
        version=1,
    )


class Exhausted(Exception):
    """The town has fewer free starts than the rounds need."""


@dataclass(slots=True)
class Supply:
    """Numbers of free starts, each given out once."""

    ground: Ground
    size: int
    _next: int = field(default=1)

    @classmethod
    async def laid_out(cls, ground: Ground, scale: Scale, *, needed: int) -> "Supply":
        """So many starts, which the engine calls free, in an order in which neighbours belong to
        different specialists.
        """
        each = needed // scale.specialists + 1
        async with ground.connected() as connection:
            await connection.execute("SET jit = off")
            await connection.execute(_STARTS, scale.specialists, FIRST_DAY, LAST_DAY, each)
            await connection.execute(_SHARE)
            size = await connection.fetchval("SELECT count(*) FROM bench.starts")
        if size < needed:
            raise Exhausted(
                f"{needed:,} free starts are needed, the town has {size:,}: take fewer or shorter"
                " rounds, or a larger scale"
            )
        return cls(ground, size)

    def take(self, count: int) -> range:
        if self._next + count > self.size + 1:
            raise Exhausted(f"the {self.size:,} free starts are used up")
        taken = range(self._next, self._next + count)
        self._next += count
        return taken

    async def booking_bodies(self, numbers: range) -> list[str]:
        """Bodies of `POST /bookings`, a line of JSON each."""
        async with self.ground.connected() as connection:
            rows = await connection.fetch(
                "SELECT specialist_id, rate_id, starts_at FROM bench.starts"
                " WHERE n >= $1 AND n < $2 ORDER BY n",
                numbers.start,
                numbers.stop,
            )
        return [orjson.dumps(dict(row), default=str).decode() for row in rows]

    async def doom(self, numbers: range) -> None:
        """On these starts stand authorised bookings, `doomed:<n>`, of client `1 + n % PEOPLE`."""
        sizes = {"people": PEOPLE, "first": numbers.start, "after": numbers.stop}
        state = orjson.dumps(authorized_charge("", now=0).as_state()).decode()
        async with self.ground.connected() as connection:
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(_DOOMED.format(**sizes))
            await connection.execute(_CHARGES, numbers.start, numbers.stop, state)
