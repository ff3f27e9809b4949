"""Paths that providers post to, public because the signature is the lock; and the admins' view."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request

from consulta.features.payments.errors import ProviderNotConfigured, SignatureRejected
from consulta.features.webhooks import flows, queries
from consulta.features.webhooks.deps import LetterBoxDep
from consulta.features.webhooks.errors import (
    WebhookAddressUnknown,
    WebhookEventNotFound,
    WebhookEventUnderWay,
)
from consulta.features.webhooks.schemas import LetterStateName, WebhookEventOut
from consulta.kernel.errors import Forbidden
from consulta.platform.auth.guards import ADMIN, OPEN
from consulta.platform.db.paging import BadCursor
from consulta.platform.http.deps import ActorDep, PageDep, PageOut, ReadDep
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Answer, Blankable

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])
admin_router = APIRouter(prefix="/admin/webhook-events", tags=["admin"])


class Received(Answer):
    received: bool = True
    duplicate: bool = False


Provider = Literal["stripe", "razorpay", "paytabs", "sandbox"]
State = Annotated[LetterStateName | None, Blankable, Query()]
OfProvider = Annotated[Provider | None, Blankable, Query()]
_ANY_OBJECT = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.post(
    "/{provider}",
    dependencies=[OPEN],
    summary="A payment provider tells of an event",
    responses=problems(*ALWAYS, SignatureRejected, ProviderNotConfigured),
    openapi_extra=_ANY_OBJECT,
)
async def receive(provider: Provider, request: Request, box: LetterBoxDep) -> Received:
    """2xx means: stored for good. Whatever follows is our business, not the provider's."""
    return await _received(box, request, provider=provider, account="")


@router.post(
    "/{provider}/{account}",
    dependencies=[OPEN],
    summary="A payment provider tells of an event at a specialist's own account",
    responses=problems(*ALWAYS, SignatureRejected, WebhookAddressUnknown, ProviderNotConfigured),
    openapi_extra=_ANY_OBJECT,
)
async def receive_for_account(
    provider: Provider, account: str, request: Request, box: LetterBoxDep
) -> Received:
    """As for the platform's own account, verified with the secret of this one."""
    return await _received(box, request, provider=provider, account=account)


async def _received(
    box: LetterBoxDep, request: Request, *, provider: str, account: str
) -> Received:
    is_new = await flows.receive(
        box,
        provider=provider,
        account=account,
        body=await request.body(),
        headers=request.headers,
    )
    return Received(duplicate=not is_new)


@admin_router.get(
    "",
    dependencies=[ADMIN],
    summary="Letters of payment providers, the newest first",
    responses=problems(*ALWAYS, Forbidden, BadCursor),
)
async def list_letters(
    page: PageDep, work: ReadDep, state: State = None, provider: OfProvider = None
) -> PageOut[WebhookEventOut]:
    found = await queries.letters(work, state=state, provider=provider, page=page)
    items = [WebhookEventOut(**dict(row)) for row in found.items]
    return PageOut(items=items, next_cursor=found.next_cursor)


@admin_router.post(
    "/{event_id}/replay",
    dependencies=[ADMIN],
    summary="Handle a letter anew that is settled or parked",
    responses=problems(*ALWAYS, Forbidden, WebhookEventNotFound, WebhookEventUnderWay),
)
async def replay_letter(event_id: UUID, actor: ActorDep, box: LetterBoxDep) -> WebhookEventOut:
    """What it is about is read from the provider again; the letter itself is not believed."""
    return WebhookEventOut(**dict(await flows.replay(box, actor, event_id)))
