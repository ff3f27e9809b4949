"""Encryption of stored secrets: AES-256-GCM with a key id, bound to its row (AAD)."""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass

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
        nonce = os.urandom(_NONCE_BYTES)
        kid = self.active.encode()
        sealed = AESGCM(self.keys[self.active]).encrypt(nonce, plain, self._aad(kid, place))
        return b".".join((_VERSION, kid, nonce + sealed))

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """The plain bytes. Raises `Undecipherable`, whatever is wrong."""
        version, _, rest = sealed.partition(b".")
        kid, _, body = rest.partition(b".")
        key = self.keys.get(kid.decode("ascii", "replace"))
        if version != _VERSION or key is None or len(body) <= _NONCE_BYTES:
            raise Undecipherable
        try:
            return AESGCM(key).decrypt(
                body[:_NONCE_BYTES], body[_NONCE_BYTES:], self._aad(kid, place)
            )
        except InvalidTag:
            raise Undecipherable from None

    @staticmethod
    def _aad(kid: bytes, place: str) -> bytes:
        return b"|".join((_VERSION, kid, place.encode()))

    def __repr__(self) -> str:
        return f"Vault(active={self.active!r}, keys={sorted(self.keys)})"
