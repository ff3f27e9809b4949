"""Old addresses. Their errors leave in their old shape, too (`platform/http/older.py`)."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from consulta.features.compat import flows, schemas
from consulta.features.compat.deps import UnkeyedDep, body_of
from consulta.features.compat.rules import CANCEL_ADDRESS, DISPATCH_ADDRESS
from consulta.features.payments.deps import TillDep
from consulta.platform.auth.cron import CRON
from consulta.platform.auth.guards import SIGNED_IN
from consulta.platform.http.deps import ActorDep, DatabaseDep

router = APIRouter(tags=["functions"])


def _refused(codes: Mapping[int, str]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of an old function: its codes, by status."""
    return {
        status: {"model": schemas.FunctionRefused, "description": said}
        for status, said in codes.items()
    }


@router.post(
    CANCEL_ADDRESS,
    response_model=schemas.FunctionDone,
    dependencies=[SIGNED_IN],
    summary="Cancel a booking (for callers of the older system)",
    responses=_refused(
        {
            400: "`INVALID_REQUEST`",
            401: "`UNAUTHORIZED`",
            403: "`FORBIDDEN`",
            404: "`NOT_FOUND`",
            409: "`ALREADY_CANCELLED`; `BOOKING_IN_PAST`",
            500: "`CANCELLATION_FAILED`",
        }
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schemas.CancelAsked.model_json_schema()}},
        }
    },
)
async def booking_cancel(
    request: Request, actor: ActorDep, till: TillDep, once: UnkeyedDep
) -> Response:
    asked = schemas.CancelAsked.read(await body_of(request))
    return await flows.cancel(till, actor, once, booking_id=asked.booking_id, reason=asked.reason)


@router.post(
    DISPATCH_ADDRESS,
    dependencies=[CRON],
    summary="Dispatch recurring bookings (for cron daemons of the older system)",
    responses=_refused({400: "`INVALID_REQUEST`", 401: "`UNAUTHORIZED`", 500: "`DISPATCH_FAILED`"}),
)
async def recurring_bookings_dispatcher(
    request: Request, database: DatabaseDep
) -> schemas.Dispatched:
    return await flows.dispatch(request.app.state.jobs, database)
