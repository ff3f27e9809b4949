"""What a form may ask, and whether answers are what it asks for; where answers are sealed."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from math import isfinite
from typing import Any

from pydantic import JsonValue

from consulta.platform.sealed import SealedTable

Question = Mapping[str, Any]
Value = JsonValue
"""What somebody sends as an answer; it may be anything."""

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What a question's key looks like."""
MOST_CHARACTERS = 60_000
"""Of all texts of an intake together."""
_LONGEST = {"text": 500, "long_text": 4_000}
_GREATEST = 10**15
_CHOICES = frozenset({"single_choice", "multiple_choice"})


def _place(row: Mapping[str, Any]) -> str:
    return f"intake_answers|{row['booking_id']}|{row['specialist_id']}|{row['client_id']}"


SEALED = SealedTable(
    table="intake_answers",
    keys=("booking_id", "specialist_id", "client_id"),
    place=_place,
)


def flaw_of_question(question: Question) -> str | None:
    """Why a question cannot be asked like that; None where it can."""
    is_choice = question["type"] in _CHOICES
    options = question["options"]
    if is_choice and len(options) < 2:
        return "a choice has at least two options"
    if not is_choice and options:
        return "only choices have options"
    if len(set(options)) < len(options):
        return "two options are the same"
    longest = _LONGEST.get(question["type"])
    if question["max_length"] is not None and longest is None:
        return "only texts have a greatest length"
    if longest is not None and (question["max_length"] or 0) > longest:
        return f"the greatest length of such a text is {longest}"
    return None


def problems_of(
    questions: Sequence[Question], answers: Mapping[str, Value]
) -> list[dict[str, str]]:
    """Which questions are not answered as they are asked, by their keys, and why: `required`,
    `wrong_type`, `too_long`, `too_large`, `not_an_option`, `not_a_date`, `unknown_question`. What
    can be no question's key is empty, and so is the key of what is wrong with all of them.
    """
    found = [
        {"key": question["key"], "problem": problem}
        for question in questions
        if (problem := _problem(question, answers.get(question["key"]))) is not None
    ]
    asked = {question["key"] for question in questions}
    # A key with a slip is named; words that somebody sent as a key are not repeated.
    named = {key if KEY.fullmatch(key) else "": None for key in answers if key not in asked}
    unknown = sorted(named, key=lambda key: key == "")
    found += [{"key": key, "problem": "unknown_question"} for key in unknown]
    if not found and sum(map(_length, answers.values())) > MOST_CHARACTERS:
        found.append({"key": "", "problem": "too_long"})
    return found


def given(questions: Sequence[Question], answers: Mapping[str, Value]) -> dict[str, Value]:
    """The answers in the order of the questions, without those that were left empty."""
    return {
        question["key"]: answers[question["key"]]
        for question in questions
        if not _is_empty(answers.get(question["key"]))
    }


def _problem(question: Question, value: Value) -> str | None:
    if _is_empty(value):
        return "required" if question["is_required"] else None
    return _CHECKS[question["type"]](question, value)


def _is_empty(value: Value) -> bool:
    return value is None or value in ("", [])


def _length(value: Value) -> int:
    return len(value) if isinstance(value, str) else 0


def _text(question: Question, value: Value) -> str | None:
    if not isinstance(value, str) or not _is_storable(value):
        return "wrong_type"
    most = question["max_length"] or _LONGEST[question["type"]]
    return "too_long" if len(value) > most else None


def _is_storable(value: str) -> bool:
    # A lone surrogate is no character, and NUL ends a text elsewhere.
    return "\x00" not in value and value == value.encode("utf-8", "ignore").decode()


def _single(question: Question, value: Value) -> str | None:
    if not isinstance(value, str):
        return "wrong_type"
    return None if value in question["options"] else "not_an_option"


def _multiple(question: Question, value: Value) -> str | None:
    if not isinstance(value, list):
        return "wrong_type"
    chosen = [one for one in question["options"] if one in value]
    return None if len(chosen) == len(value) else "not_an_option"


def _yes_no(_: Question, value: Value) -> str | None:
    return None if isinstance(value, bool) else "wrong_type"


def _number(_: Question, value: Value) -> str | None:
    # A truth value is a number to Python, and to nobody else.
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "wrong_type"
    return None if abs(value) <= _GREATEST and isfinite(value) else "too_large"


def _date(_: Question, value: Value) -> str | None:
    if not isinstance(value, str):
        return "wrong_type"
    try:
        # Python reads `20260301` and weeks, too; a frontend's date field writes one shape.
        is_plain = date.fromisoformat(value).isoformat() == value
    except ValueError:
        return "not_a_date"
    return None if is_plain else "not_a_date"


_CHECKS: Mapping[str, Callable[[Question, Value], str | None]] = {
    "text": _text,
    "long_text": _text,
    "single_choice": _single,
    "multiple_choice": _multiple,
    "yes_no": _yes_no,
    "date": _date,
    "number": _number,
}
