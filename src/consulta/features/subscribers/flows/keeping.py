"""Taking an address in: what it names is looked at before the transaction, since that asks a
resolver of names.
"""

from uuid import UUID

import asyncpg
from starlette.responses import Response

from consulta.features.subscribers import service
from consulta.features.subscribers.flows.courier import Courier
from consulta.features.subscribers.schemas import (
    WebhookEndpointChange,
    WebhookEndpointCreate,
    WebhookEndpointMade,
)
from consulta.kernel.actor import Actor
from consulta.platform.http.idempotency import Once


async def create(
    courier: Courier, actor: Actor, body: WebhookEndpointCreate, *, once: Once
) -> Response:
    """A new endpoint and its secret. Raises AddressRefused, and what `service.create` raises."""
    await courier.outgoing.check(body.url)
    async with courier.database.work(actor) as work:

        async def act() -> tuple[UUID, WebhookEndpointMade]:
            row, secret = await service.create(
                work,
                url=body.url,
                description=body.description,
                topics=body.topics,
                vault=courier.vault,
            )
            return row["id"], WebhookEndpointMade(**dict(row), secret=secret)

        return await once.run(work, body, act)


async def change(
    courier: Courier, actor: Actor, endpoint_id: UUID, body: WebhookEndpointChange
) -> asyncpg.Record:
    """The endpoint as it is now. Raises AddressRefused, WebhookEndpointNotFound."""
    if body.url is not None:
        await courier.outgoing.check(body.url)
    async with courier.database.work(actor) as work:
        return await service.change(work, endpoint_id, body.changes())
