"""The old way to cancel, by the same flow as everybody's."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from consulta.features.bookings import flows as bookings
from consulta.features.bookings.errors import BookingNotFound
from consulta.features.compat import queries
from consulta.features.compat.rules import success_message
from consulta.features.payments.flows import Till
from consulta.kernel.actor import Actor
from consulta.kernel.errors import Forbidden
from consulta.kernel.money import Money
from consulta.platform.http.idempotency import Once


async def cancel(
    till: Till, actor: Actor, once: Once, *, booking_id: UUID, reason: str
) -> Response:
    """200 in the old words. Raises what cancelling raises, and `Forbidden` for the booking of
    others, which only here is told from an absent one (D10).
    """

    def tell(refund: Money) -> Any:
        return {"success": True, "message": success_message(refund)}

    try:
        return await bookings.cancel_and_tell(
            till, actor, once, booking_id, reason=reason, tell=tell
        )
    except BookingNotFound:
        async with till.database.read(actor) as work:
            if await queries.booking_exists(work, booking_id):
                raise Forbidden("You cannot cancel this booking") from None
        raise
