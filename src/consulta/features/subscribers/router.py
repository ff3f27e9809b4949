"""Paths of outgoing webhooks: a specialist's own endpoints, and the platform's for admins."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from consulta.features.specialists.errors import SpecialistNotFound
from consulta.features.subscribers import flows, queries, service
from consulta.features.subscribers.deps import CourierDep
from consulta.features.subscribers.errors import (
    TooManyWebhookEndpoints,
    TooManyWebhookTests,
    WebhookDeliveryNotFound,
    WebhookDeliveryUnderWay,
    WebhookEndpointInactive,
    WebhookEndpointNotFound,
)
from consulta.features.subscribers.rules import ADDRESSES_PER_MINUTE, POSTS_PER_MINUTE
from consulta.features.subscribers.schemas import (
    DeliveryState,
    ReplayedOut,
    ReplaySince,
    SecretOut,
    SecretRotate,
    WebhookDeliveryOut,
    WebhookEndpointChange,
    WebhookEndpointCreate,
    WebhookEndpointMade,
    WebhookEndpointOut,
    WebhookEndpointsOut,
)
from consulta.kernel.errors import Forbidden, RateLimited
from consulta.platform.auth.guards import ADMIN, SPECIALIST
from consulta.platform.db.paging import BadCursor
from consulta.platform.http.deps import ActorDep, PageDep, PageOut, ReadDep, WorkDep
from consulta.platform.http.idempotency import OPTIONAL_ERRORS, OptionalOnceDep
from consulta.platform.http.pace import pace
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Blankable
from consulta.providers.outgoing.port import AddressRefused

own_router = APIRouter(
    prefix="/specialists/me/webhook-endpoints", tags=["subscribers"], dependencies=[SPECIALIST]
)
admin_router = APIRouter(prefix="/admin/webhook-endpoints", tags=["admin"], dependencies=[ADMIN])

_OF_ENDPOINT = (*ALWAYS, Forbidden, WebhookEndpointNotFound)
_ASKS_NAMES = pace("webhook-address", per_minute=ADDRESSES_PER_MINUTE)
_POSTS = pace("webhook-post", per_minute=POSTS_PER_MINUTE)


async def list_webhook_endpoints(work: ReadDep) -> WebhookEndpointsOut:
    """The newest first; there are ten at most."""
    rows = await queries.endpoints(work)
    return WebhookEndpointsOut(items=[WebhookEndpointOut(**dict(row)) for row in rows])


async def create_webhook_endpoint(
    body: WebhookEndpointCreate, actor: ActorDep, courier: CourierDep, once: OptionalOnceDep
) -> Response:
    """The answer holds the signing secret, this once. Posts follow Standard Webhooks: thin bodies
    of ids, signed, repeated under the same `webhook-id` until the receiver answers 2xx.
    """
    return await flows.create(courier, actor, body, once=once)


async def read_webhook_endpoint(endpoint_id: UUID, work: ReadDep) -> WebhookEndpointOut:
    return WebhookEndpointOut(**dict(await queries.endpoint(work, endpoint_id)))


async def change_webhook_endpoint(
    endpoint_id: UUID, body: WebhookEndpointChange, actor: ActorDep, courier: CourierDep
) -> WebhookEndpointOut:
    """What happened while it was off is not posted by itself: see `replay`."""
    return WebhookEndpointOut(**dict(await flows.change(courier, actor, endpoint_id, body)))


async def delete_webhook_endpoint(endpoint_id: UUID, work: WorkDep) -> Response:
    """Its secrets are gone at once, and the log of its deliveries after a while."""
    await service.delete(work, endpoint_id)
    return Response(status_code=204)


async def rotate_webhook_secret(
    endpoint_id: UUID, body: SecretRotate, work: WorkDep, courier: CourierDep
) -> SecretOut:
    """Posts carry a signature of the new secret and, while both are valid, of the former one."""
    secret, until = await service.rotate_secret(
        work, endpoint_id, overlap=timedelta(hours=body.overlap_hours), vault=courier.vault
    )
    return SecretOut(secret=secret, former_valid_until=until)


async def test_webhook_endpoint(endpoint_id: UUID, work: WorkDep) -> WebhookDeliveryOut:
    """`webhook.test` is posted within seconds; the delivery tells how it went."""
    return WebhookDeliveryOut(**dict(await service.test(work, endpoint_id)))


async def list_webhook_deliveries(
    endpoint_id: UUID,
    page: PageDep,
    work: ReadDep,
    state: Annotated[DeliveryState | None, Blankable, Query()] = None,
) -> PageOut[WebhookDeliveryOut]:
    """The newest first, of the last 30 days."""
    found = await queries.deliveries(work, endpoint_id, state=state, page=page)
    items = [WebhookDeliveryOut(**dict(row)) for row in found.items]
    return PageOut(items=items, next_cursor=found.next_cursor)


async def replay_webhook_delivery(
    endpoint_id: UUID, delivery_id: UUID, work: WorkDep
) -> WebhookDeliveryOut:
    """Posted again under the same `webhook-id`, with all its attempts."""
    return WebhookDeliveryOut(**dict(await service.replay(work, endpoint_id, delivery_id)))


async def replay_webhook_endpoint(
    endpoint_id: UUID, body: ReplaySince, work: WorkDep
) -> ReplayedOut:
    """What was given up of facts since then, the oldest first."""
    replayed = await service.replay_since(work, endpoint_id, since=body.since)
    return ReplayedOut(replayed=replayed)


_ONE = "/{endpoint_id}"
_ROUTES: tuple[tuple[str, str, Any, str, dict[str, Any]], ...] = (
    (
        "GET",
        "",
        list_webhook_endpoints,
        "List the addresses that facts are posted to",
        {"responses": problems(*ALWAYS, Forbidden)},
    ),
    (
        "POST",
        "",
        create_webhook_endpoint,
        "Have facts posted to an address",
        {
            "status_code": 201,
            "response_model": WebhookEndpointMade,
            "dependencies": [_ASKS_NAMES],
            "responses": problems(
                *(*ALWAYS, *OPTIONAL_ERRORS, Forbidden, RateLimited, AddressRefused),
                *(SpecialistNotFound, TooManyWebhookEndpoints),
            ),
        },
    ),
    ("GET", _ONE, read_webhook_endpoint, "Look at one of them", {}),
    (
        "PATCH",
        _ONE,
        change_webhook_endpoint,
        "Change an address, its topics, or switch it on or off",
        {
            "dependencies": [_ASKS_NAMES],
            "responses": problems(*_OF_ENDPOINT, RateLimited, AddressRefused),
        },
    ),
    (
        "DELETE",
        _ONE,
        delete_webhook_endpoint,
        "Have nothing posted there any more",
        {"status_code": 204},
    ),
    ("POST", f"{_ONE}/secret/rotate", rotate_webhook_secret, "Replace the signing secret", {}),
    (
        "POST",
        f"{_ONE}/test",
        test_webhook_endpoint,
        "Have a test posted",
        {
            "status_code": 202,
            "dependencies": [_POSTS],
            "responses": problems(
                *_OF_ENDPOINT, RateLimited, WebhookEndpointInactive, TooManyWebhookTests
            ),
        },
    ),
    (
        "GET",
        f"{_ONE}/deliveries",
        list_webhook_deliveries,
        "What was posted there, and how it went",
        {"responses": problems(*_OF_ENDPOINT, BadCursor)},
    ),
    (
        "POST",
        f"{_ONE}/deliveries/{{delivery_id}}/replay",
        replay_webhook_delivery,
        "Post something again",
        {
            "status_code": 202,
            "dependencies": [_POSTS],
            "responses": problems(
                *(*_OF_ENDPOINT, RateLimited, WebhookDeliveryNotFound),
                *(WebhookEndpointInactive, WebhookDeliveryUnderWay),
            ),
        },
    ),
    (
        "POST",
        f"{_ONE}/replay",
        replay_webhook_endpoint,
        "Post again whatever was given up since a moment",
        {
            "status_code": 202,
            "dependencies": [_POSTS],
            "responses": problems(*_OF_ENDPOINT, RateLimited, WebhookEndpointInactive),
        },
    ),
)


def _mount(router: APIRouter) -> None:
    """The same paths for both owners: whose endpoints are meant is decided by the role."""
    for method, path, endpoint, summary, more in _ROUTES:
        said = {"responses": problems(*_OF_ENDPOINT), **more}
        router.add_api_route(path, endpoint, methods=[method], summary=summary, **said)


_mount(own_router)
_mount(admin_router)
