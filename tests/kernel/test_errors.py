"""The family of errors: what a caller reads of them."""

import pytest

from consulta.kernel import errors
from consulta.kernel.errors import Conflict, DomainError, Invalid, Malformed

KINDS = [
    one
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, DomainError) and one is not DomainError
]


class Bare(DomainError):
    code = "BARE"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_has_words_of_its_own(kind: type[DomainError]) -> None:
    error = kind()
    assert error.code != DomainError.code
    assert error.title != DomainError.title
    assert error.detail == str(error)
    assert error.detail.endswith((".", ":"))


def test_the_sentence_is_the_first_line_of_the_promise_unless_a_better_one_comes() -> None:
    assert Conflict().detail == "The present state does not allow this."
    assert Conflict("Taken.", until=3).detail == "Taken."
    assert Conflict("Taken.", until=3).facts == {"until": 3}
    assert Bare().detail == DomainError.title


def test_what_cannot_be_read_is_not_valid_either() -> None:
    assert issubclass(Malformed, Invalid)
