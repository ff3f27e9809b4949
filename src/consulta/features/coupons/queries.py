"""Every select of coupons, named for what it returns. Ids are time-ordered: newest first."""

from uuid import UUID

import asyncpg

from consulta.platform.db.paging import Page, PageAsked
from consulta.platform.db.work import Work


async def coupon(work: Work, coupon_id: UUID, *, owner: UUID | None) -> asyncpg.Record | None:
    """A coupon of `owner`, or any that the actor may see where there is none."""
    return await work.fetchrow(_COUPON + _OF_OWNER, coupon_id, owner)


async def coupon_for_update(
    work: Work, coupon_id: UUID, *, owner: UUID | None
) -> asyncpg.Record | None:
    """The same, under its lock; the number of its uses is another statement's to read."""
    return await work.fetchrow(_BARE + _OF_OWNER + " FOR UPDATE", coupon_id, owner)


async def own_coupons(
    work: Work, *, is_active: bool | None, page: PageAsked
) -> Page[asyncpg.Record]:
    """The actor's coupons, ended ones included, the newest first."""
    after = (page.after("own_coupons") or [None])[0]
    rows = await work.fetch(_OWN, work.person, is_active, after, page.limit + 1)
    return page.page("own_coupons", rows, lambda row: (row["id"],))


async def coupons(
    work: Work,
    *,
    specialist_id: UUID | None,
    is_of_house: bool | None,
    code: str | None,
    is_active: bool | None,
    page: PageAsked,
) -> Page[asyncpg.Record]:
    """Coupons of everybody and of the house, the newest first."""
    after = (page.after("admin_coupons") or [None])[0]
    rows = await work.fetch(
        _ALL, specialist_id, is_of_house, code, is_active, after, page.limit + 1
    )
    return page.page("admin_coupons", rows, lambda row: (row["id"],))


async def usages_of(work: Work, coupon_id: UUID, *, page: PageAsked) -> Page[asyncpg.Record]:
    """The bookings that used the coupon, the newest first, as far as the actor may see them."""
    after = (page.after("coupon_usages") or [None])[0]
    rows = await work.fetch(_USAGES, coupon_id, after, page.limit + 1)
    return page.page("coupon_usages", rows, lambda row: (row["id"],))


async def active_coupons(work: Work, specialist_id: UUID | None) -> int:
    """How many active coupons that specialist has, or the house."""
    count: int = await work.fetchval(_ACTIVE, specialist_id)
    return count


async def has_page(work: Work, specialist_id: UUID) -> bool:
    is_there: bool = await work.fetchval(
        "SELECT EXISTS (SELECT 1 FROM app.specialists WHERE id = $1)", specialist_id
    )
    return is_there


async def valid_coupon(
    work: Work, code: str, *, specialist_id: UUID, rate_id: UUID
) -> asyncpg.Record:
    """What the code would take off that rate for the actor. Raises what a booking would meet."""
    row = await work.fetchrow(
        "SELECT * FROM app.validate_coupon($1, $2, $3)", code, specialist_id, rate_id
    )
    assert row is not None
    return row


_COLUMNS = """c.id, c.specialist_id, c.code, c.description, c.kind, c.percent, c.amount_minor,
       c.currency, c.minimum_minor, c.most_uses, c.most_uses_per_client, c.valid_from,
       c.valid_until, c.is_active, c.created_at, c.updated_at"""

_BARE = f"""
SELECT {_COLUMNS}
FROM app.coupons c
"""

# A million uses are not counted for a list: what was given back and not counted off yet is few.
_COUPON = f"""
SELECT {_COLUMNS},
       c.used_count - (
           SELECT count(*) FROM app.coupon_usages u
           WHERE u.coupon_id = c.id AND u.state = 'returned' AND u.is_counted) AS used_count
FROM app.coupons c
"""

_OF_OWNER = "WHERE c.id = $1 AND ($2::uuid IS NULL OR c.specialist_id = $2)"

_OWN = f"""
{_COUPON}
WHERE c.specialist_id = $1 AND ($2::boolean IS NULL OR c.is_active = $2)
  AND ($3::uuid IS NULL OR c.id < $3)
ORDER BY c.id DESC
LIMIT $4
"""

_ALL = f"""
{_COUPON}
WHERE ($1::uuid IS NULL OR c.specialist_id = $1)
  AND ($2::boolean IS NULL OR (c.specialist_id IS NULL) = $2)
  AND ($3::text IS NULL OR c.code = $3) AND ($4::boolean IS NULL OR c.is_active = $4)
  AND ($5::uuid IS NULL OR c.id < $5)
ORDER BY c.id DESC
LIMIT $6
"""

_ACTIVE = """
SELECT count(*) FROM app.coupons c
WHERE c.specialist_id IS NOT DISTINCT FROM $1::uuid AND c.is_active
"""

_USAGES = """
SELECT u.id, u.booking_id, u.client_id, p.full_name AS client_name, u.discount_minor, u.currency,
       u.state, u.created_at, u.returned_at
FROM app.coupon_usages u LEFT JOIN app.profiles p ON p.user_id = u.client_id
WHERE u.coupon_id = $1 AND ($2::uuid IS NULL OR u.id < $2)
ORDER BY u.id DESC
LIMIT $3
"""
