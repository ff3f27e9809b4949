"""The good requests about what sessions leave behind: recordings, files and reviews."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from consulta.providers.storage.links import FileLink
from consulta.vendors import file_links_of
from tests.surface.ask import Ask, Of
from tests.surface.sittings import FILM, path_of
from tests.surface.town import Town

_HELD: Mapping[str, Of] = {"booking_id": lambda town: town.sitting["id"]}
_UNREVIEWED: Mapping[str, Of] = {"booking_id": lambda town: town.sitting["unreviewed"]}
_READY: Mapping[str, Of] = {**_HELD, "recording_id": lambda town: town.sitting["ready"]}
_AWAITED: Mapping[str, Of] = {**_HELD, "recording_id": lambda town: town.sitting["awaited"]}
_REVIEW: Mapping[str, Of] = {"review_id": lambda town: town.sitting["review"]}


def _link(town: Town) -> str:
    """The end of the address at which Anna fetches her recording."""
    until = town.sarah.at("mon 10:00") + timedelta(days=400)
    assert town.anna.id is not None
    link = FileLink("GET", path_of(town.sitting["id"]), town.anna.id, until, 0, "a.mp4")
    return file_links_of(town.world.app.state.settings).address(link).rpartition("/")[2]


def _facts(_town: Town) -> Any:
    return {
        "file_format": "mp4",
        "duration_seconds": 60,
        "storage_size_bytes": len(FILM),
        "sha256": hashlib.sha256(FILM).hexdigest(),
        "is_encrypted": True,
    }


_SAID = {"rating": 5, "comment": "She listened.", "shows_name": True}

ASKS_ABOUT_SESSIONS: Mapping[str, Ask] = {
    "POST /api/v1/bookings/{booking_id}/recordings": Ask("admin", _HELD, _facts),
    "POST /api/v1/bookings/{booking_id}/recordings/{recording_id}/complete": Ask("admin", _AWAITED),
    "GET /api/v1/bookings/{booking_id}/recordings": Ask("client", _HELD),
    "POST /api/v1/bookings/{booking_id}/recordings/{recording_id}/download-link": Ask(
        "client", _READY
    ),
    "DELETE /api/v1/bookings/{booking_id}/recordings/{recording_id}": Ask(
        "admin", _READY, spends=True
    ),
    "GET /api/v1/specialists/me/recording-settings": Ask("specialist"),
    "PUT /api/v1/specialists/me/recording-settings": Ask(
        "specialist", body=lambda _: {"retention_days": 30}
    ),
    "GET /api/v1/files/{token}": Ask("anonymous", {"token": _link}),
    # A link to fetch with, which brings nothing.
    "PUT /api/v1/files/{token}": Ask("anonymous", {"token": _link}),
    "POST /api/v1/bookings/{booking_id}/review": Ask(
        "client", _UNREVIEWED, lambda _: dict(_SAID), spends=True
    ),
    "GET /api/v1/bookings/{booking_id}/review": Ask("client", _HELD),
    "PATCH /api/v1/bookings/{booking_id}/review": Ask("client", _HELD, lambda _: dict(_SAID)),
    "POST /api/v1/bookings/{booking_id}/review/reply": Ask(
        "specialist", _HELD, lambda _: {"reply": "Thank you."}, spends=True
    ),
    "GET /api/v1/specialists/{specialist_id}/reviews": Ask(
        "anonymous", {"specialist_id": lambda town: town.sarah.id}
    ),
    "POST /api/v1/admin/reviews/{review_id}/hide": Ask(
        "admin", _REVIEW, lambda _: {"reason": "It names somebody."}
    ),
    "POST /api/v1/admin/reviews/{review_id}/unhide": Ask("admin", _REVIEW),
}
