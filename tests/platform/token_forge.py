"""A forge: tokens of any shape, good and bad, made by hand so that no library refuses to help."""

import base64
import hmac
import json
import time
import uuid
from typing import Any

from pydantic import SecretStr

from consulta.settings import AuthSettings

SECRET = "the-secret-of-the-token-tests-0123456789"
ISSUER = "consulta"
ELSEWHERE = "https://project.example.com/auth/v1"
OTHER_SECRET = "the-secret-of-the-other-issuer-9876543210"


def settings(**changes: Any) -> AuthSettings:
    values = {"jwt_secret": SecretStr(SECRET), "issuer": ISSUER, **changes}
    return AuthSettings(**values)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def plain(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def sign(
    header: Any, claims: Any, *, secret: bytes = SECRET.encode(), digest: str = "sha256"
) -> str:
    """An HMAC token around any header and claims: dicts, or bytes as they shall stand."""
    signed = f"{b64(plain(header))}.{b64(plain(claims))}"
    return f"{signed}.{b64(hmac.digest(secret, signed.encode(), digest))}"


def our_header(**changes: Any) -> dict[str, Any]:
    return {"alg": "HS256", "typ": "JWT"} | changes


def our_claims(**changes: Any) -> dict[str, Any]:
    """Claims of a token that is good now; a change to None takes the claim out."""
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": "consulta",
        "iat": now,
        "nbf": now,
        "exp": now + 900,
        "sub": str(uuid.uuid4()),
        "sid": str(uuid.uuid4()),
        "jti": "0123456789abcdef",
        "typ": "access",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def their_claims(**changes: Any) -> dict[str, Any]:
    """Claims as Supabase makes them; a change to None takes the claim out."""
    now = int(time.time())
    good = {
        "iss": ELSEWHERE,
        "aud": "authenticated",
        "iat": now,
        "exp": now + 3600,
        "sub": str(uuid.uuid4()),
        "email": "anna@example.com",
        "role": "authenticated",
        "session_id": str(uuid.uuid4()),
        "app_metadata": {"provider": "email"},
        "user_metadata": {"full_name": "Anna Weber"},
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def respelled(token: str) -> str:
    """The same bytes in another spelling: the two unused bits of the last character are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    position = alphabet.index(token[-1])
    return token[:-1] + alphabet[position ^ 1]
