"""The old ways to cancel and to ring for the dispatcher, by the same flows as everybody's."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from consulta.features.bookings import flows as bookings
from consulta.features.bookings.errors import BookingNotFound
from consulta.features.compat import queries
from consulta.features.compat.errors import DispatchFailed
from consulta.features.compat.rules import dispatched_message, success_message
from consulta.features.compat.schemas import Dispatched, DispatchedBooking, DispatchError
from consulta.features.payments.flows import Till
from consulta.features.recurring.queries.dispatch import bookings_of_run
from consulta.kernel.actor import Actor
from consulta.kernel.errors import Forbidden
from consulta.kernel.money import Money
from consulta.platform.db.work import Database
from consulta.platform.http.idempotency import Once
from consulta.platform.jobs import Jobs, RunState


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


async def dispatch(jobs: Jobs, database: Database) -> Dispatched:
    """The dates of series that are due have been dispatched, or that is under way.

    Raises `DispatchFailed`, `Stopping`.
    """
    outcome = await jobs.run_now(_DISPATCH, triggered_by="cron", wait_seconds=_WAIT_SECONDS)
    if outcome.state is RunState.FAILED:
        raise DispatchFailed
    if outcome.is_running or outcome.run_id is None:
        message = dispatched_message(0, is_running=True)
        return Dispatched(message=message, count=0, bookings=[], errors=[])
    async with database.read(Actor.system("compat.dispatcher")) as work:
        made = await bookings_of_run(work, outcome.run_id, limit=_MOST_LISTED)
    count = outcome.counts.done
    return Dispatched(
        message=dispatched_message(count, is_running=False),
        count=count,
        bookings=[DispatchedBooking(**row) for row in made],
        errors=[DispatchError(**error) for error in (outcome.result or {}).get("errors", ())],
    )


_DISPATCH = "recurring.dispatch"
_WAIT_SECONDS = 25.0
"""Proxies give up after about half a minute; a longer run goes on by itself."""

_MOST_LISTED = 1_000
