"""The good requests about what was parked: differences, operations, letters."""

from collections.abc import Mapping

from tests.surface.ask import Ask, Of

_FINDING: Mapping[str, Of] = {"finding_id": lambda town: town.parked["finding"]}

ASKS_ABOUT_RECONCILIATION: Mapping[str, Ask] = {
    "GET /api/v1/admin/reconciliation": Ask("admin"),
    "POST /api/v1/admin/reconciliation/{finding_id}/settle": Ask(
        "admin", _FINDING, lambda _: {"state": "dismissed", "note": "Not ours."}, spends=True
    ),
    "POST /api/v1/admin/reconciliation/{finding_id}/replay": Ask("admin", _FINDING, spends=True),
    "GET /api/v1/admin/operations": Ask("admin"),
    "POST /api/v1/admin/operations/{operation_id}/replay": Ask(
        "admin", {"operation_id": lambda town: town.parked["operation"]}, spends=True
    ),
    "GET /api/v1/admin/webhook-events": Ask("admin"),
    "POST /api/v1/admin/webhook-events/{event_id}/replay": Ask(
        "admin", {"event_id": lambda town: town.parked["letter"]}, spends=True
    ),
}
