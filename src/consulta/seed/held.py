"""A session that was held: what was asked before it, paid, written, and said about it. It begins
when the world is made, since no session can be booked in the past.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from consulta.seed.sample import Inhabitant

_AHEAD = timedelta(seconds=0.5)
_LOOKS = 100
_PAUSE_SECONDS = 0.1

FORM = {
    "title": "Before we meet",
    "questions": [
        {
            "key": "reason",
            "label": "What brings you here?",
            "type": "long_text",
            "is_required": True,
        },
        {
            "key": "symptoms",
            "label": "Which of these do you know?",
            "type": "multiple_choice",
            "options": ["Short breath", "Chest pain", "Palpitations", "None of them"],
        },
        {"key": "smokes", "label": "Do you smoke?", "type": "yes_no"},
    ],
}
_ANSWERS = {
    "reason": "My heart stumbles when I climb stairs.",
    "symptoms": ["Palpitations"],
    "smokes": False,
}
_NOTE = {
    "notes": "Harmless extra beats; blood pressure 125 to 80, ECG without findings.",
    "follow_up_actions": "Less coffee, and a diary of the stumbles for two weeks.",
    "next_session_recommendation": "In three months, sooner if it comes at rest.",
}
_REVIEW = {"rating": 5, "comment": "Took her time, and drew me a picture.", "shows_name": True}
_REPLY = {"reply": "Thank you. The picture is yours to keep."}
_KEPT = {"retention_days": 365}


class Asks(Protocol):
    """A request of somebody's, which raises where it is refused with any code but `or_code`."""

    def __call__(
        self,
        method: str,
        path: str,
        person: Inhabitant,
        body: Mapping[str, Any] | None = None,
        *,
        key: UUID | None = None,
        or_code: str | None = None,
    ) -> Awaitable[Any]: ...


async def hold_session(
    ask: Asks, *, specialist: Inhabitant, client: Inhabitant, now: datetime
) -> None:
    """The specialist's page has a form, and the client a session with all that belongs to it."""
    await ask("PUT", "/specialists/me/intake-forms", specialist, FORM)
    await ask("PUT", "/specialists/me/recording-settings", specialist, _KEPT)
    rates = await ask("GET", "/specialists/me/rates", specialist)
    rate = next(one for one in rates["items"] if one["kind"] == "standard")
    wanted = {
        "specialist_id": str(specialist.id),
        "client_id": str(client.id),
        "rate_id": rate["id"],
        "starts_at": (now + _AHEAD).isoformat(),
        "by_hand": True,
        "anyway": True,
    }
    booked = await ask("POST", "/bookings", specialist, wanted, key=uuid4())
    session = f"/bookings/{booked['id']}"
    await ask("PUT", f"{session}/intake", client, {"answers": _ANSWERS})
    await _complete(ask, specialist, session)
    await ask("POST", f"/payments/{booked['payment']['id']}/mark-paid", specialist, key=uuid4())
    await ask("POST", f"{session}/notes", specialist, _NOTE)
    await ask("POST", f"{session}/review", client, _REVIEW)
    await ask("POST", f"{session}/review/reply", specialist, _REPLY)


async def _complete(ask: Asks, specialist: Inhabitant, session: str) -> None:
    """As soon as it has begun, which the database's clock says."""
    for _ in range(_LOOKS):
        said = await ask("POST", f"{session}/complete", specialist, or_code="BOOKING_NOT_STARTED")
        if said.get("code") is None:
            return
        await asyncio.sleep(_PAUSE_SECONDS)
    await ask("POST", f"{session}/complete", specialist)
