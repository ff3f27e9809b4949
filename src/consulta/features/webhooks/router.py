"""Paths that providers post to. They are public: the signature is the lock."""

from typing import Literal

from fastapi import APIRouter, Request

from consulta.features.payments.errors import ProviderNotConfigured, SignatureRejected
from consulta.features.webhooks import flows
from consulta.features.webhooks.deps import LetterBoxDep
from consulta.platform.auth.guards import OPEN
from consulta.platform.http.problems import ALWAYS, problems
from consulta.platform.http.schema import Answer

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])


class Received(Answer):
    received: bool = True
    duplicate: bool = False


@router.post(
    "/{provider}",
    dependencies=[OPEN],
    summary="A payment provider tells of an event",
    responses=problems(*ALWAYS, SignatureRejected, ProviderNotConfigured),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
async def receive(
    provider: Literal["stripe", "razorpay", "paytabs", "sandbox"],
    request: Request,
    box: LetterBoxDep,
) -> Received:
    """2xx means: stored for good. Whatever follows is our business, not the provider's."""
    is_new = await flows.receive(
        box, provider=provider, body=await request.body(), headers=request.headers
    )
    return Received(duplicate=not is_new)
