"""Pages and their cards: what everybody sees, and what their owner does."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from consulta.platform.db.work import Work


async def cards(work: Work, specialists: Sequence[UUID]) -> list[asyncpg.Record]:
    """What the directory shows of each, in the order given."""
    return await work.fetch(_CARDS, specialists)


async def public_page(work: Work, specialist_id: UUID) -> asyncpg.Record | None:
    """The page as the actor may see it: a verified one, or the own."""
    return await work.fetchrow(_PAGE, specialist_id)


async def own_page(work: Work) -> asyncpg.Record | None:
    """The actor's page, private contacts included."""
    return await work.fetchrow(_OWN_PAGE, work.person)


async def is_visible(work: Work, specialist_id: UUID) -> bool:
    """Whether the actor may know that there is such a page."""
    found = await work.fetchval("SELECT 1 FROM app.specialists WHERE id = $1", specialist_id)
    return found is not None


# NO KEY: bookings point at the page, and would wait for a stronger lock; a dispatch makes those of
# many pages in one transaction, and would fall into a deadlock with whoever locks several.


async def own_page_for_update(work: Work) -> asyncpg.Record | None:
    """The same under the page's lock."""
    await work.execute("SELECT FROM app.specialists WHERE id = $1 FOR NO KEY UPDATE", work.person)
    return await own_page(work)


async def is_verified_for_update(work: Work, specialist_id: UUID) -> bool | None:
    """Whether that page is public, under its lock; None where there is none."""
    found: bool | None = await work.fetchval(
        "SELECT is_verified FROM app.specialists WHERE id = $1 FOR NO KEY UPDATE", specialist_id
    )
    return found


_CARD = """
s.id, s.full_name, s.headline, s.time_zone, s.photo_url, s.rating_average, s.rating_count,
s.from_price_minor, s.from_currency, s.next_open_at, s.is_accepting,
ARRAY(SELECT f.specialty FROM app.specialist_specialties f
      WHERE f.specialist_id = s.id ORDER BY f.specialty) AS specialties,
ARRAY(SELECT l.language FROM app.specialist_languages l
      WHERE l.specialist_id = s.id ORDER BY l.language) AS languages
"""

_PAGE_COLUMNS = f"""{_CARD},
s.bio, s.qualifications, s.letterhead_url, s.is_verified, s.cancellation_policy,
s.cancellation_tiers, s.minimum_notice_minutes, s.horizon_days
"""

_CARDS = f"""
SELECT {_CARD}
FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, place)
JOIN app.specialists s ON s.id = wanted.id
ORDER BY wanted.place
"""

_PAGE = f"SELECT {_PAGE_COLUMNS} FROM app.specialists s WHERE s.id = $1"

_OWN_PAGE = f"""
SELECT {_PAGE_COLUMNS}, s.verified_at, s.auto_confirm, s.payment_provider, s.buffer_before_minutes,
       s.confirmation_hours, s.created_at, s.updated_at, c.email, c.phone,
       coalesce(c.verification_documents, '[]') AS verification_documents
FROM app.specialists s
LEFT JOIN app.specialist_contacts c ON c.specialist_id = s.id
WHERE s.id = $1
"""
