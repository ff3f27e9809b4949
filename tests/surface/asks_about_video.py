"""The good requests about where sessions take place, and the way in."""

from collections.abc import Mapping

from tests.surface.ask import Ask, Of

_MINE = "/api/v1/specialists/me/video-config"
_LINK = {
    "provider": "zoom",
    "mode": "static",
    "link": "https://zoom.us/j/5551112222?pwd=c2FtcGxl",
    "passcode": "tea",
    "waiting_room": True,
    "recording": "none",
}
_BOOKING: Mapping[str, Of] = {"booking_id": lambda town: town.confirmed["id"]}

ASKS_ABOUT_VIDEO: Mapping[str, Ask] = {
    f"GET {_MINE}": Ask("specialist"),
    f"PUT {_MINE}": Ask("specialist", body=lambda _: dict(_LINK), spends=True),
    f"DELETE {_MINE}": Ask("specialist", spends=True),
    f"POST {_MINE}/check": Ask("specialist"),
    "GET /api/v1/bookings/{booking_id}/join": Ask("client", _BOOKING),
    "GET /api/v1/bookings/{booking_id}/meeting": Ask("client", _BOOKING),
    "POST /api/v1/bookings/{booking_id}/meeting/retry": Ask("specialist", _BOOKING, spends=True),
}
