"""The good requests about what people were told, and what they want to hear."""

from collections.abc import Mapping
from typing import Any

from tests.surface.ask import Ask
from tests.surface.town import Town


def _wanted(_: Town) -> Any:
    return {
        "language": "de",
        "bookings": True,
        "reminders": True,
        "follow_ups": False,
        "series": True,
        "packages": True,
    }


ASKS_ABOUT_MESSAGES: Mapping[str, Ask] = {
    "GET /api/v1/me/notifications": Ask("client"),
    "POST /api/v1/me/notifications/{notification_id}/read": Ask(
        "client", {"notification_id": lambda town: town.parked["notification"]}
    ),
    "GET /api/v1/me/notification-preferences": Ask("client"),
    "PUT /api/v1/me/notification-preferences": Ask("client", body=_wanted),
}
