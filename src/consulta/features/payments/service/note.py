"""Noting where a provider's books and ours differ: what was mended, and what a person must see."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from consulta.platform.db.work import Work
from consulta.platform.failures import alert

# A difference that a person has settled stays settled until it looks otherwise.
_PARK = """
INSERT INTO app.reconciliation_findings
    (provider, account, charge_reference, payment_id, class, reason, facts)
SELECT d.provider, d.account, d.charge_reference, d.payment_id, 'park', $1, $2
FROM ({}) AS d
WHERE NOT EXISTS (
    SELECT 1 FROM app.reconciliation_findings f
    WHERE (f.provider, f.account, f.charge_reference, f.class)
        = (d.provider, d.account, d.charge_reference, 'park')
      AND f.state <> 'open' AND f.reason = $1 AND f.facts = $2)
ON CONFLICT (provider, account, charge_reference, class) WHERE state = 'open'
    DO UPDATE SET reason = excluded.reason, facts = excluded.facts
    WHERE (reconciliation_findings.reason, reconciliation_findings.facts)
        IS DISTINCT FROM (excluded.reason, excluded.facts)
"""
_PARK_PAYMENT = _PARK.format(
    "SELECT p.provider, p.account, coalesce(p.provider_reference, p.id::text) AS charge_reference,"
    " p.id AS payment_id FROM app.payments p WHERE p.id = $3"
)
_PARK_CHARGE = _PARK.format(
    "SELECT $3::text AS provider, $4::text AS account, $5::text AS charge_reference,"
    " $6::uuid AS payment_id"
)

_MENDED = """
INSERT INTO app.reconciliation_findings
    (provider, account, charge_reference, payment_id, class, reason, facts, state, settled_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'done', app.now())
"""


async def park_payment(
    work: Work, *, payment_id: UUID, reason: str, facts: Mapping[str, Any]
) -> bool:
    """Somebody finds the difference among the open findings, once; False if it is there already,
    or was settled as it stands.
    """
    written = await work.execute(_PARK_PAYMENT, reason, dict(facts), payment_id)
    return _told(written, reason=reason)


async def park_charge(
    work: Work,
    *,
    provider: str,
    account: str,
    charge_reference: str,
    payment_id: UUID | None,
    reason: str,
    facts: Mapping[str, Any],
) -> bool:
    """The same about a charge that is not, or not surely, the one of a payment of ours."""
    named = (provider, account, charge_reference, payment_id)
    written = await work.execute(_PARK_CHARGE, reason, dict(facts), *named)
    return _told(written, reason=reason)


async def note_mended(
    work: Work,
    *,
    remedy: str,
    provider: str,
    account: str,
    charge_reference: str,
    payment_id: UUID,
    reason: str,
    facts: Mapping[str, Any],
) -> None:
    """It is on record that there was a difference, and what was done about it: `adopt`, `void` or
    `correct`.
    """
    named = (provider, account, charge_reference, payment_id)
    await work.execute(_MENDED, *named, remedy, reason, dict(facts))


def _told(written: int, *, reason: str) -> bool:
    if written:
        alert("books differ: a person has to look", during="reconciliation", reason=reason)
    return written == 1
