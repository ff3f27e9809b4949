"""What a form may ask, and whether answers are what it asks for."""

from typing import Any
from uuid import UUID

import pytest

from consulta.features.intake.rules import SEALED, flaw_of_question, given, problems_of


def asked(type_: str, **more: Any) -> dict[str, Any]:
    """A question as the form keeps it."""
    blank: dict[str, Any] = {"options": [], "max_length": None, "is_required": False}
    return {"key": "it", "type": type_, **blank, **more}


CHOICE = {"options": ["a", "b"]}


@pytest.mark.parametrize(
    ("question", "flaw"),
    [
        (asked("text"), None),
        (asked("text", max_length=500), None),
        (asked("text", max_length=501), "the greatest length of such a text is 500"),
        (asked("long_text", max_length=4_000), None),
        (asked("number", max_length=5), "only texts have a greatest length"),
        (asked("single_choice", **CHOICE), None),
        (asked("single_choice", options=["a"]), "a choice has at least two options"),
        (asked("multiple_choice", options=["a", "a"]), "two options are the same"),
        (asked("yes_no", **CHOICE), "only choices have options"),
    ],
)
def test_what_cannot_be_asked_is_named(question: dict[str, Any], flaw: str | None) -> None:
    assert flaw_of_question(question) == flaw


@pytest.mark.parametrize(
    ("question", "value", "problem"),
    [
        (asked("text"), None, None),
        (asked("text"), "", None),
        (asked("text", is_required=True), None, "required"),
        (asked("text", is_required=True), "", "required"),
        (asked("multiple_choice", **CHOICE, is_required=True), [], "required"),
        (asked("yes_no", is_required=True), False, None),
        (asked("number", is_required=True), 0, None),
        (asked("text"), "x" * 500, None),
        (asked("text"), "x" * 501, "too_long"),
        (asked("text", max_length=3), "1234", "too_long"),
        (asked("long_text"), "x" * 4_000, None),
        (asked("text"), True, "wrong_type"),
        (asked("single_choice", **CHOICE), "b", None),
        (asked("single_choice", **CHOICE), "c", "not_an_option"),
        (asked("single_choice", **CHOICE), ["a"], "wrong_type"),
        (asked("multiple_choice", **CHOICE), ["b", "a"], None),
        (asked("multiple_choice", **CHOICE), ["a", "a"], "not_an_option"),
        (asked("multiple_choice", **CHOICE), ["c"], "not_an_option"),
        (asked("multiple_choice", **CHOICE), ["a", ["b"]], "not_an_option"),
        (asked("multiple_choice", **CHOICE), "a", "wrong_type"),
        (asked("yes_no"), "yes", "wrong_type"),
        (asked("number"), 1.5, None),
        (asked("number"), True, "wrong_type"),
        (asked("number"), "1", "wrong_type"),
        (asked("number"), -(10**15), None),
        (asked("number"), 10**15 + 1, "too_large"),
        (asked("number"), 10**400, "too_large"),
        (asked("number"), float("nan"), "too_large"),
        (asked("number"), float("inf"), "too_large"),
        (asked("text"), "a\x00b", "wrong_type"),
        (asked("text"), "a\ud800", "wrong_type"),
        (asked("text"), {"a": 1}, "wrong_type"),
        (asked("date"), "2026-02-28", None),
        (asked("date"), "2026-02-29", "not_a_date"),
        (asked("date"), "20260228", "not_a_date"),
        (asked("date"), 20260228, "wrong_type"),
    ],
)
def test_an_answer_is_what_is_asked_for(
    question: dict[str, Any], value: Any, problem: str | None
) -> None:
    found = problems_of([question], {"it": value})
    assert found == ([] if problem is None else [{"key": "it", "problem": problem}])


def test_a_key_that_nobody_asked_for_is_named_and_words_are_not_repeated() -> None:
    unknown = {"alergies": "secret", "My secret": "x", "z" * 41: "x", "sleep\n": "x", "b": None}
    problems = problems_of([asked("text")], unknown)
    assert problems == [
        {"key": key, "problem": "unknown_question"} for key in ("alergies", "b", "")
    ]


def test_all_texts_together_are_bounded() -> None:
    questions = [asked("long_text") | {"key": f"q{number}"} for number in range(16)]
    answers: dict[str, Any] = {question["key"]: "x" * 4_000 for question in questions}
    assert problems_of(questions, answers) == [{"key": "", "problem": "too_long"}]
    assert problems_of(questions[:15], dict(list(answers.items())[:15])) == []


def test_empty_answers_are_not_kept() -> None:
    questions = [asked("text") | {"key": key} for key in "abc"]
    assert given(questions, {"c": "3", "b": "", "a": "1"}) == {"a": "1", "c": "3"}


def test_no_two_rows_are_one_place() -> None:
    row = {key: UUID(int=number) for number, key in enumerate(SEALED.keys)}
    places = {SEALED.place({**row, key: UUID(int=99)}) for key in SEALED.keys}
    assert len(places | {SEALED.place(row)}) == 1 + len(SEALED.keys)
