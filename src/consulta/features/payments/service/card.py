"""A saved card is asked for the money of a session, or could not pay for it."""

from collections.abc import Mapping
from typing import Any

from consulta.features.payments.events import SavedCardRefused
from consulta.features.payments.queries import LockedPayment
from consulta.platform.db.work import Work

_ASKED = "UPDATE app.payments SET authorize_from = NULL WHERE id = $1"
_REFUSED = "UPDATE app.payments SET authorize_from = NULL, last_error = $2 WHERE id = $1"
_ENQUEUE = "SELECT app.enqueue_operation($1, 'authorize', $2, $3, 0)"


async def charge_card(work: Work, payment: LockedPayment, *, card: Mapping[str, Any]) -> None:
    """The card will be charged by the worker, its payer away; nothing happens while somebody else
    pays. `card` has the names of the method and of its customer at the provider.
    """
    await work.execute(_ASKED, payment.id)
    params = {**card, "off_session": True}
    await work.execute(_ENQUEUE, payment.id, payment.amount.amount_minor, params)


async def leave_card_alone(work: Work, payment: LockedPayment) -> None:
    """The card is not asked any more: there is nothing left to pay for."""
    await work.execute(_ASKED, payment.id)


async def refuse_card(work: Work, payment: LockedPayment, *, reason: str) -> None:
    """The card cannot even be asked; the payment says why, and its payer hears of it."""
    await work.execute(_REFUSED, payment.id, reason)
    work.audit(
        "payment.authorize_refused",
        subject_type="payment",
        subject_id=payment.id,
        new={"reason": reason},
        status="failure",
    )
    await tell_card_refused(work, payment)


async def tell_card_refused(work: Work, payment: LockedPayment) -> None:
    """The payer is told, and whoever sold something leaves time to pay otherwise."""
    ids = {
        "payment_id": payment.id,
        "booking_id": payment.booking_id,
        "specialist_id": payment.specialist_id,
        "client_id": payment.client_id,
    }
    work.send("payment.saved_card_refused", ids)
    await work.announce(SavedCardRefused(payment.id, payment.booking_id, payment.purchase_id))
