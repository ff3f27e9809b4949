"""Use cases of compliance inside one transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from consulta.features.compliance import queries
from consulta.features.compliance.errors import ErasureBlocked, TooManyConsents
from consulta.features.compliance.rules import MOST_CONSENTS, Purpose
from consulta.platform import personal_data
from consulta.platform.db.work import Work
from consulta.platform.personal_data import Register

# A lock of its own: the row of the account is what others' bookings refer to.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('app.consents ' || $1::uuid, 0))"
_ADD = """
INSERT INTO app.consents (user_id, purpose, version, granted) VALUES ($1, $2, $3, $4)
RETURNING purpose, version, granted, created_at
"""


@dataclass(frozen=True, slots=True)
class Proof:
    """Why an account may be erased: the hash with which what its person typed was compared, None
    where there is no password; or the admin whose order stands in the audit log, who is audited.
    """

    password_hash: str | None = None
    ordered_by: UUID | None = None


async def consent(work: Work, *, purpose: Purpose, version: str, granted: bool) -> asyncpg.Record:
    """This is what the person says about that purpose now; said again, it is no change. Raises
    TooManyConsents.
    """
    await work.execute(_LOCK, work.person)
    before = await queries.present_consent(work, purpose)
    if before is not None and (before["version"], before["granted"]) == (version, granted):
        return before
    if await queries.number_of_consents(work) >= MOST_CONSENTS:
        raise TooManyConsents
    said = await work.fetchrow(_ADD, work.person, purpose.value, version, granted)
    assert said is not None
    work.audit(
        "consent_changed",
        subject_type="user",
        subject_id=work.person,
        new={"purpose": purpose.value, "granted": granted},
    )
    return said


async def erase(work: Work, *, register: Register, proof: Proof) -> datetime:
    """The account of whoever acts is erased. Raises ErasureBlocked, NotConfirmed, AccountErased."""
    said = (proof.password_hash, proof.ordered_by)
    blocking = await work.fetchval("SELECT app.begin_erasure($1, $2)", *said)
    if blocking:
        raise ErasureBlocked(blocking=blocking)
    await personal_data.erase(register, work)
    erased_at: datetime = await work.fetchval("SELECT app.erase_account($1, $2)", *said)
    if proof.ordered_by is None:
        work.audit("account_erased", subject_type="user", subject_id=work.person)
    return erased_at
