"""Answers about letters."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from consulta.platform.http.schema import Answer

LetterStateName = Literal["received", "leased", "done", "ignored", "parked"]


class WebhookEventOut(Answer):
    """A letter of a payment provider; `parked` ones wait for a person."""

    id: UUID
    provider: str
    account: str
    event_id: str
    kind: str
    charge_reference: str | None
    payment_id: UUID | None
    livemode: bool
    state: LetterStateName
    attempts: int
    next_attempt_at: datetime
    last_error: str | None
    received_at: datetime
    settled_at: datetime | None
