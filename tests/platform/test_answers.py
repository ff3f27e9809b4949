"""Entity tags: what a client has already is not sent again."""

import pytest

from consulta.platform.http.answers import etag_of, matches


def test_the_same_bytes_have_the_same_tag() -> None:
    assert etag_of(b"a") == etag_of(b"a") != etag_of(b"b")
    assert etag_of(b"a").startswith('"')


@pytest.mark.parametrize(
    ("sent", "is_known"),
    [
        (None, False), ("", False), ('"a"', True), ('W/"a"', True), ('"b", "a"', True),
        ("*", True), (" * ", True), ('"b"', False), ("a", False),
    ],
)  # fmt: skip
def test_if_none_match(sent: str | None, is_known: bool) -> None:
    assert matches('"a"', sent) is is_known
