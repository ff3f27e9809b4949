"""Ids made by the service itself. Ids of rows come from the database (`app.new_id()`, D10)."""

import secrets
from typing import NewType
from uuid import UUID

UserId = NewType("UserId", UUID)
SpecialistId = NewType("SpecialistId", UUID)
BookingId = NewType("BookingId", UUID)
PaymentId = NewType("PaymentId", UUID)
OperationId = NewType("OperationId", UUID)


def new_request_id() -> str:
    """Names one request in answers, logs and the audit log."""
    return secrets.token_hex(12)


def new_secret() -> str:
    """256 bits that nobody can guess, fit for a URL."""
    return secrets.token_urlsafe(32)
