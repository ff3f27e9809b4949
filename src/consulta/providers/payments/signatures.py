"""Signed letters: `t=<unix seconds>,v1=<hex HMAC-SHA256>`, or the bare digest of the bytes."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import orjson

from consulta.providers.payments.port import SignatureRejected

TOLERANCE_SECONDS = 300
"""How far the letter's clock may be from ours, in either direction."""
HEADER_CHARACTERS_MAX = 4096
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def signature_header(body: bytes, *, secret: str, at: int) -> str:
    """The header's value for this body, signed at this Unix second."""
    return f"t={at},v1={_digest(body, secret=secret, at=str(at))}"


def verify_signature(
    body: bytes,
    headers: Mapping[str, str],
    *,
    header_name: str,
    secrets: Sequence[str],
    now: float,
) -> None:
    """The body was signed with one of the secrets, at most 300 s ago or ahead.

    Raises `SignatureRejected` for everything else. Several `v1` are allowed while a sender rolls
    its secret; one that is no digest makes the whole header suspect, as does a second timestamp.
    """
    at, digests = _read_header(_only_header(headers, name=header_name))
    matches = [
        hmac.compare_digest(_digest(body, secret=secret, at=at), digest)
        for secret in secrets
        for digest in digests
    ]
    if not any(matches):
        _reject("The signature does not fit the message.")
    if abs(now - int(at)) > TOLERANCE_SECONDS:
        _reject("The timestamp is too far from the present.")


def plain_digest(message: bytes, *, secret: str) -> str:
    """The hexadecimal HMAC-SHA256 of the message."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def is_signed(message: bytes, signature: object, *, secrets: Sequence[str]) -> bool:
    """Whether that is the digest of the message under one of the secrets. Nothing but a digest is
    compared, in constant time.
    """
    if not isinstance(signature, str) or not _DIGEST.fullmatch(signature):
        return False
    matches = [
        hmac.compare_digest(plain_digest(message, secret=secret), signature) for secret in secrets
    ]
    return any(matches)


def verify_plain_signature(
    body: bytes, headers: Mapping[str, str], *, header_name: str, secrets: Sequence[str]
) -> None:
    """The header is the digest of exactly these bytes. Raises `SignatureRejected` otherwise."""
    if not is_signed(body, _only_header(headers, name=header_name), secrets=secrets):
        _reject("The signature does not fit the message.")


def read_json_object(body: bytes) -> dict[str, Any]:
    """The body as a JSON object. Raises `SignatureRejected` for any other bytes."""
    try:
        letter = orjson.loads(body)
    except orjson.JSONDecodeError:
        _reject("The message is not JSON.")
    if not isinstance(letter, dict):
        _reject("The message is not a JSON object.")
    return letter


def _only_header(headers: Mapping[str, str], *, name: str) -> str:
    values = [value for key, value in headers.items() if key.lower() == name.lower()]
    if len(values) != 1:
        _reject("Exactly one signature header is needed.")
    return values[0]


def _read_header(header: str) -> tuple[str, list[str]]:
    if len(header) > HEADER_CHARACTERS_MAX or not header.isascii():
        _reject("The signature header cannot be read.")
    parts = [part.partition("=") for part in header.split(",")]
    timestamps = [value for key, _, value in parts if key == "t"]
    digests = [value for key, _, value in parts if key == "v1"]
    if len(timestamps) != 1 or not _TIMESTAMP.fullmatch(timestamps[0]):
        _reject("The signature header needs one timestamp.")
    if not digests or not all(_DIGEST.fullmatch(digest) for digest in digests):
        _reject("The signature header holds no usable signature.")
    return timestamps[0], digests


def _digest(body: bytes, *, secret: str, at: str) -> str:
    # The timestamp is signed as it was written, so that "007" and "7" are different letters.
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()


def _reject(detail: str) -> NoReturn:
    raise SignatureRejected(detail)
