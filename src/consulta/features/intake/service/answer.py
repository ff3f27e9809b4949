"""Answers: the client's own, sealed with their questions before they reach the database; whoever
opens them stands in the audit log, which is written before anything is answered.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from consulta.features.bookings.errors import BookingNotFound
from consulta.features.intake import access, queries
from consulta.features.intake.errors import (
    IntakeChanged,
    IntakeClosed,
    IntakeFormNotFound,
    IntakeInvalid,
)
from consulta.features.intake.rules import SEALED, Value, given, problems_of
from consulta.platform.crypto import Vault
from consulta.platform.db.work import Work

_SAVE = """
INSERT INTO app.intake_answers
    (booking_id, specialist_id, client_id, form_id, key_id, wrapped_key, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (booking_id) DO NOTHING RETURNING *
"""
_REPLACE = """
UPDATE app.intake_answers SET form_id = $2, key_id = $3, wrapped_key = $4, sealed = $5
WHERE booking_id = $1 AND revision = $6 RETURNING *
"""


async def intake_of(work: Work, *, vault: Vault, booking_id: UUID) -> dict[str, Any]:
    """What is asked before the session, and what was answered. Raises BookingNotFound,
    Unreadable.
    """
    session = await _session(work, booking_id)
    row = await queries.answers_of(work, booking_id)
    if row is not None:
        work.audit(
            "intake.read",
            subject_type="booking",
            subject_id=booking_id,
            new={
                "revision": row["revision"],
                "as": "client" if work.person == session["client_id"] else "specialist",
            },
        )
        return _shown(session, row, SEALED.disclose(vault, row))
    form = await _form(work, session)
    return _shown(session, None, {"form": dict(form) if form else None, "answers": None})


async def answer(
    work: Work,
    *,
    vault: Vault,
    booking_id: UUID,
    answers: Mapping[str, Value],
    revision: int | None,
) -> dict[str, Any]:
    """The answers to the questions as they are asked now, in place of those before.

    Raises BookingNotFound, Forbidden, IntakeClosed, IntakeFormNotFound, IntakeFormChanged,
    IntakeInvalid, IntakeChanged.
    """
    session = await _session(work, booking_id)
    access.ensure_its_client(work.actor, client_id=session["client_id"])
    if not session["is_open"]:
        raise IntakeClosed
    form = await _form(work, session)
    if form is None:
        raise IntakeFormNotFound
    problems = problems_of(form["questions"], answers)
    if problems:
        raise IntakeInvalid(questions=problems)
    asked = {name: form[name] for name in ("id", "version", "title", "questions")}
    content = {"form": asked, "answers": given(form["questions"], answers)}
    row = await _save(work, vault, session, content, revision=revision)
    work.audit(
        "intake.answered",
        subject_type="booking",
        subject_id=booking_id,
        new={"form_id": form["id"], "version": form["version"], "revision": row["revision"]},
    )
    if row["revision"] == 0:
        ids = {name: session[name] for name in ("booking_id", "specialist_id", "client_id")}
        work.send("intake.completed", ids)
    return _shown({**session, "intake_completed": True}, row, content)


async def _save(
    work: Work,
    vault: Vault,
    session: Mapping[str, Any],
    content: Mapping[str, Any],
    *,
    revision: int | None,
) -> asyncpg.Record:
    """Raises IntakeChanged, also where somebody was faster."""
    seen = await queries.answers_of(work, session["booking_id"])
    if revision is not None and (seen is None or seen["revision"] != revision):
        raise IntakeChanged
    envelope = SEALED.enclose(vault, content, session)
    sealed = (envelope.key_id, envelope.wrapped_key, envelope.sealed)
    form_id = content["form"]["id"]
    row: asyncpg.Record | None
    if seen is None:
        places = (session[key] for key in SEALED.keys)
        row = await work.fetchrow(_SAVE, *places, form_id, *sealed)
    else:
        row = await work.fetchrow(
            _REPLACE, session["booking_id"], form_id, *sealed, seen["revision"]
        )
    if row is None:
        raise IntakeChanged
    return row


async def _session(work: Work, booking_id: UUID) -> asyncpg.Record:
    session = await queries.session(work, booking_id)
    if session is None:
        raise BookingNotFound
    return session


async def _form(work: Work, session: Mapping[str, Any]) -> asyncpg.Record | None:
    return await queries.active_form(
        work, specialist_id=session["specialist_id"], rate_id=session["rate_id"]
    )


def _shown(
    session: Mapping[str, Any], row: Mapping[str, Any] | None, content: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "booking_id": session["booking_id"],
        "is_completed": session["intake_completed"],
        "is_open": session["is_open"],
        "revision": row["revision"] if row else None,
        "submitted_at": row["submitted_at"] if row else None,
        **content,
    }
