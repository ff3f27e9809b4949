"""A specialist's questions, and answers to them."""

from typing import Any

from tests.world import Specialist

QUESTIONS: list[dict[str, Any]] = [
    {"key": "why", "label": "What brings you here?", "type": "long_text", "is_required": True},
    {"key": "name", "label": "What shall I call you?", "type": "text", "max_length": 40},
    {"key": "sleep", "label": "Sleep?", "type": "single_choice", "options": ["well", "badly"]},
    {"key": "pain", "label": "Where?", "type": "multiple_choice", "options": ["head", "back"]},
    {"key": "smokes", "label": "Do you smoke?", "type": "yes_no", "is_required": True},
    {"key": "since", "label": "Since when?", "type": "date"},
    {"key": "height", "label": "How tall are you?", "type": "number"},
]
ANSWERS: dict[str, Any] = {
    "why": "I cannot sleep. KANARIENVOGEL-1188",
    "name": "Anna",
    "sleep": "badly",
    "pain": ["head", "back"],
    "smokes": False,
    "since": "2026-02-28",
    "height": 171.5,
}


async def asks(specialist: Specialist, **more: Any) -> Any:
    """A form that must succeed."""
    body = {"title": "Before we meet", "questions": QUESTIONS, **more}
    reply = await specialist.put("/specialists/me/intake-forms", body)
    assert reply.status == 200, reply.json
    return reply.json
