"""The good requests about series."""

from collections.abc import Mapping
from datetime import timedelta

from tests.surface.ask import Ask, Of
from tests.surface.town import series_from

_SERIES: Mapping[str, Of] = {"series_id": lambda town: town.series["id"]}

ASKS_ABOUT_SERIES: Mapping[str, Ask] = {
    "POST /api/v1/recurring-bookings": Ask(
        "client",
        body=lambda town: {
            **series_from(town, 40),
            "end_date": (town.sarah.today + timedelta(days=80)).isoformat(),
            "local_time": "11:00",
            "payment_mode": "per_session",
            "package_purchase_id": None,
            "saved_method_id": None,
            "client_id": None,
            "note": "It hurts.",
            "dry_run": False,
        },
    ),
    "GET /api/v1/recurring-bookings": Ask("client"),
    "GET /api/v1/recurring-bookings/{series_id}": Ask("client", _SERIES),
    "PATCH /api/v1/recurring-bookings/{series_id}": Ask(
        "client",
        _SERIES,
        lambda town: {
            "revision": None,
            "rate_id": str(town.sarah.rates["followup"]),
            "frequency": "biweekly",
            "local_time": "12:00",
            "end_date": None,
            "payment_mode": "per_session",
            "package_purchase_id": None,
            "saved_method_id": None,
            "note": "It hurts.",
            "dry_run": False,
        },
    ),
    "POST /api/v1/recurring-bookings/{series_id}/accept": Ask("specialist", _SERIES),
    "POST /api/v1/recurring-bookings/{series_id}/pause": Ask("client", _SERIES),
    "POST /api/v1/recurring-bookings/{series_id}/resume": Ask("client", _SERIES),
    "DELETE /api/v1/recurring-bookings/{series_id}": Ask("client", _SERIES, spends=True),
}
