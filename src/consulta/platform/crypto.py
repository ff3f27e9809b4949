"""Encryption of stored secrets: AES-256-GCM with a key id, bound to its row (AAD); in envelopes
where keys have to rotate without the secrets being written anew.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"v1"
_NONCE_BYTES = 12
_KEY_BYTES = 32


class BadKeys(ValueError):
    """The list of encryption keys cannot be read; the message never quotes it."""


class Undecipherable(Exception):
    """The bytes were not made with these keys, or not for this row."""


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """Bytes under a data key of their own, and that key under the vault's key of this id."""

    key_id: str
    wrapped_key: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Vault:
    """Seals and opens bytes. The first key seals, all of them open."""

    active: str
    keys: Mapping[str, bytes]

    @classmethod
    def from_text(cls, text: str) -> "Vault":
        """`kid:base64,kid:base64` as settings have it. Raises `BadKeys`."""
        keys: dict[str, bytes] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            kid, _, encoded = part.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                raise BadKeys("an encryption key is not base64") from None
            if not kid.isalnum() or not 1 <= len(kid) <= 16 or len(key) != _KEY_BYTES:
                raise BadKeys("an encryption key is kid:base64 of 32 bytes")
            keys[kid] = key
        if not keys:
            raise BadKeys("there is no encryption key")
        return cls(next(iter(keys)), keys)

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """Bytes that only these keys open, and only for `place` (table, column, row)."""
        kid = self.active.encode()
        body = _encrypted(self.keys[self.active], plain, aad=_aad(kid, place))
        return b".".join((_VERSION, kid, body))

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """The plain bytes. Raises `Undecipherable`, whatever is wrong."""
        version, _, rest = sealed.partition(b".")
        kid, _, body = rest.partition(b".")
        key = self.keys.get(kid.decode("ascii", "replace"))
        if version != _VERSION or key is None:
            raise Undecipherable
        return _decrypted(key, body, aad=_aad(kid, place))

    def enclose(self, plain: bytes, *, place: str) -> Envelope:
        """An envelope that only these keys open, and only for `place`."""
        data_key = AESGCM.generate_key(8 * _KEY_BYTES)
        body = _encrypted(data_key, plain, aad=_aad(_ENCLOSED, place))
        return Envelope(self.active, self._wrapped(data_key, place), _VERSION + b"." + body)

    def disclose(self, envelope: Envelope, *, place: str) -> bytes:
        """What was enclosed. Raises `Undecipherable`, whatever is wrong."""
        version, _, body = envelope.sealed.partition(b".")
        if version != _VERSION:
            raise Undecipherable
        return _decrypted(self._data_key(envelope, place), body, aad=_aad(_ENCLOSED, place))

    def rewrap(self, envelope: Envelope, *, place: str) -> Envelope:
        """The same bytes and the same data key, wrapped by the key that seals now.

        Raises `Undecipherable`.
        """
        data_key = self._data_key(envelope, place)
        return replace(envelope, key_id=self.active, wrapped_key=self._wrapped(data_key, place))

    def _wrapped(self, data_key: bytes, place: str) -> bytes:
        return self.seal(data_key, place=_place_of_key(place))

    def _data_key(self, envelope: Envelope, place: str) -> bytes:
        # The id beside the envelope is what rotation goes by: it has to be the one inside.
        if not envelope.wrapped_key.startswith(_VERSION + b"." + envelope.key_id.encode() + b"."):
            raise Undecipherable
        return self.open(envelope.wrapped_key, place=_place_of_key(place))

    def __repr__(self) -> str:
        return f"Vault(active={self.active!r}, keys={sorted(self.keys)})"


# No key id: those are letters and digits.
_ENCLOSED = b"+enclosed"


def _place_of_key(place: str) -> str:
    return f"{place}|data key"


def _aad(kid: bytes, place: str) -> bytes:
    return b"|".join((_VERSION, kid, place.encode()))


def _encrypted(key: bytes, plain: bytes, *, aad: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, aad)


def _decrypted(key: bytes, body: bytes, *, aad: bytes) -> bytes:
    if len(body) <= _NONCE_BYTES:
        raise Undecipherable
    try:
        return AESGCM(key).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], aad)
    except InvalidTag:
        raise Undecipherable from None
