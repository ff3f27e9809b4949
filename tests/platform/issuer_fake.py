"""An identity provider in this process: keys that rotate, an address that may fail or misbehave."""

import asyncio
import json
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

URL = "https://project.example.com/auth/v1/.well-known/jwks.json"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class FakeIssuer:
    """Publishes the public halves of `keys`, counts how often it is asked, signs tokens."""

    def __init__(self) -> None:
        self.keys: dict[str, PrivateKey] = {}
        self.extra: list[Any] = []
        self.asked = 0
        self.answer: httpx.Response | Exception | None = None
        self.gate: asyncio.Event | None = None

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._handle)

    def add_ec(self, kid: str) -> None:
        self.keys[kid] = ec.generate_private_key(ec.SECP256R1())

    def add_rsa(self, kid: str, *, bits: int = 2048) -> None:
        self.keys[kid] = rsa.generate_private_key(public_exponent=65537, key_size=bits)

    def token(self, kid: str, claims: dict[str, Any], **header: Any) -> str:
        key = self.keys[kid]
        algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} | header)

    def published(self) -> list[dict[str, Any]]:
        return [_public(kid, key) for kid, key in self.keys.items()]

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == URL
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer is not None:
            return self.answer
        return httpx.Response(200, json={"keys": [*self.extra, *self.published()]})


def _public(kid: str, key: PrivateKey) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        member = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    else:
        member = json.loads(ECAlgorithm.to_jwk(key.public_key()))
    return {**member, "kid": kid, "use": "sig"}


class Clock:
    """A monotonic clock that moves when told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds
