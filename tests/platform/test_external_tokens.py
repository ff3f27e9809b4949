"""Tokens of the external issuer: a shared secret or public keys, never the token's own choice."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from pydantic import SecretStr

from consulta.kernel.errors import Unauthenticated
from consulta.platform.auth.external import ExternalTokens
from consulta.platform.auth.jwks import Jwks
from consulta.platform.auth.tokens import read_token
from tests.platform.issuer_fake import URL, FakeIssuer
from tests.platform.token_forge import (
    ELSEWHERE,
    OTHER_SECRET,
    our_header,
    settings,
    sign,
    their_claims,
)

WITH_SECRET = settings(external_issuer=ELSEWHERE, external_secret=SecretStr(OTHER_SECRET))
WITH_KEYS = settings(external_issuer=ELSEWHERE, external_jwks_url=URL)


def shared(claims: dict[str, Any] | None = None, **header: Any) -> str:
    """A token signed with the secret that the issuer shares with us."""
    return sign(our_header(**header), claims or their_claims(), secret=OTHER_SECRET.encode())


@pytest.fixture(scope="module")
def issuer() -> FakeIssuer:
    made = FakeIssuer()
    made.add_ec("ec")
    made.add_rsa("rsa")
    return made


@pytest.fixture
async def by_keys(issuer: FakeIssuer) -> AsyncIterator[ExternalTokens]:
    issuer.asked = 0
    jwks = Jwks(URL, transport=issuer.transport)
    yield ExternalTokens(WITH_KEYS, jwks=jwks)
    await jwks.aclose()


by_secret = ExternalTokens(WITH_SECRET, jwks=None)


async def test_a_token_with_the_shared_secret_says_who_it_is() -> None:
    claims = their_claims(email="Anna@Example.com")
    found = await by_secret.verify(read_token(shared(claims)))
    assert (found.issuer, found.subject) == (ELSEWHERE, claims["sub"])
    assert (found.email, found.full_name) == ("anna@example.com", "Anna Weber")


@pytest.mark.parametrize("kid", ["ec", "rsa"])
async def test_a_token_with_a_published_key_says_who_it_is(
    issuer: FakeIssuer, by_keys: ExternalTokens, kid: str
) -> None:
    claims = their_claims()
    found = await by_keys.verify(read_token(issuer.token(kid, claims)))
    assert found.subject == claims["sub"]


BAD_WITH_SECRET: dict[str, Callable[[], str]] = {
    "our own secret": lambda: sign(our_header(), their_claims()),
    "alg none": lambda: shared(alg="none"),
    "alg HS512": lambda: shared(alg="HS512"),
    "alg RS256": lambda: shared(alg="RS256"),
    "crit": lambda: shared(crit=["exp"]),
    "jku": lambda: shared(jku="https://evil.example/k"),
    "jwk": lambda: shared(jwk={"kty": "oct", "k": "AA"}),
    "x5u": lambda: shared(x5u="https://evil.example/k"),
    "x5c": lambda: shared(x5c=[]),
    "b64": lambda: shared(b64=False),
    "header typ other": lambda: shared(typ="dpop+jwt"),
    "expired": lambda: shared(their_claims(exp=int(time.time()) - 31)),
    "exp missing": lambda: shared(their_claims(exp=None)),
    "exp text": lambda: shared(their_claims(exp="9999999999")),
    "nbf ahead": lambda: shared(their_claims(nbf=int(time.time()) + 60)),
    "iat missing": lambda: shared(their_claims(iat=None)),
    "iat true": lambda: shared(their_claims(iat=True)),
    "iss longer": lambda: shared(their_claims(iss=ELSEWHERE + "/")),
    "iss missing": lambda: shared(their_claims(iss=None)),
    "aud anon": lambda: shared(their_claims(aud="anon")),
    "aud a list": lambda: shared(their_claims(aud=["authenticated"])),
    "aud missing": lambda: shared(their_claims(aud=None)),
    "sub missing": lambda: shared(their_claims(sub=None)),
    "sub empty": lambda: shared(their_claims(sub="")),
    "sub a number": lambda: shared(their_claims(sub=42)),
    "sub too long": lambda: shared(their_claims(sub="x" * 256)),
    "sub with NUL": lambda: shared(their_claims(sub="a\0b")),
}


@pytest.mark.parametrize("make", BAD_WITH_SECRET.values(), ids=BAD_WITH_SECRET.keys())
async def test_a_bad_token_with_the_shared_secret_is_refused(make: Callable[[], str]) -> None:
    with pytest.raises(Unauthenticated):
        await by_secret.verify(read_token(make()))


async def test_a_public_key_is_never_used_as_a_secret(
    issuer: FakeIssuer, by_keys: ExternalTokens
) -> None:
    public = issuer.keys["rsa"].public_key()
    for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER):
        known = public.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
        forged = sign(our_header(kid="rsa"), their_claims(), secret=known)
        with pytest.raises(Unauthenticated):
            await by_keys.verify(read_token(forged))


async def test_a_key_signs_with_its_own_algorithm_only(
    issuer: FakeIssuer, by_keys: ExternalTokens
) -> None:
    rsa_key, ec_key = issuer.keys["rsa"], issuer.keys["ec"]
    forged = [
        jwt.encode(their_claims(), rsa_key, algorithm="PS256", headers={"kid": "rsa"}),
        jwt.encode(their_claims(), rsa_key, algorithm="RS512", headers={"kid": "rsa"}),
        jwt.encode(their_claims(), rsa_key, algorithm="RS256", headers={"kid": "ec"}),
        jwt.encode(their_claims(), ec_key, algorithm="ES256", headers={"kid": "rsa"}),
        jwt.encode(their_claims(), ec_key, algorithm="ES256"),
    ]
    for token in forged:
        with pytest.raises(Unauthenticated):
            await by_keys.verify(read_token(token))


async def test_addresses_of_keys_in_the_token_are_not_visited(
    issuer: FakeIssuer, by_keys: ExternalTokens
) -> None:
    token = issuer.token("ec", their_claims(), jku=URL)
    with pytest.raises(Unauthenticated):
        await by_keys.verify(read_token(token))
    assert issuer.asked == 0


@pytest.mark.parametrize(
    "email", ["no address", "a@b", "a\r\n@example.com", "ä@example.com", 7, ""]
)
async def test_what_is_no_address_is_not_taken_for_one(email: object) -> None:
    found = await by_secret.verify(read_token(shared(their_claims(email=email))))
    assert found.email is None


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"user_metadata": {"full_name": "  Anna  "}}, "Anna"),
        ({"user_metadata": {"name": "Anna W."}}, "Anna W."),
        ({"user_metadata": "Anna", "name": "Anna from OIDC"}, "Anna from OIDC"),
        ({"user_metadata": {"full_name": "x" * 500}}, "x" * 200),
        ({"user_metadata": {"full_name": "A\0"}}, "anna"),
        ({"user_metadata": {"full_name": 7}}, "anna"),
        ({"user_metadata": None}, "anna"),
    ],
)
async def test_the_first_name_is_a_fair_guess(claims: dict[str, Any], name: str) -> None:
    found = await by_secret.verify(read_token(shared(their_claims(**claims))))
    assert found.full_name == name
