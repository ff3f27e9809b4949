"""Noting where a provider's books and ours differ: what was mended, and what a person must see."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from consulta.features.payments.queries import payment
from consulta.platform.db.work import Work
from consulta.platform.failures import alert

# A difference that a person has settled stays settled until it looks otherwise.
_PARK = """
INSERT INTO app.reconciliation_findings
    (provider, account, charge_reference, payment_id, class, reason, facts)
SELECT $1, $2, $3, $4, 'park', $5, $6
WHERE NOT EXISTS (
    SELECT 1 FROM app.reconciliation_findings f
    WHERE (f.provider, f.account, f.charge_reference, f.class) = ($1, $2, $3, 'park')
      AND f.state <> 'open' AND f.reason = $5 AND f.facts = $6)
ON CONFLICT (provider, account, charge_reference, class) WHERE state = 'open'
    DO UPDATE SET reason = excluded.reason, facts = excluded.facts
    WHERE (reconciliation_findings.reason, reconciliation_findings.facts)
        IS DISTINCT FROM (excluded.reason, excluded.facts)
"""

_MENDED = """
INSERT INTO app.reconciliation_findings
    (provider, account, charge_reference, payment_id, class, reason, facts, state, settled_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'done', app.now())
"""


async def park_charge(
    work: Work,
    *,
    provider: str,
    account: str,
    charge_reference: str,
    payment_id: UUID | None,
    reason: str,
    facts: Mapping[str, Any],
) -> None:
    """Somebody finds the difference among the open findings, once; not where it was settled as it
    stands.
    """
    named = (provider, account, charge_reference, payment_id)
    if await work.execute(_PARK, *named, reason, dict(facts)):
        alert("books differ: a person has to look", during="reconciliation", reason=reason)


async def park_payment(
    work: Work, *, payment_id: UUID, reason: str, facts: Mapping[str, Any]
) -> None:
    """The same about the charge of a payment, which goes by our own id where we know no other."""
    row = await payment(work, payment_id)
    assert row is not None, "payments stay"
    await park_charge(
        work,
        provider=row["provider"],
        account=row["account"],
        charge_reference=row["provider_reference"] or str(payment_id),
        payment_id=payment_id,
        reason=reason,
        facts=facts,
    )


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
