"""Payments whose charge nobody has read for long: no letter may ever have come."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from consulta.features.payments import service as payment_service
from consulta.features.payments.flows import Till
from consulta.features.reconciliation import queries, service
from consulta.features.reconciliation.flows.compare import Account, examine
from consulta.features.reconciliation.rules import Remedy, next_reading
from consulta.providers.payments.port import Charge, ChargeRefused


@dataclass(frozen=True, slots=True)
class Due:
    """A payment whose charge is to be read."""

    payment_id: UUID
    account: Account
    reference: str | None


async def due_readings(till: Till, *, limit: int, set_aside: Sequence[UUID]) -> list[Due]:
    """Those that have waited longest."""
    async with till.looking() as work:
        rows = await queries.payments_to_read(work, limit=limit, set_aside=set_aside)
    return [
        Due(row["id"], Account(row["provider"], row["account"]), row["provider_reference"])
        for row in rows
    ]


async def read_again(till: Till, due: Due) -> Remedy | None:
    """The charge has been read and its difference mended or parked; the next reading has its time.
    Raises `ProviderUnavailable`.
    """
    remedy = await _read(till, due, due.reference) if due.reference is not None else None
    async with till.recording() as work:
        row = await queries.payment_as_read(work, due.payment_id)
        if row is not None:
            wait = next_reading(row["status"], age=row["age"])
            await service.schedule_reading(work, payment_id=due.payment_id, wait=wait)
    return remedy


async def _read(till: Till, due: Due, reference: str) -> Remedy | None:
    async with till.providers.of(due.account.provider, due.account.name) as provider:
        if not provider.capabilities.remembers:
            return None
        try:
            charge: Charge = await provider.fetch(reference)
        except ChargeRefused as refused:
            await _park_missing(till, due, error=refused.reason)
            return Remedy.PARK
    return await examine(till, due.account, charge)


async def _park_missing(till: Till, due: Due, *, error: str) -> None:
    async with till.recording() as work:
        await payment_service.park_payment(
            work, payment_id=due.payment_id, reason="charge_missing", facts={"error": error}
        )
