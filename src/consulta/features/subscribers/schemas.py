"""Bodies and answers about outgoing webhooks. A secret is in one answer: the one that made it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from consulta.kernel.topics import PUBLIC_TOPICS
from consulta.platform.http.schema import Answer, Blankable, Body, Moment, Text, shown_as


def _topic(value: str) -> str:
    if value not in PUBLIC_TOPICS:
        raise ValueError("is not a topic that is told outside")
    return value


Topic = Annotated[
    str, AfterValidator(_topic), Field(json_schema_extra={"enum": list(PUBLIC_TOPICS)})
]
Topics = Annotated[
    list[Topic],
    Field(max_length=len(PUBLIC_TOPICS), description="An empty list means all of them."),
]
Url = Annotated[
    Text,
    Field(
        max_length=2000,
        pattern=r"^https?://[!-~]+$",
        description="https, with a public address; redirects are not followed.",
    ),
]
Description = Annotated[Text, Field(max_length=200)]
DeliveryState = Literal["pending", "leased", "delivered", "failed", "parked"]
DisabledReason = Literal["owner", "gone", "failing"]


class WebhookEndpointCreate(Body):
    """Where facts are to be posted to."""

    model_config = shown_as(url="https://example.com/hooks", topics=["booking.confirmed"])

    url: Url
    description: Annotated[Description | None, Blankable] = None
    topics: Topics = Field(default_factory=list)


class WebhookEndpointChange(Body):
    """What is absent stays. Whoever switches an endpoint on again is posted to from now on."""

    url: Url | None = None
    description: Annotated[Description | None, Blankable] = None
    topics: Topics | None = None
    is_active: bool | None = None

    def changes(self) -> dict[str, Any]:
        """What was named, except what cannot be emptied."""
        named = self.model_dump(include=self.model_fields_set)
        return {
            name: value
            for name, value in named.items()
            if value is not None or name == "description"
        }


class SecretRotate(Body):
    """How long the former secret signs, too: a day, unless it must end at once."""

    overlap_hours: int = Field(24, ge=0, le=24)


class ReplaySince(Body):
    """From when on what was given up is posted again; deliveries are kept for 30 days."""

    since: Moment


class WebhookEndpointOut(Answer):
    id: UUID
    url: str
    description: str | None
    topics: list[str]
    is_active: bool
    disabled_at: datetime | None
    disabled_reason: DisabledReason | None = Field(
        description="`gone`: the receiver said 410. `failing`: nothing arrived for five days."
    )
    failing_since: datetime | None
    created_at: datetime
    updated_at: datetime


class WebhookEndpointMade(WebhookEndpointOut):
    secret: str = Field(description="For verifying signatures (Standard Webhooks). Shown once.")


class WebhookEndpointsOut(Answer):
    items: list[WebhookEndpointOut]


class SecretOut(Answer):
    secret: str = Field(description="Shown once.")
    former_valid_until: datetime


class AttemptOut(Answer):
    at: datetime
    status: int | None
    error: str | None
    duration_ms: int


class WebhookDeliveryOut(Answer):
    """One fact on its way to the endpoint. `event_id` is the `webhook-id` of every attempt."""

    id: UUID
    event_id: UUID
    topic: str
    payload: dict[str, Any]
    occurred_at: datetime
    state: DeliveryState = Field(description="`parked`: ten attempts failed, or it was disabled.")
    attempts: int
    attempt_log: list[AttemptOut]
    next_attempt_at: datetime
    last_status: int | None
    last_error: str | None
    duration_ms: int | None
    created_at: datetime
    settled_at: datetime | None


class ReplayedOut(Answer):
    replayed: int = Field(description="At most 1000: ask again for the rest.")
