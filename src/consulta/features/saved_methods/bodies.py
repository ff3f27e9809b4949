"""What bodies of other rooms carry as it is: a saved method inside a series."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from consulta.features.payments.bodies import NextActionOut
from consulta.platform.http.schema import Answer


class SavedMethodOut(Answer):
    id: UUID
    specialist_id: UUID
    status: Literal["pending", "ready", "failed", "removed"]
    label: str | None = Field(description="What the client knows it by.", examples=["Visa 4242"])
    provider: str
    publishable_key: str | None
    next_action: NextActionOut | None = Field(
        description="What the client's browser has to do to save it; only the client sees it."
    )
    last_error: str | None
    created_at: datetime


def saved_method_out(row: Mapping[str, Any], *, publishable_key: str | None) -> SavedMethodOut:
    """A row of `queries.method` in the shape of `SavedMethodOut`."""
    said = row["next_action"] if row["status"] == "pending" else None
    return SavedMethodOut(
        **{name: row[name] for name in _PLAIN},
        provider=row["payment_provider"],
        publishable_key=publishable_key,
        next_action=NextActionOut(**said) if said else None,
    )


_PLAIN = ("id", "specialist_id", "status", "label", "last_error", "created_at")
