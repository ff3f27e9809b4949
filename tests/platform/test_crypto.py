"""Sealed bytes and envelopes: for one place only, under keys that can be exchanged."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consulta.platform.crypto import BadKeys, Envelope, Undecipherable, Vault

OLD = Vault.from_text("k1:" + base64.b64encode(bytes(range(32))).decode())
NEW = Vault("k2", {"k2": bytes(32), **OLD.keys})
NEXT = Vault("k2", {"k2": bytes(32)})
SECRET = b"a secret that must not be seen"


@given(st.binary(max_size=2_000), st.text(max_size=60))
def test_what_was_enclosed_is_disclosed(plain: bytes, place: str) -> None:
    envelope = OLD.enclose(plain, place=place)
    assert envelope.key_id == "k1"
    assert OLD.disclose(envelope, place=place) == plain
    assert NEW.disclose(envelope, place=place) == plain


def test_two_envelopes_share_nothing() -> None:
    one, two = (OLD.enclose(SECRET, place="row 1") for _ in range(2))
    assert one.wrapped_key != two.wrapped_key
    assert one.sealed != two.sealed
    for mixed in (replace(one, sealed=two.sealed), replace(one, wrapped_key=two.wrapped_key)):
        with pytest.raises(Undecipherable):
            OLD.disclose(mixed, place="row 1")


def test_another_row_cannot_be_opened_with_it() -> None:
    envelope = OLD.enclose(SECRET, place="row 1")
    for place in ("row 2", "", "row 1|data key"):
        with pytest.raises(Undecipherable):
            OLD.disclose(envelope, place=place)
        with pytest.raises(Undecipherable):
            OLD.rewrap(envelope, place=place)


def test_a_key_that_is_not_there_opens_nothing() -> None:
    with pytest.raises(Undecipherable):
        NEXT.disclose(OLD.enclose(SECRET, place="row"), place="row")


def test_rewrapping_leaves_the_data_and_needs_the_old_key_no_more() -> None:
    before = OLD.enclose(SECRET, place="row")
    after = NEW.rewrap(before, place="row")
    assert (after.key_id, after.sealed) == ("k2", before.sealed)
    assert after.wrapped_key != before.wrapped_key
    assert NEXT.disclose(after, place="row") == SECRET
    with pytest.raises(Undecipherable):
        OLD.disclose(after, place="row")


def test_the_id_beside_an_envelope_is_the_one_inside() -> None:
    envelope = NEW.rewrap(OLD.enclose(SECRET, place="row"), place="row")
    with pytest.raises(Undecipherable):
        NEW.disclose(replace(envelope, key_id="k1"), place="row")


def test_every_flipped_bit_is_noticed() -> None:
    envelope = OLD.enclose(SECRET, place="row")
    wrong = [replace(envelope, wrapped_key=odd) for odd in flipped(envelope.wrapped_key)]
    wrong += [replace(envelope, sealed=odd) for odd in flipped(envelope.sealed)]
    for one in wrong:
        with pytest.raises(Undecipherable):
            OLD.disclose(one, place="row")


def flipped(whole: bytes) -> list[bytes]:
    """As often as it has bytes, with one bit of one of them turned."""
    return [whole[:at] + bytes([byte ^ 1]) + whole[at + 1 :] for at, byte in enumerate(whole)]


@pytest.mark.parametrize("sealed", [b"", b"v1", b"v1.", b"v1.short", b"v2." + bytes(60)])
def test_what_was_cut_off_is_refused(sealed: bytes) -> None:
    with pytest.raises(Undecipherable):
        OLD.disclose(replace(OLD.enclose(SECRET, place="row"), sealed=sealed), place="row")
    with pytest.raises(Undecipherable):
        OLD.open(sealed, place="row")


def test_an_envelope_is_no_sealed_text_and_the_reverse() -> None:
    sealed = OLD.seal(SECRET, place="row")
    assert OLD.open(sealed, place="row") == SECRET
    with pytest.raises(Undecipherable):
        OLD.open(OLD.enclose(SECRET, place="row").wrapped_key, place="row")
    with pytest.raises(Undecipherable):
        OLD.disclose(Envelope("k1", sealed, sealed), place="row")


def test_nothing_shows_a_key() -> None:
    envelope = OLD.enclose(SECRET, place="row")
    shown = f"{OLD!r} {OLD} {envelope!r} {envelope}"
    assert "k1" in shown
    for raw in (*OLD.keys.values(), envelope.wrapped_key, envelope.sealed):
        assert repr(raw)[2:20] not in shown


@pytest.mark.parametrize(
    "text", ["", "k1", "k1:", "k1:====", "k-1:" + "A" * 44, "k1:" + base64.b64encode(b"x").decode()]
)
def test_keys_that_are_none_are_refused_unseen(text: str) -> None:
    with pytest.raises(BadKeys) as refused:
        Vault.from_text(text)
    assert not text or text not in str(refused.value)
