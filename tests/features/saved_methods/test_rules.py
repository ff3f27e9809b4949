"""When a call about a saved method is made again."""

from datetime import UTC, datetime, timedelta

import pytest

from consulta.features.payments.rules import KEY_LIFETIME, MOST_ATTEMPTS
from consulta.features.saved_methods import rules

NOW = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "age", "again"),
    [
        (1, timedelta(), True),
        (MOST_ATTEMPTS - 1, KEY_LIFETIME - timedelta(seconds=1), True),
        (MOST_ATTEMPTS, timedelta(), False),
        (1, KEY_LIFETIME, False),
        (1, None, True),
        (MOST_ATTEMPTS, None, False),
    ],
)
def test_a_call_is_repeated_while_its_key_is_known_and_not_for_ever(
    attempts: int, age: timedelta | None, again: bool
) -> None:
    first = NOW - age if age is not None else None
    assert rules.may_call_again(attempts=attempts, first_sent_at=first, now=NOW) is again
