"""Adding and changing rates. None is ever deleted: bookings point at them."""

from typing import Any
from uuid import UUID

from consulta.features.specialists import queries
from consulta.features.specialists.errors import RateNotFound, SpecialistNotFound, TooManyRates
from consulta.features.specialists.schemas import RateCreate, RateOut, RatePatch
from consulta.platform.db.work import Work

MOST_RATES = 50

_ADD = """
INSERT INTO app.specialist_rates
    (specialist_id, kind, name, description, price_minor, currency, duration_minutes)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING id, kind, name, description, price_minor, currency, duration_minutes, is_active
"""

_CHANGE = """
UPDATE app.specialist_rates
SET name = $2, description = $3, price_minor = $4, currency = $5, duration_minutes = $6,
    is_active = $7
WHERE id = $1
RETURNING id, kind, name, description, price_minor, currency, duration_minutes, is_active
"""


async def add_rate(work: Work, body: RateCreate) -> RateOut:
    """The rate is offered from now on. Raises `SpecialistNotFound`, `RateKindTaken` (by its
    constraint) and `TooManyRates`.
    """
    # The lock on the own page keeps two additions from both finding the last place free.
    if await queries.is_verified_for_update(work, work.person) is None:
        raise SpecialistNotFound
    if len(await queries.own_rates(work)) >= MOST_RATES:
        raise TooManyRates
    row = await work.fetchrow(
        _ADD,
        work.person,
        body.kind,
        body.name or body.kind.replace("_", " ").capitalize(),
        body.description,
        body.price.amount_minor,
        body.price.currency,
        body.duration_minutes,
    )
    assert row is not None
    work.audit("rate_added", subject_type="rate", subject_id=row["id"], new=dict(row))
    return RateOut.of(row)


async def change_rate(work: Work, body: RatePatch, *, rate_id: UUID) -> RateOut:
    """What was sent is changed; bookings keep their price. Raises `RateNotFound`."""
    old = await queries.own_rate_for_update(work, rate_id)
    if old is None:
        raise RateNotFound
    new = dict(old) | _changes(body)
    row = await work.fetchrow(
        _CHANGE,
        rate_id,
        new["name"],
        new["description"],
        new["price_minor"],
        new["currency"],
        new["duration_minutes"],
        new["is_active"],
    )
    assert row is not None
    work.audit(
        "rate_changed", subject_type="rate", subject_id=rate_id, old=dict(old), new=dict(row)
    )
    return RateOut.of(row)


def _changes(body: RatePatch) -> dict[str, Any]:
    sent = body.model_dump(exclude_unset=True, exclude={"price"})
    kept = {
        name: value
        for name, value in sent.items()
        if value is not None or name in {"description", "duration_minutes"}
    }
    if body.price is not None:
        kept |= {"price_minor": body.price.amount_minor, "currency": body.price.currency}
    return kept
