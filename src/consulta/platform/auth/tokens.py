"""Access tokens: reading any JWT strictly, and issuing and verifying our own (HS256).

Nothing here asks the database: a good token says who signed in, not what that person may do.
"""

import base64
import binascii
import json
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

import jwt

from consulta.kernel.errors import Unauthenticated
from consulta.settings import AuthSettings

MOST_TOKEN_BYTES = 8_192
LEEWAY_SECONDS = 10
OUR_AUDIENCE = "consulta"
_ALGORITHM = "HS256"
_OUR_HEADER = {"alg": _ALGORITHM, "typ": "JWT"}
_OUR_CLAIMS = ("iss", "aud", "exp", "iat", "nbf", "sub", "sid", "jti", "typ")
_PART = re.compile(r"[A-Za-z0-9_-]+")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Unverified:
    """A well-formed token, of which nothing is believed yet."""

    token: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        """Who it says made it; good for choosing whose key to try, and for nothing else."""
        issuer = self.claims.get("iss")
        return issuer if isinstance(issuer, str) else ""


def read_token(token: str) -> Unverified:
    """The parts of a compact JWS, read strictly. Raises `Unauthenticated` for anything odd.

    Strictly: at most 8 KiB, three parts of canonical unpadded base64url, JSON objects without
    duplicate members. A lenient reader accepts several spellings of one signed token.
    """
    if len(token) > MOST_TOKEN_BYTES:
        raise Unauthenticated
    parts = token.split(".")
    if len(parts) != 3:
        raise Unauthenticated
    header, claims, _ = (_decoded(part) for part in parts)
    return Unverified(token, _object(header), _object(claims))


def _decoded(part: str) -> bytes:
    if not _PART.fullmatch(part):
        raise Unauthenticated
    try:
        plain = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise Unauthenticated from None
    if base64.urlsafe_b64encode(plain).rstrip(b"=").decode() != part:
        raise Unauthenticated
    return plain


def _object(plain: bytes) -> dict[str, Any]:
    try:
        value = json.loads(
            plain.decode(), object_pairs_hook=_unique_members, parse_constant=_no_number
        )
    except (ValueError, RecursionError):
        raise Unauthenticated from None
    if not isinstance(value, dict):
        raise Unauthenticated
    return value


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member appears twice")
    return members


def _no_number(_text: str) -> NoReturn:
    raise ValueError("not a number of JSON")


def verified_claims(
    read: Unverified,
    *,
    key: Any,
    algorithm: str,
    audience: str,
    issuer: str,
    required: tuple[str, ...],
) -> Mapping[str, Any]:
    """The claims, now believed: signature, times, issuer and audience hold, none `required` misses.

    `algorithm` belongs to the key and never comes from the token. Raises `Unauthenticated`.
    """
    try:
        return jwt.decode(
            read.token,
            key,
            algorithms=[algorithm],
            audience=audience,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": list(required), "strict_aud": True},
        )
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        raise Unauthenticated from None


def uuid_claim(claims: Mapping[str, Any], name: str) -> UUID:
    """The claim as an id, in its canonical spelling only. Raises `Unauthenticated`."""
    value = claims.get(name)
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise Unauthenticated
    return UUID(value)


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What one of our tokens says: who, in which sign-in, until when (seconds since 1970)."""

    user_id: UUID
    family_id: UUID
    expires_at: float


class AccessTokens:
    """Issues and verifies our own access tokens: one secret, one algorithm."""

    def __init__(self, settings: AuthSettings) -> None:
        self.issuer = settings.issuer
        self.lifetime_seconds = settings.access_minutes * 60
        self._secret = settings.jwt_secret.get_secret_value().encode()

    def issue(self, *, user_id: UUID, family_id: UUID) -> str:
        """A token for that person and sign-in, good for `lifetime_seconds` from now."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": OUR_AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + self.lifetime_seconds,
            "sub": str(user_id),
            "sid": str(family_id),
            "jti": secrets.token_hex(8),
            "typ": "access",
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def verify(self, read: Unverified) -> AccessClaims:
        """What the token says, if it is ours and in force. Raises `Unauthenticated`."""
        if read.header != _OUR_HEADER or not _has_plain_times(read.claims):
            raise Unauthenticated
        claims = verified_claims(
            read,
            key=self._secret,
            algorithm=_ALGORITHM,
            audience=OUR_AUDIENCE,
            issuer=self.issuer,
            required=_OUR_CLAIMS,
        )
        if claims["typ"] != "access" or not isinstance(claims["jti"], str):
            raise Unauthenticated
        return AccessClaims(
            uuid_claim(claims, "sub"), uuid_claim(claims, "sid"), float(claims["exp"])
        )


def _has_plain_times(claims: Mapping[str, Any]) -> bool:
    # `true` is an int to Python, and a time as text would be accepted by the library.
    return all(type(claims.get(name)) is int for name in ("exp", "iat", "nbf"))
