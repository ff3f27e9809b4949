"""Every select of intake, named for what it returns. Answers come sealed."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from consulta.platform.db.work import Work

_FORM = """
SELECT f.id, f.specialist_id, f.rate_id, f.version, f.title, f.questions, f.is_active, f.created_at
FROM app.intake_forms f
"""

_PAGE = """
SELECT EXISTS (SELECT 1 FROM app.specialists s WHERE s.id = $1) AS is_specialist,
       $2::uuid IS NULL OR EXISTS (
           SELECT 1 FROM app.specialist_rates r WHERE r.id = $2 AND r.specialist_id = $1
       ) AS is_rate,
       (SELECT count(*) FROM app.intake_forms f WHERE f.specialist_id = $1) AS forms
"""


async def own_forms(work: Work) -> Sequence[asyncpg.Record]:
    """The actor's forms, those of the past included, the newest first; at most 200."""
    return await work.fetch(
        f"{_FORM} WHERE f.specialist_id = $1 ORDER BY f.is_active DESC, f.id DESC LIMIT 200",
        work.person,
    )


async def active_form(
    work: Work, *, specialist_id: UUID, rate_id: UUID | None
) -> asyncpg.Record | None:
    """What is asked before a session at that rate: the rate's own form, or else the one of all."""
    return await work.fetchrow(
        f"{_FORM} WHERE f.specialist_id = $1 AND f.is_active"
        " AND (f.rate_id = $2 OR f.rate_id IS NULL) ORDER BY f.rate_id NULLS LAST LIMIT 1",
        specialist_id,
        rate_id,
    )


async def form_in_force(work: Work, *, rate_id: UUID | None) -> asyncpg.Record | None:
    """The actor's form of exactly that rate, or of all."""
    return await work.fetchrow(
        f"{_FORM} WHERE f.specialist_id = $1 AND f.is_active AND f.rate_id IS NOT DISTINCT FROM $2",
        work.person,
        rate_id,
    )


async def standing_of_page(work: Work, *, rate_id: UUID | None) -> asyncpg.Record:
    """Whether the actor has a page and that rate, and how many forms there are."""
    row = await work.fetchrow(_PAGE, work.person, rate_id)
    assert row is not None
    return row


async def session(work: Work, booking_id: UUID) -> asyncpg.Record | None:
    """A booking as far as intake goes, for its parties."""
    return await work.fetchrow(
        "SELECT b.id AS booking_id, b.specialist_id, b.client_id, b.rate_id, b.intake_completed,"
        " b.status IN ('pending_payment', 'awaiting_confirmation', 'confirmed')"
        "   AND b.ends_at > app.now() AS is_open"
        " FROM app.bookings b WHERE b.id = $1",
        booking_id,
    )


async def answers_of(work: Work, booking_id: UUID) -> asyncpg.Record | None:
    """The sealed answers of a booking, for its parties."""
    return await work.fetchrow(
        "SELECT a.* FROM app.intake_answers a WHERE a.booking_id = $1", booking_id
    )


async def answers_of_person(work: Work, *, limit: int) -> Sequence[asyncpg.Record]:
    """The sealed answers that the actor gave, the newest first."""
    return await work.fetch(
        "SELECT a.* FROM app.intake_answers a WHERE a.client_id = $1"
        " ORDER BY a.submitted_at DESC, a.booking_id LIMIT $2",
        work.person,
        limit,
    )
