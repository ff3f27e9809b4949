"""What the routes of bookings share: who decides, and a booking as its reader may see it."""

from typing import Any
from uuid import UUID

from starlette.responses import Response

from consulta.features.bookings import errors, queries, schemas
from consulta.features.payments import flows as payments
from consulta.features.payments.deps import TillDep
from consulta.kernel.actor import Role
from consulta.platform.auth.guards import require
from consulta.platform.db.work import Work
from consulta.platform.http.answers import json_response

DECIDES = require(Role.SPECIALIST, Role.ADMIN)


async def booking_answer(work: Work, till: TillDep, booking_id: UUID) -> Response:
    row = await queries.booking(work, booking_id)
    if row is None:
        raise errors.BookingNotFound
    return json_response(shown(row, work, till))


def shown(row: Any, work: Work, till: TillDep, *, with_action: bool = True) -> dict[str, Any]:
    key = payments.publishable_key(till, row)
    return schemas.booking_out(
        row,
        publishable_key=key,
        with_action=with_action and work.actor.id == row["client_id"],
    )
