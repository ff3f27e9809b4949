"""Questions: a changed form is a new version, and the one before stays for its answers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from consulta.features.intake import queries
from consulta.features.intake.errors import IntakeFormNotFound, TooManyIntakeForms
from consulta.features.specialists.errors import RateNotFound, SpecialistNotFound
from consulta.platform.db.work import Work

_MOST_FORMS = 200

# A lock of its own: the row of the page would stand in the way of bookings.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('app.intake_forms ' || $1::uuid, 0))"
_RETIRE = """
UPDATE app.intake_forms SET is_active = false
WHERE specialist_id = $1 AND is_active AND rate_id IS NOT DISTINCT FROM $2
"""
_ADD = """
INSERT INTO app.intake_forms (specialist_id, rate_id, version, title, questions)
SELECT $1, $2, coalesce(max(f.version), 0) + 1, $3, $4 FROM app.intake_forms f
WHERE f.specialist_id = $1 AND f.rate_id IS NOT DISTINCT FROM $2
RETURNING *
"""
_WITHDRAW = """
UPDATE app.intake_forms SET is_active = false
WHERE id = $1 AND specialist_id = $2 AND is_active RETURNING rate_id, version
"""


async def put_form(
    work: Work, *, rate_id: UUID | None, title: str, questions: Sequence[dict[str, Any]]
) -> asyncpg.Record:
    """These questions are asked from now on before sessions at that rate, or before all. The same
    questions again are no new version.

    Raises RateNotFound, SpecialistNotFound, TooManyIntakeForms.
    """
    await work.execute(_LOCK, work.person)
    standing = await queries.form_in_force(work, rate_id=rate_id)
    if standing and (standing["title"], standing["questions"]) == (title, list(questions)):
        return standing
    page = await queries.standing_of_page(work, rate_id=rate_id)
    if not page["is_specialist"]:
        raise SpecialistNotFound
    if not page["is_rate"]:
        raise RateNotFound
    if page["forms"] >= _MOST_FORMS:
        raise TooManyIntakeForms
    await work.execute(_RETIRE, work.person, rate_id)
    made = await work.fetchrow(_ADD, work.person, rate_id, title, list(questions))
    assert made is not None
    work.audit(
        "intake_form.saved",
        subject_type="intake_form",
        subject_id=made["id"],
        old={"id": standing["id"], "version": standing["version"]} if standing else None,
        new={"rate_id": rate_id, "version": made["version"], "questions": len(questions)},
    )
    return made


async def withdraw_form(work: Work, *, form_id: UUID) -> None:
    """It is not asked any more; its answers stay. Raises IntakeFormNotFound."""
    ended = await work.fetchrow(_WITHDRAW, form_id, work.person)
    if ended is None:
        raise IntakeFormNotFound
    work.audit(
        "intake_form.withdrawn",
        subject_type="intake_form",
        subject_id=form_id,
        old={"is_active": True, "version": ended["version"]},
        new={"is_active": False},
    )
