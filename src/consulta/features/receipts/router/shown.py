"""What paths of receipts share: where a page begins, and which rows are on it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from starlette.responses import Response

from consulta.features.receipts.queries import Position
from consulta.platform.db.paging import Page
from consulta.platform.http.answers import json_response

Shape = Callable[[asyncpg.Record], dict[str, Any]]


def position(after: list[Any] | None) -> Position | None:
    """The place that a cursor names."""
    return (datetime.fromisoformat(after[0]), UUID(after[1])) if after else None


def paged(found: Page[asyncpg.Record], shape: Shape) -> Response:
    return json_response(
        {"items": [shape(row) for row in found.items], "next_cursor": found.next_cursor}
    )


def listed(rows: Sequence[asyncpg.Record], shape: Shape) -> Response:
    return json_response({"items": [shape(row) for row in rows]})
