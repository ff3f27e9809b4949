"""What a change of a review comes to."""

import pytest

from consulta.features.reviews.rules import said_after

SEEN = {"rating": 4, "comment": "Good.", "shows_name": True}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, SEEN),
        ({"rating": 2}, {**SEEN, "rating": 2}),
        ({"comment": None}, {**SEEN, "comment": None}),
        ({"shows_name": False}, {**SEEN, "shows_name": False}),
        ({"rating": None, "shows_name": None}, SEEN),
    ],
)
def test_what_is_named_is_changed(changes: dict[str, object], said: dict[str, object]) -> None:
    assert said_after(SEEN, changes) == said
