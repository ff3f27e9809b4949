"""The service with its main promise broken, as a control: booking calls the provider first and
commits the record behind the call.
"""

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.responses import Response

from consulta.features.bookings import queries, schemas, service
from consulta.features.payments import flows as payments
from consulta.features.payments.deps import TillDep
from consulta.platform.auth.guards import SIGNED_IN
from consulta.platform.http.answers import json_bytes
from consulta.platform.http.deps import ActorDep
from consulta.platform.http.idempotency import OnceDep
from consulta.serving import application as sound_application

FACTORY = "tests.crash.reckless:application"


async def book(
    body: schemas.BookingCreate, actor: ActorDep, till: TillDep, once: OnceDep
) -> Response:
    """As the product's, but for the order: decide, call, and only then commit and record."""
    async with till.database.work(actor) as work:
        beginning = await once.begin(work, body)
        if beginning.replay is not None:
            return beginning.replay
        order = service.Order(**body.model_dump())
        placed = await service.book(work, order, provider=till.providers.default.name)
        assert placed.lease is not None
        answer = await payments.ask(till, placed.lease)
        once.made(work, placed.booking_id)
    async with till.recording() as work:
        await payments.write_down(work, placed.lease, answer)
        row = await queries.booking(work, placed.booking_id)
        assert row is not None
        out = schemas.booking_out(row, publishable_key=None, with_action=True)
        return once.finish(
            work, subject_id=placed.booking_id, status_code=201, answer=json_bytes(out)
        )


def application() -> FastAPI:
    """The product, with this one route before its own."""
    app = sound_application()
    route = APIRoute("/api/v1/bookings", book, methods=["POST"], dependencies=[SIGNED_IN])
    app.router.routes.insert(0, route)
    return app
