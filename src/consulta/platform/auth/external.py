"""Tokens of the external issuer that the settings name: a Supabase-style secret, or public keys."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consulta.kernel.errors import Unauthenticated
from consulta.platform.auth.jwks import Jwks, VerifyingKey
from consulta.platform.auth.tokens import Unverified, verified_claims
from consulta.platform.http.schema import EMAIL
from consulta.settings import AuthSettings

_REFUSED_HEADERS = frozenset({"crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"})
_REQUIRED = ("iss", "aud", "exp", "iat", "sub")
_TYPES = {None, "JWT", "at+jwt"}
_SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class ExternalClaims:
    """Who the issuer says this is. Roles in its claims are not read: ours stand in our table."""

    issuer: str
    subject: str
    email: str | None
    full_name: str
    expires_at: float


class ExternalTokens:
    """Verifies tokens of one issuer.

    Each key has one algorithm: the shared secret HS256, a public key RS256 or ES256 by its own
    type. The token's header only says which of those keys to try.
    """

    def __init__(self, settings: AuthSettings, *, jwks: Jwks | None) -> None:
        self.issuer = settings.external_issuer
        self._audience = settings.external_audience
        self._jwks = jwks
        secret = settings.external_secret.get_secret_value().encode()
        self._secret = VerifyingKey("HS256", secret) if secret else None

    async def verify(self, read: Unverified) -> ExternalClaims:
        """What the token says, if it is that issuer's and in force. Raises `Unauthenticated`."""
        if _REFUSED_HEADERS & read.header.keys() or read.header.get("typ") not in _TYPES:
            raise Unauthenticated
        if not _has_plain_times(read.claims):
            raise Unauthenticated
        key = await self._key_for(read.header)
        claims = verified_claims(
            read,
            key=key.key,
            algorithm=key.algorithm,
            audience=self._audience,
            issuer=self.issuer,
            required=_REQUIRED,
        )
        subject = claims["sub"]
        if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
            raise Unauthenticated
        email = _email(claims)
        return ExternalClaims(
            issuer=self.issuer,
            subject=subject,
            email=email,
            full_name=_full_name(claims, email=email),
            expires_at=float(claims["exp"]),
        )

    async def _key_for(self, header: Mapping[str, Any]) -> VerifyingKey:
        if self._secret is not None and header.get("alg") == self._secret.algorithm:
            return self._secret
        if self._jwks is None:
            raise Unauthenticated
        return await self._jwks.key(header.get("kid"))


def _has_plain_times(claims: Mapping[str, Any]) -> bool:
    times = [claims[name] for name in ("exp", "iat", "nbf") if name in claims]
    return all(type(one) in {int, float} and math.isfinite(one) for one in times)


def _email(claims: Mapping[str, Any]) -> str | None:
    email = claims.get("email")
    if not isinstance(email, str) or not EMAIL.fullmatch(email):
        return None
    return email.lower()


def _full_name(claims: Mapping[str, Any], *, email: str | None) -> str:
    """What the person is called at first: it may be changed at once, so a guess will do."""
    metadata = claims.get("user_metadata")
    told = [claims.get("name")]
    if isinstance(metadata, dict):
        told = [metadata.get("full_name"), metadata.get("name"), *told]
    for name in told:
        if isinstance(name, str) and name.isprintable() and name.strip():
            return name.strip()[:_LONGEST_NAME]
    return (email or "New client").partition("@")[0]
