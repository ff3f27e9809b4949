"""The good requests about notes of sessions, and about what clients tell beforehand."""

from collections.abc import Mapping

from tests.surface.ask import Ask, Of
from tests.surface.town import QUESTIONS

_SESSION: Mapping[str, Of] = {"booking_id": lambda town: town.confirmed["id"]}
_NOTE: Mapping[str, Of] = {"note_id": lambda town: town.note["id"]}
_REASON = {"reason": "The client asked us to look."}

ASKS_ABOUT_NOTES: Mapping[str, Ask] = {
    "POST /api/v1/bookings/{booking_id}/notes": Ask(
        "specialist", _SESSION, lambda _: {"notes": "A quiet session."}
    ),
    "GET /api/v1/bookings/{booking_id}/notes": Ask("client", _SESSION),
    "GET /api/v1/bookings/{booking_id}/notes/{note_id}": Ask("client", {**_SESSION, **_NOTE}),
    "PATCH /api/v1/bookings/{booking_id}/notes/{note_id}": Ask(
        "specialist",
        {**_SESSION, **_NOTE},
        lambda _: {"notes": "A good session.", "revision": None},
    ),
    "POST /api/v1/bookings/{booking_id}/notes/{note_id}/amendments": Ask(
        "specialist", {**_SESSION, **_NOTE}, lambda _: {"text": "All is well."}
    ),
    "GET /api/v1/session-notes": Ask("client"),
    "GET /api/v1/admin/session-notes": Ask("admin"),
    "POST /api/v1/admin/session-notes/{note_id}/open": Ask("admin", _NOTE, lambda _: _REASON),
    "DELETE /api/v1/admin/session-notes/{note_id}": Ask(
        "admin", _NOTE, query=lambda _: _REASON, spends=True
    ),
    "GET /api/v1/specialists/me/intake-forms": Ask("specialist"),
    "PUT /api/v1/specialists/me/intake-forms": Ask(
        "specialist",
        body=lambda _: {"rate_id": None, "title": "Before we meet", "questions": QUESTIONS},
    ),
    "DELETE /api/v1/specialists/me/intake-forms/{form_id}": Ask(
        "specialist", {"form_id": lambda town: town.form["id"]}, spends=True
    ),
    "GET /api/v1/specialists/{specialist_id}/intake-form": Ask(
        "anonymous", {"specialist_id": lambda town: town.sarah.id}
    ),
    "GET /api/v1/bookings/{booking_id}/intake": Ask("client", _SESSION),
    "PUT /api/v1/bookings/{booking_id}/intake": Ask(
        "client", _SESSION, lambda _: {"answers": {"why": "My back."}, "revision": None}
    ),
}
