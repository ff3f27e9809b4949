"""Replacing the week: all hours at once, so that nobody ever sees half of a schedule."""

from collections.abc import Mapping, Sequence
from typing import Any

from consulta.features.availability import queries
from consulta.features.availability.errors import SpecialistNotFound
from consulta.features.availability.schemas import RuleBody, WeekOut, WeekPut
from consulta.features.availability.service.lock import lock_calendar
from consulta.platform.db.work import Work

_COLUMNS = (
    "weekday",
    "starts_minute",
    "ends_minute",
    "slot_minutes",
    "buffer_minutes",
    "max_bookings_per_day",
    "is_active",
)
_CLEAR = "DELETE FROM app.availability_rules WHERE specialist_id = $1"
_FILL = f"""
INSERT INTO app.availability_rules (specialist_id, {", ".join(_COLUMNS)})
SELECT $1, * FROM unnest($2::smallint[], $3::smallint[], $4::smallint[], $5::smallint[],
                         $6::smallint[], $7::smallint[], $8::boolean[])
"""
_MOVE = "UPDATE app.specialists SET time_zone = $2 WHERE id = $1"


async def replace_week(work: Work, body: WeekPut) -> WeekOut:
    """The actor's week is as the body says; bookings stand. Raises `SpecialistNotFound`."""
    await lock_calendar(work, specialist_id=work.person)
    zone = await queries.time_zone_of(work, work.person)
    if zone is None:
        raise SpecialistNotFound
    old = await queries.rules_of(work, work.person)
    await work.execute(_CLEAR, work.person)
    await work.execute(_FILL, work.person, *_by_column(body.rules))
    new_zone = body.time_zone or zone
    if new_zone != zone:
        # A zone that this PostgreSQL does not know is refused here and not at the first booking.
        await work.execute("SELECT app.now() AT TIME ZONE $1", new_zone)
        await work.execute(_MOVE, work.person, new_zone)
    new = await queries.rules_of(work, work.person)
    work.audit(
        "availability_replaced",
        subject_type="specialist",
        subject_id=work.person,
        old=_for_audit(zone, old),
        new=_for_audit(new_zone, new),
    )
    return WeekOut.of(new_zone, new)


def _by_column(rules: Sequence[RuleBody]) -> list[list[Any]]:
    rows = [rule.values() for rule in rules]
    return [[row[place] for row in rows] for place in range(len(_COLUMNS))]


def _for_audit(zone: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"time_zone": zone, "rules": [dict(row) for row in rows]}
