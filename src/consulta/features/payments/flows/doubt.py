"""Ending doubt by reading: a key may no longer be sent, or a charge is not where we thought."""

from datetime import timedelta

from consulta.features.payments.flows.answer import Answer
from consulta.features.payments.queries import Lease
from consulta.features.payments.rules import STORED_ERROR_LIMIT, key_is_fresh
from consulta.providers.payments.port import (
    Charge,
    ChargeRefused,
    ChargeState,
    ChargeStateConflict,
    PaymentProvider,
    ProviderUnavailable,
)

_SEARCH_BACK = timedelta(hours=48)


def needs_resolving(lease: Lease) -> bool:
    """Whether the key may no longer be sent: too old, answered by the same stored error, or about
    a charge that nobody wants any more.
    """
    return (
        not key_is_fresh(lease.first_sent_at, now=lease.now)
        or lease.same_error_count >= STORED_ERROR_LIMIT
        or (lease.kind == "authorize" and lease.is_forlorn)
    )


async def resolve(provider: PaymentProvider, lease: Lease) -> Answer:
    """Doubt is ended by reading: adopt what is there, or say that there is nothing."""
    charge = await _read(provider, lease)
    if charge is None:
        return Answer(is_absent=True)
    if lease.kind == "refund":
        return _named(lease, charge) or Answer(seen=charge)
    if _is_done(lease, charge):
        return Answer(charge)
    if (lease.kind, charge.state) in _OUT_OF_REACH:
        return Answer(refused=ChargeStateConflict(reason="charge_moved_on", charge=charge))
    if lease.kind == "cancel" and key_is_fresh(lease.first_sent_at, now=lease.now):
        return Answer(
            await provider.cancel(charge.reference, idempotency_key=str(lease.operation_id))
        )
    return Answer(is_undone=True)


_OUT_OF_REACH = {("cancel", ChargeState.PAID), ("capture", ChargeState.CANCELLED)}


async def _follow_conflict(
    provider: PaymentProvider, lease: Lease, conflict: ChargeStateConflict
) -> Answer:
    """The charge is elsewhere than we thought: follow it where our aim is met, else it is refused,
    with the truth beside the refusal.
    """
    charge = conflict.charge
    try:
        if charge is None:
            charge = await _read(provider, lease)
    except (ProviderUnavailable, ChargeRefused):
        return Answer(unavailable=ProviderUnavailable("The charge could not be read."))
    if charge is not None and lease.kind == "refund":
        return _named(lease, charge) or Answer(seen=charge, refused=conflict)
    if charge is not None and _is_done(lease, charge):
        return Answer(charge)
    if lease.kind == "cancel" and charge is not None and _only_lapses(provider, charge):
        return Answer(lapses_at=charge.capture_before or lease.now)
    conflict.charge = charge
    return Answer(refused=conflict)


async def follow_refusal(provider: PaymentProvider, lease: Lease, refused: ChargeRefused) -> Answer:
    """A conflict is followed. Of a refund it is told what stands beside the refusal: a dispute may
    be the reason. A key that went with other words before has had its effect, or none: the charge
    tells.
    """
    if isinstance(refused, ChargeStateConflict):
        return await _follow_conflict(provider, lease, refused)
    if lease.kind != "refund" or not provider.capabilities.remembers:
        return Answer(refused=refused)
    try:
        charge = await _read(provider, lease)
    except (ProviderUnavailable, ChargeRefused):
        return Answer(unavailable=ProviderUnavailable("The charge could not be read."))
    named = _named(lease, charge) if charge is not None else None
    if named is not None:
        return named
    if charge is not None and refused.reason == "idempotency_mismatch":
        return Answer(seen=charge, refused=refused)
    refused.charge = charge or refused.charge
    return Answer(refused=refused)


def _only_lapses(provider: PaymentProvider, charge: Charge) -> bool:
    """Whether the provider has no other end for a reservation than to let it run out."""
    return charge.state is ChargeState.AUTHORIZED and not provider.capabilities.void


async def _read(provider: PaymentProvider, lease: Lease) -> Charge | None:
    if lease.reference is not None:
        return await provider.fetch(lease.reference)
    sent = lease.first_sent_at or lease.now
    return await provider.find(str(lease.payment_id), created_after=sent - _SEARCH_BACK)


def _named(lease: Lease, charge: Charge) -> Answer | None:
    """What became of the refund, where the charge tells it by its key; None where it does not."""
    key = str(lease.operation_id)
    own = next((one for one in charge.refunds or () if one.key == key), None)
    if own is None:
        return None
    if own.has_failed:
        reason = own.error_code or "refund_failed"
        return Answer(refused=ChargeRefused(reason=reason, charge=charge))
    return Answer(charge, reference=own.reference)


def _is_done(lease: Lease, charge: Charge) -> bool:
    """Whether the charge shows that this operation has had its effect."""
    if lease.kind == "authorize":
        return True
    if lease.kind == "capture":
        return charge.state is ChargeState.PAID
    return charge.state is ChargeState.CANCELLED
