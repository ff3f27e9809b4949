"""Adding coupons and changing their terms. None is ever deleted: bookings point at them."""

from uuid import UUID

from consulta.features.coupons import queries
from consulta.features.coupons.errors import CouponNotFound, TooManyCoupons
from consulta.features.coupons.rules import MOST_ACTIVE, TERMS, changed_terms
from consulta.features.coupons.schemas import CouponCreate, CouponOut, CouponPatch
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.platform.db.work import Work

_ADD = """
INSERT INTO app.coupons (specialist_id, code, description, kind, percent, amount_minor, currency,
    minimum_minor, most_uses, most_uses_per_client, valid_from, valid_until, is_active)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, coalesce($11, app.now()), $12, $13)
RETURNING id
"""

_CHANGE = f"""
UPDATE app.coupons SET {", ".join(f"{name} = ${place}" for place, name in enumerate(TERMS, 2))}
WHERE id = $1
"""

# A lock of its own: the row of the page would stand in the way of bookings.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('app.coupons ' || $1, 0))"


async def add(work: Work, body: CouponCreate, *, specialist_id: UUID | None) -> CouponOut:
    """The coupon of that specialist, or of the house, can be used from now on. Raises
    `SpecialistNotFound`, `TooManyCoupons`, and by their constraints `CouponCodeTaken` and
    `InvalidCouponPeriod`.
    """
    if specialist_id is not None and not await queries.has_page(work, specialist_id):
        raise SpecialistNotFound
    if body.is_active:
        await _one_at_a_time(work, specialist_id)
        await _ensure_room(work, specialist_id)
    coupon_id: UUID = await work.fetchval(
        _ADD,
        specialist_id,
        body.code,
        body.description,
        body.kind,
        body.percent,
        body.amount.amount_minor if body.amount else None,
        body.currency,
        body.minimum.amount_minor if body.minimum else None,
        body.most_uses,
        body.most_uses_per_client,
        body.valid_from,
        body.valid_until,
        body.is_active,
    )
    row = await queries.coupon(work, coupon_id, owner=None)
    assert row is not None
    work.audit("coupon_added", subject_type="coupon", subject_id=coupon_id, new=dict(row))
    return CouponOut.of(row)


async def change(
    work: Work, body: CouponPatch, *, coupon_id: UUID, owner: UUID | None
) -> CouponOut:
    """What was sent is changed; bookings keep their discount. `owner` None: anybody's coupon.

    Raises `CouponNotFound`, `TooManyCoupons`, `CouponCurrencyMismatch`, `InvalidCouponPeriod`.
    """
    seen = await queries.coupon(work, coupon_id, owner=owner)
    if seen is None:
        raise CouponNotFound
    if body.is_active:
        # Before the coupon's own lock, for which bookings wait.
        await _one_at_a_time(work, seen["specialist_id"])
    old = await queries.coupon_for_update(work, coupon_id, owner=owner)
    assert old is not None
    sent = body.model_dump(exclude_unset=True)
    new = changed_terms(old, sent, minimum=sent.get("minimum"))
    if new["is_active"] and not old["is_active"]:
        await _ensure_room(work, old["specialist_id"])
    await work.execute(_CHANGE, coupon_id, *(new[name] for name in TERMS))
    work.audit(
        "coupon_changed",
        subject_type="coupon",
        subject_id=coupon_id,
        old={name: old[name] for name in TERMS},
        new=new,
    )
    row = await queries.coupon(work, coupon_id, owner=owner)
    assert row is not None
    return CouponOut.of(row)


async def _one_at_a_time(work: Work, specialist_id: UUID | None) -> None:
    await work.fetchval(_ONE_AT_A_TIME, str(specialist_id or "of the house"))


async def _ensure_room(work: Work, specialist_id: UUID | None) -> None:
    if await queries.active_coupons(work, specialist_id) >= MOST_ACTIVE:
        raise TooManyCoupons
