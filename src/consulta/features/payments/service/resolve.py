"""Ending the doubt about a refund whose key can no more be sent."""

from consulta.features.payments.queries import (
    Lease,
    payment_for_update,
    refund_names,
    refunds_beside,
)
from consulta.features.payments.rules import (
    RefundSeen,
    key_is_fresh,
    refund_seen,
    unnamed_minor,
)
from consulta.features.payments.service.record import park, postpone, record, refuse, replace
from consulta.platform.db.work import Work
from consulta.providers.payments.port import Charge


async def resolve_refund(
    work: Work, lease: Lease, charge: Charge, *, refusal: str | None = None
) -> None:
    """The refund is done, refused, sent anew under another key, or, where the charge does not tell
    it from another one in doubt, parked: to send either once more might return too much.

    Decided under the payment's lock, since others of its refunds may be resolved at this moment.
    """
    await payment_for_update(work, lease.payment_id)
    told = {name for one in charge.refunds or () for name in (one.key, one.reference) if name}
    beside = await refunds_beside(
        work, lease.payment_id, operation_id=lease.operation_id, told=told
    )
    seen = refund_seen(
        returned_minor=unnamed_minor(charge, ours=await refund_names(work, lease.payment_id)),
        done_minor=beside.done_minor,
        own_minor=lease.amount.amount_minor,
        others_minor=beside.in_doubt_minor,
    )
    if seen is RefundSeen.DONE:
        await record(work, lease, charge)
    elif refusal is not None:
        await refuse(work, lease, refusal, charge)
    elif seen is RefundSeen.UNDONE:
        await replace(work, lease, "no effect at the provider")
    elif beside.youngest_sent_at is not None and key_is_fresh(
        beside.youngest_sent_at, now=lease.now
    ):
        # That one can still be answered under its key, and then tells about this one.
        await postpone(work, lease, "ANOTHER_REFUND_IN_DOUBT")
    else:
        await park(work, lease, "REFUNDS_CANNOT_BE_TOLD_APART")
