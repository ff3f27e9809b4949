"""When a note is final, and what becomes of it when parts change."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from consulta.features.session_notes.rules import (
    CONTENT,
    SEALED,
    SEALED_AMENDMENTS,
    changed,
    is_final,
)

END = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "final"), [(-1, False), (0, True), (1, True)])
def test_the_end_itself_is_final(seconds: int, final: bool) -> None:
    assert is_final(editable_until=END, now=END + timedelta(seconds=seconds)) is final


def test_what_is_not_changed_stays() -> None:
    before = {name: name for name in CONTENT}
    after = changed(before, {"follow_up_actions": None, "metadata": {}})
    assert after == {**before, "follow_up_actions": None, "metadata": {}}
    assert changed(before, {}) == before


def test_no_two_rows_are_one_place() -> None:
    ids = {name: UUID(int=number) for number, name in enumerate(("id", "booking_id", "note_id"))}
    row = {**ids, "specialist_id": UUID(int=7), "client_id": UUID(int=8)}
    for table in (SEALED, SEALED_AMENDMENTS):
        places = {table.place({**row, key: UUID(int=99)}) for key in table.keys}
        assert len(places | {table.place(row)}) == 1 + len(table.keys)
    assert SEALED.place(row) != SEALED_AMENDMENTS.place(row)
