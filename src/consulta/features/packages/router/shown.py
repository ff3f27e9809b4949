"""What the routes of packages share: a purchase as its reader may see it, and a place in a list."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from consulta.features.packages import schemas
from consulta.features.payments import flows as payments
from consulta.features.payments.deps import TillDep
from consulta.platform.db.work import Work


def shown(
    row: Mapping[str, Any], work: Work, till: TillDep, *, with_action: bool = True
) -> dict[str, Any]:
    return schemas.purchase_out(
        row,
        publishable_key=payments.publishable_key(till, row),
        with_action=with_action and work.actor.id == row["client_id"],
    )


def position(after: list[Any] | None) -> tuple[datetime, UUID] | None:
    return (datetime.fromisoformat(after[0]), UUID(after[1])) if after else None
