"""Signed words: what we said to somebody and want to hear again unchanged. Whoever holds them can
read them, and nobody but us can make them.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import orjson

_MARK_BYTES = 16


class Forged(Exception):
    """These words are not ours, or were said about something else."""


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """Signs words for one topic, such as the name of a list, and reads them back for that alone."""

    key: bytes

    @classmethod
    def from_secret(cls, secret: str, *, purpose: str) -> Self:
        """With a key of its own, so that words of one purpose mean nothing to another."""
        return cls(hashlib.sha256(f"{purpose}|{secret}".encode()).digest())

    def sign(self, topic: str, words: Sequence[Any]) -> str:
        """`words` as text that fits into an address or a header."""
        body = orjson.dumps(list(words), default=str)
        return _spelled(self._mark(topic, body) + body)

    def read(self, topic: str, text: str) -> list[Any]:
        """The words that were signed for that topic. Raises `Forged`, whatever is wrong."""
        try:
            signed = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
            mark, body = signed[:_MARK_BYTES], signed[_MARK_BYTES:]
            # Base64 has several spellings of the same bytes; words of ours have one.
            if _spelled(signed) != text:
                raise Forged
            if not hmac.compare_digest(mark, self._mark(topic, body)):
                raise Forged
            words = orjson.loads(body)
        except ValueError:
            raise Forged from None
        if not isinstance(words, list):
            raise Forged
        return words

    def _mark(self, topic: str, body: bytes) -> bytes:
        return hmac.digest(self.key, topic.encode() + b"\0" + body, hashlib.sha256)[:_MARK_BYTES]


def _spelled(signed: bytes) -> str:
    return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()
