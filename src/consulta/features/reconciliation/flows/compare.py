"""A charge beside what we believe of it: what differs is mended, or parked for a person."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from consulta.features.payments import flows as payments
from consulta.features.payments import queries as payment_queries
from consulta.features.payments import service as payment_service
from consulta.features.payments.flows import Till
from consulta.features.reconciliation import queries, service
from consulta.features.reconciliation.rules import (
    FIRST_LOOK,
    OVERLAP,
    OurSide,
    Remedy,
    Verdict,
    verdict,
)
from consulta.platform.db.work import Work
from consulta.providers.payments.port import Charge


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a provider; an empty name is the platform's own."""

    provider: str
    name: str

    @property
    def id(self) -> UUID:
        return self.id_of("")

    def id_of(self, reference: str) -> UUID:
        """A name for one of its charges, for work that goes by ids."""
        return uuid5(NAMESPACE_OID, f"{self.provider}:{self.name}:{reference}")


async def accounts(till: Till) -> list[Account]:
    """Every account whose charges can be listed: the platform's own, and those of specialists."""
    own = [
        Account(name, "")
        for name in sorted(till.providers.names)
        if till.providers.get(name).capabilities.lists
        and till.providers.get(name).capabilities.remembers
    ]
    async with till.looking() as work:
        others = await queries.accounts_of_specialists(work)
    return own + [Account(provider, name) for provider, name in others]


async def recent_charges(till: Till, account: Account) -> AsyncGenerator[Charge, None]:
    """The charges of that account since the last comparison, less an overlap. Once all have been
    listed, the next comparison begins at the youngest of them. Raises `ProviderUnavailable`.
    """
    async with till.looking() as work:
        known = await queries.read_until(work, provider=account.provider, account=account.name)
        since = known - OVERLAP if known is not None else await work.now() - FIRST_LOOK
    youngest: datetime | None = None
    async with till.providers.of(account.provider, account.name) as provider:
        if not provider.capabilities.lists:
            return
        async for charge in provider.recent(since):
            if charge.created_at is not None:
                youngest = max(youngest or charge.created_at, charge.created_at)
            yield charge
    if youngest is not None and youngest != known:
        async with till.recording() as work:
            await service.advance(
                work, provider=account.provider, account=account.name, read_until=youngest
            )


async def look_back(till: Till, to: datetime) -> None:
    """The next comparison begins no later than there, at every account."""
    for account in await accounts(till):
        async with till.recording() as work:
            await service.look_back(
                work, provider=account.provider, account=account.name, to=to + OVERLAP
            )


async def examine(till: Till, account: Account, charge: Charge) -> Remedy | None:
    """What was done about the charge, or waits to be; None where nothing differs.

    A difference is mended by reading the charge once more, or by an operation that the worker
    carries out: never by believing a list.
    """
    async with till.looking() as work:
        ours = await queries.our_side(
            work,
            provider=account.provider,
            account=account.name,
            reference=charge.reference,
            payment_id=_uuid(charge.payment_id),
        )
    async with till.providers.of(account.provider, account.name) as provider:
        can_void = provider.capabilities.void
        if ours is not None and charge.refunds is None and ours.refunded_minor:
            # A list does not tell of refunds that failed.
            charge = await provider.fetch(charge.reference)
    found = verdict(charge, ours, can_void=can_void)
    if found is None:
        return None
    difference = _Difference(account, charge, ours, found)
    if found.remedy is Remedy.PARK:
        await difference.park(till)
        return found.remedy
    assert ours is not None, "a charge that is nobody's is parked"
    if found.reason == "not_released":
        await difference.release(till, ours)
    else:
        await payments.follow(till, ours.payment_id, charge.reference, also=difference.note)
    return found.remedy


@dataclass(frozen=True, slots=True)
class _Difference:
    """A charge, what we believe of it, and what is to be done."""

    account: Account
    charge: Charge
    ours: OurSide | None
    found: Verdict

    async def park(self, till: Till) -> None:
        async with till.recording() as work:
            await payment_service.park_charge(work, **self._named, facts=self._facts)

    async def release(self, till: Till, ours: OurSide) -> None:
        """The worker will release the money, unless the booking stands again by now."""
        async with till.recording() as work:
            # The calendar first, as everybody does: what the payment is for is decided under it.
            await payment_queries.payment_for_update(work, ours.payment_id)
            await payment_service.request_operation(
                work,
                payment_id=ours.payment_id,
                kind="cancel",
                amount_minor=ours.amount.amount_minor,
                leased=False,
            )
            await self.note(work)

    async def note(self, work: Work) -> None:
        remedy = self.found.remedy
        assert remedy is not Remedy.PARK
        await payment_service.note_mended(
            work, remedy=remedy.value, **self._named, facts=self._facts
        )

    @property
    def _named(self) -> Any:
        return {
            "provider": self.account.provider,
            "account": self.account.name,
            "charge_reference": self.charge.reference,
            "payment_id": self.ours.payment_id if self.ours is not None else None,
            "reason": self.found.reason,
        }

    @property
    def _facts(self) -> dict[str, Any]:
        """Both sides, as far as they can differ; no personal data."""
        charge, ours = self.charge, self.ours
        theirs = {
            "state": charge.state.value,
            "amount_minor": charge.amount.amount_minor,
            "currency": charge.amount.currency,
            "captured_minor": charge.captured_minor,
            "refunded_minor": charge.refunded_minor,
            "is_disputed": charge.disputed,
        }
        if ours is None:
            return {"theirs": theirs}
        return {
            "theirs": theirs,
            "ours": {
                "status": ours.status,
                "amount_minor": ours.amount.amount_minor,
                "currency": ours.amount.currency,
                "captured_minor": ours.captured_minor,
                "refunded_minor": ours.refunded_minor,
                "is_disputed": any(one.stands for one in ours.disputes),
            },
        }


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
