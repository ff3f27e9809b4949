"""Due series at once: the dispatcher's own run against the floor, turn by turn, a week each.

A few series are due on Mondays, the others from Wednesday to Friday, so that both are measured
apart, also while it is tomorrow already in a part of the world.
Every turn takes the next week: nothing is reset, and both meet the same tables.
"""

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import median

from consulta.features.recurring.jobs import LANES, jobs_of
from consulta.features.recurring.service.dispatch import DispatchTerms
from consulta.platform.db.dsn import Dsn
from consulta.platform.db.engine import build_engine
from consulta.platform.db.roles import DbRole
from consulta.platform.db.work import Database, Engines
from consulta.platform.jobs import Jobs
from tests.bench.floor import time_floor
from tests.bench.ground import Ground
from tests.bench.measured import Failed
from tests.bench.rows import row_counts
from tests.bench.supply import LAST_DAY
from tests.bench.town import Scale

FLOOR_BATCH = 5_000
PROMISED_SECONDS = {1_000: 0.3, 100_000: 5.0}
_SERIES_EACH = 10

# Series begin on a Monday after every day on which others are booked. Triggers rest: these
# rows are consistent by construction. Sessions are free of charge, so that no payments are written.
_PREPARE = """
SET session_replication_role = replica;
UPDATE app.specialists SET horizon_days = 730;
UPDATE app.specialist_rates SET price_minor = 0;
CREATE UNLOGGED TABLE bench.series AS
SELECT row_number() OVER (ORDER BY NOT is_few, md5('specialist:' || specialist)::uuid, k) AS n,
       md5('series:' || k)::uuid AS id, md5('specialist:' || specialist)::uuid AS specialist_id,
       md5('rate:' || specialist)::uuid AS rate_id,
       md5('client:' || 1 + k * 7919::bigint % {clients})::uuid AS client_id, is_few,
       date '{monday}' + CASE WHEN is_few THEN 0 ELSE 2 + k / {specialists} % 3 END AS first,
       time '09:00' + CASE WHEN is_few THEN interval '0' ELSE
           (k / {specialists} / 3) * interval '1 hour' END AS at
FROM (
    SELECT k, 1 + k % {specialists} AS specialist, false AS is_few
    FROM generate_series(0, {many} - 1) k
    UNION ALL
    SELECT {many} + j, 1 + j * ({specialists} / {few}) % {specialists}, true
    FROM generate_series(0, {few} - 1) j) q;
ALTER TABLE bench.series ADD PRIMARY KEY (n);
INSERT INTO app.recurring_bookings (id, specialist_id, client_id, rate_id, frequency, start_date,
    local_time, anchor_day, payment_mode, next_booking_date, accepted_at, created_by)
SELECT id, specialist_id, client_id, rate_id, 'weekly', first, at, 1, 'manual', first, now(),
       client_id FROM bench.series;
RESET session_replication_role;
GRANT USAGE ON SCHEMA bench TO consulta_worker;
GRANT SELECT ON bench.series TO consulta_worker;
VACUUM ANALYZE app.recurring_bookings;
ANALYZE bench.series;
"""


@dataclass(slots=True)
class Turns:
    """Series in the copy of the town, and the seconds that each turn took, by (who, how many)."""

    ground: Ground
    scale: Scale
    monday: date
    seconds: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    _weeks: int = 0

    @property
    def many(self) -> int:
        return self.scale.specialists * _SERIES_EACH

    @property
    def few(self) -> int:
        return self.scale.specialists // 10

    async def prepare(self) -> None:
        sizes = {
            "clients": self.scale.clients,
            "specialists": self.scale.specialists,
            "many": self.many,
            "few": self.few,
            "monday": self.monday,
        }
        async with self.ground.connected() as connection:
            await connection.execute("SET jit = off")
            for statement in _PREPARE.format(**sizes).split(";\n"):
                if statement.strip():
                    await connection.execute(statement)

    async def play(self) -> None:
        """A week by the floor, one by the service. Raises `Failed` where their rows differ."""
        by_floor = await self._week("floor", self._floor)
        by_service = await self._week("service", self._service)
        for size in by_floor:
            if by_floor[size] != by_service[size]:
                raise Failed(
                    f"{size} dispatched by the service add {dict(by_service[size])}, by the floor"
                    f" {dict(by_floor[size])}"
                )

    async def _week(
        self, who: str, dispatch: Callable[[int, bool], Awaitable[float]]
    ) -> dict[int, Counter[str]]:
        added: dict[int, Counter[str]] = {}
        for size, is_few in ((self.few, True), (self.many, False)):
            before = await row_counts(self.ground)
            took = await dispatch(size, is_few)
            rows = await row_counts(self.ground) - before
            if who == "service":
                rows["audit_logs"] -= 1  # what the run says of itself
            if rows["bookings"] != size:
                raise Failed(f"{who} booked {rows['bookings']} of {size}")
            added[size] = rows
            self.seconds.setdefault((who, size), []).append(took)
            print(f"dispatch  {who:10} {size:8,} series {took:8.2f} s", flush=True)
        self._weeks += 1
        return added

    async def _floor(self, size: int, is_few: bool) -> float:
        first = 1 if is_few else self.few + 1
        batch = min(FLOOR_BATCH, -(-size // LANES))
        return await time_floor(
            self.ground,
            "dispatch",
            variables={"first": first, "last": first + size, "size": batch},
            clients=LANES,
            times=-(-size // (batch * LANES)),
        )

    async def _service(self, size: int, is_few: bool) -> float:
        last = self.monday + timedelta(days=7 * self._weeks + (0 if is_few else 4))
        today = datetime.now(UTC).date()
        terms = DispatchTerms(lead_days=(last - today).days, provider="manual")
        engine = build_engine(
            Dsn(self.ground.dsn(DbRole.WORKER)), size=LANES + 2, overflow=0, name="bench"
        )
        try:
            jobs = Jobs(Database(Engines(api=engine, admin=engine, worker=engine)), jobs_of(terms))
            begun = time.perf_counter()
            outcome = await jobs.run_now("recurring.dispatch", triggered_by="cli")
            took = time.perf_counter() - begun
        finally:
            await engine.dispose()
        if outcome.counts.failed or outcome.counts.done != size:
            raise Failed(f"{size} due: {outcome}")
        return took

    def table(self) -> str:
        """Medians, the ratio to the floor, and what was promised."""
        lines = [
            f"{'dispatch':9} {'series':>8} {'floor s':>8} {'service s':>10} {'of the floor':>13}"
        ]
        for size in (self.few, self.many):
            floor, service = (median(self.seconds[who, size]) for who in ("floor", "service"))
            promised = PROMISED_SECONDS.get(size)
            verdict = (
                f"   promised {promised} s: {'kept' if service < promised else 'MISSED'}"
                if promised is not None
                else ""
            )
            lines.append(
                f"{'':9} {size:8,} {floor:8.2f} {service:10.2f} {floor / service:13.2f}{verdict}"
            )
        return "\n".join(lines)


async def dispatches(ground: Ground, scale: Scale, *, rounds: int) -> str:
    """The table of so many rounds. The copy of the town is changed by it: it is played last."""
    first = datetime.now(UTC).date() + timedelta(days=LAST_DAY + 2)
    monday = first + timedelta(days=-first.weekday() % 7)
    turns = Turns(ground, scale, monday)
    await turns.prepare()
    for _ in range(rounds):
        await turns.play()
    return turns.table()
