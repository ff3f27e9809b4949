"""Signed words come back as they were said, for their own topic and with our key alone."""

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulta.platform.signing import Forged, Signer

SIGNER = Signer.from_secret("a secret of the tests", purpose="quote")
PLAIN = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()


@given(st.lists(PLAIN | st.lists(PLAIN)), st.text())
def test_words_come_back(words: list[object], topic: str) -> None:
    text = SIGNER.sign(topic, words)
    assert SIGNER.read(topic, text) == words
    assert text.isascii()
    assert not set(text) & set("+/= ")


def test_ids_and_times_come_back_as_text() -> None:
    id_, at = UUID(int=1), datetime(2026, 1, 1, tzinfo=UTC)
    assert SIGNER.read("a", SIGNER.sign("a", [id_, at])) == [str(id_), at.isoformat()]


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_what_we_did_not_say_is_forged(odd: bytes) -> None:
    for text in (base64.urlsafe_b64encode(odd).decode(), odd.decode("latin-1")):
        with pytest.raises(Forged):
            SIGNER.read("a", text)


@pytest.mark.parametrize(
    "other",
    [
        Signer.from_secret("a secret of the tests", purpose="cursor"),
        Signer.from_secret("another secret", purpose="quote"),
    ],
)
def test_another_purpose_or_secret_reads_nothing(other: Signer) -> None:
    with pytest.raises(Forged):
        other.read("a", SIGNER.sign("a", [1]))


def test_another_topic_reads_nothing() -> None:
    with pytest.raises(Forged):
        SIGNER.read("b", SIGNER.sign("a", [1]))


def test_every_changed_byte_is_seen() -> None:
    text = SIGNER.sign("a", ["refund", 10_000])
    signed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    for place in range(len(signed)):
        changed = bytearray(signed)
        changed[place] ^= 1
        with pytest.raises(Forged):
            SIGNER.read("a", base64.urlsafe_b64encode(changed).rstrip(b"=").decode())


def test_the_key_keeps_out_of_what_is_logged() -> None:
    assert "key=" not in repr(SIGNER)
