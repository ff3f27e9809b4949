"""A payer comes back from a provider's page: proven, the truth fetched, and sent on."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from consulta.features.payments import queries
from consulta.features.payments.errors import AmountMismatch, PaymentNotFound
from consulta.features.payments.flows.follow import follow
from consulta.features.payments.flows.till import Till
from consulta.features.payments.rules import way_back, word_of
from consulta.kernel.actor import ANONYMOUS
from consulta.kernel.errors import Unavailable
from consulta.platform.auth.turns import Turn, take_turns
from consulta.platform.db.work import Work
from consulta.platform.failures import alert
from consulta.providers.payments.accounts import AccountUnknown
from consulta.providers.payments.port import (
    ChargeRefused,
    PayersReturn,
    ProviderUnavailable,
    SendsPayersBack,
)

_RETURNS_PER_MINUTE = 60
_PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Porch:
    """Where payers arrive, and where they may be sent on to."""

    till: Till
    address: str
    """Whence the browser comes: nobody makes us ask a provider as often as he likes."""
    secret: bytes
    default: str
    origins: Collection[str]


async def come_back(porch: Porch, *, provider: str, account: str, form: bytes) -> str:
    """Where the payer goes on to. The payment says what its provider says at this moment; where
    that could not be asked, the word for it is `pending`, and a letter or the worker will tell.

    Raises `SignatureRejected`, `PaymentNotFound`, `ProviderNotConfigured` and `RateLimited`.
    """
    async with porch.till.database.work(ANONYMOUS) as work:
        turn = Turn("payers-return", porch.address, _RETURNS_PER_MINUTE)
        await take_turns(work, turn, secret=porch.secret)
    try:
        brought = await _brought(porch.till, provider=provider, account=account, form=form)
    except (ProviderUnavailable, TimeoutError):
        brought = None
    if brought is None:
        # Nothing is proven, so nothing is told.
        return _onward(porch, None, {"payment": _PENDING})
    async with porch.till.looking() as work:
        payment_id = await queries.payment_of_charge(
            work,
            provider=provider,
            account=account,
            reference=brought.charge_reference,
            payment_id=_uuid(brought.payment_id),
        )
    if payment_id is None:
        raise PaymentNotFound
    is_told = await _told(porch.till, payment_id, brought)
    async with porch.till.looking() as work:
        payment = await queries.payment(work, payment_id)
        assert payment is not None, "payments stay"
        asked = await queries.asked_return_url(work, payment_id)
    what = "booking_id" if payment["booking_id"] is not None else "package_purchase_id"
    word = word_of(payment["status"], payment["last_error"]) if is_told else _PENDING
    return _onward(porch, asked, {what: str(payment[what]), "payment": word})


async def _brought(till: Till, *, provider: str, account: str, form: bytes) -> PayersReturn | None:
    try:
        async with (
            asyncio.timeout(till.patience_seconds),
            till.providers.of(provider, account) as adapter,
        ):
            if not isinstance(adapter, SendsPayersBack):
                raise PaymentNotFound
            return await adapter.read_return(form)
    except AccountUnknown:
        raise PaymentNotFound from None


async def _told(till: Till, payment_id: UUID, brought: PayersReturn) -> bool:
    """Whether the provider could be asked how the payment stands."""

    async def nothing_more(_work: Work) -> None: ...

    async with till.looking() as work:
        known = await queries.payment(work, payment_id)
    assert known is not None, "payments stay"
    reference = known["provider_reference"] or brought.charge_reference
    try:
        async with asyncio.timeout(till.patience_seconds):
            await follow(till, payment_id, reference, also=nothing_more)
    except AmountMismatch:
        alert("a charge is not about our amount", during="payers return", payment=payment_id)
        return False
    except (ChargeRefused, Unavailable, TimeoutError):
        return False
    return True


def _onward(porch: Porch, asked: str | None, said: dict[str, str]) -> str:
    return way_back(asked, default=porch.default, origins=porch.origins, said=said)


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
