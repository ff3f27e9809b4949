"""Every select of admin, named for what it returns. Ids are time-ordered: the newest come first."""

from uuid import UUID

import asyncpg

from consulta.platform.db.paging import Page, PageAsked
from consulta.platform.db.work import Work

_USER = """
SELECT u.id, u.email, p.full_name, u.role, u.is_active, u.email_verified_at, u.created_at
FROM app.users u LEFT JOIN app.profiles p ON p.user_id = u.id
"""

_USERS = f"""
{_USER}
WHERE ($1::text IS NULL OR u.email = lower($1)) AND ($2::text IS NULL OR u.role = $2)
  AND ($3::boolean IS NULL OR u.is_active = $3) AND ($4::uuid IS NULL OR u.id < $4)
ORDER BY u.id DESC
LIMIT $5
"""

_REVIEW = """
SELECT s.id, s.full_name, s.headline, s.qualifications, s.time_zone, s.is_verified, s.verified_at,
       s.is_accepting, c.email, c.phone,
       coalesce(c.verification_documents, '[]') AS verification_documents, s.created_at
FROM app.specialists s LEFT JOIN app.specialist_contacts c ON c.specialist_id = s.id
"""

_REVIEWS = f"""
{_REVIEW}
WHERE ($1::boolean IS NULL OR s.is_verified = $1) AND ($2::uuid IS NULL OR s.id < $2)
ORDER BY s.id DESC
LIMIT $3
"""


async def users(
    work: Work, *, email: str | None, role: str | None, is_active: bool | None, page: PageAsked
) -> Page[asyncpg.Record]:
    """Accounts, the newest first."""
    after = (page.after("admin_users") or [None])[0]
    rows = await work.fetch(_USERS, email, role, is_active, after, page.limit + 1)
    return page.page("admin_users", rows, lambda row: (row["id"],))


async def user(work: Work, user_id: UUID) -> asyncpg.Record | None:
    return await work.fetchrow(_USER + "WHERE u.id = $1", user_id)


async def user_for_update(work: Work, user_id: UUID) -> asyncpg.Record | None:
    """Role and state of an account, under its lock."""
    return await work.fetchrow(
        "SELECT role, is_active FROM app.users WHERE id = $1 FOR UPDATE", user_id
    )


async def erasure_of(work: Work, user_id: UUID) -> asyncpg.Record | None:
    """The role of an account, and when it was erased; it stays so until the transaction ends."""
    return await work.fetchrow(
        "SELECT role, erased_at FROM app.users WHERE id = $1 FOR NO KEY UPDATE", user_id
    )


async def specialists(
    work: Work, *, is_verified: bool | None, page: PageAsked
) -> Page[asyncpg.Record]:
    """Pages, the newest first, with their private fields."""
    after = (page.after("admin_specialists") or [None])[0]
    rows = await work.fetch(_REVIEWS, is_verified, after, page.limit + 1)
    return page.page("admin_specialists", rows, lambda row: (row["id"],))


async def specialist(work: Work, specialist_id: UUID) -> asyncpg.Record | None:
    return await work.fetchrow(_REVIEW + "WHERE s.id = $1", specialist_id)
