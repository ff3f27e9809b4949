"""The public keys of the external issuer: fetched, kept for a while, never asked for in a crowd."""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import orjson
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from consulta.kernel.errors import Unauthenticated, Unavailable

FRESH_SECONDS = 600
PAUSE_SECONDS = 30
STALE_SECONDS = 86_400
_TIMEOUT_SECONDS = 5
_MOST_BYTES = 262_144
_MOST_KEYS = 100
_FEWEST_RSA_BITS = 2048
_KID = re.compile(r"[A-Za-z0-9_.=+-]{1,128}")
_log = structlog.get_logger("consulta.auth")


class IdentityProviderAway(Unavailable):
    """The keys of the identity provider cannot be fetched at this moment: try again shortly."""

    code = "IDENTITY_PROVIDER_UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key, and the one algorithm that it is good for."""

    algorithm: str
    key: Any


class Jwks:
    """Keys by their `kid`.

    Kept 10 minutes; an unknown kid causes a fetch, at most one in 30 seconds whatever comes in;
    while the issuer is away the keys we have go on working, for a day at most.
    """

    def __init__(
        self,
        url: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._clock = clock
        self._client = httpx.AsyncClient(
            transport=transport, follow_redirects=False, timeout=_TIMEOUT_SECONDS, trust_env=False
        )
        self._keys: Mapping[str, VerifyingKey] = {}
        self._fetched_at: float | None = None
        self._asked_at: float | None = None
        self._one_at_a_time = asyncio.Lock()

    async def key(self, kid: object) -> VerifyingKey:
        """The key of that name. Raises `Unauthenticated` where the issuer has none, and
        `IdentityProviderAway` where nothing could be fetched yet.
        """
        if not isinstance(kid, str) or not _KID.fullmatch(kid):
            raise Unauthenticated
        if not self._knows(kid):
            async with self._one_at_a_time:
                if not self._knows(kid) and self._may_ask():
                    await self._refresh()
        if self._age() > STALE_SECONDS:
            raise IdentityProviderAway
        found = self._keys.get(kid)
        if found is None:
            raise Unauthenticated
        return found

    async def aclose(self) -> None:
        await self._client.aclose()

    def _age(self) -> float:
        return float("inf") if self._fetched_at is None else self._clock() - self._fetched_at

    def _knows(self, kid: str) -> bool:
        return kid in self._keys and self._age() < FRESH_SECONDS

    def _may_ask(self) -> bool:
        return self._asked_at is None or self._clock() - self._asked_at >= PAUSE_SECONDS

    async def _refresh(self) -> None:
        self._asked_at = self._clock()
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                self._keys = _keys_of(await self._document())
        except (httpx.HTTPError, TimeoutError, ValueError) as error:
            _log.warning("jwks_not_fetched", kind=type(error).__name__)
            return
        self._fetched_at = self._clock()

    async def _document(self) -> bytes:
        async with self._client.stream("GET", self._url) as answer:
            if answer.status_code != httpx.codes.OK:
                raise ValueError("the issuer did not answer with its keys")
            body = bytearray()
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise ValueError("the list of keys is too long")
            return bytes(body)


def _keys_of(document: bytes) -> Mapping[str, VerifyingKey]:
    """Every usable key of the document; raises ValueError where it is no list of keys at all."""
    content = orjson.loads(document)
    listed = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise ValueError("this is no list of keys")
    found = {}
    for entry in listed:
        key = _usable(entry)
        if key is not None:
            found[entry["kid"]] = key
    return found


def _usable(entry: Any) -> VerifyingKey | None:
    """The key, if it is an RSA or P-256 key for signatures; symmetric ones have no place here."""
    if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
        return None
    algorithm = {"RSA": "RS256", "EC": "ES256"}.get(str(entry.get("kty")))
    if algorithm is None or entry.get("use", "sig") != "sig":
        return None
    if entry.get("alg", algorithm) != algorithm or entry.get("crv", "P-256") != "P-256":
        return None
    try:
        public = {name: value for name, value in entry.items() if name not in {"d", "p", "q"}}
        key = jwt.PyJWK.from_dict(public, algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size < _FEWEST_RSA_BITS:
        return None
    return VerifyingKey(algorithm, key)
