"""Our own access tokens: one spelling, one algorithm, every claim; all else is 401."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from consulta.kernel.errors import Unauthenticated
from consulta.platform.auth.tokens import AccessClaims, AccessTokens, read_token
from tests.platform.token_forge import (
    SECRET,
    b64,
    our_claims,
    our_header,
    plain,
    respelled,
    settings,
    sign,
)

TOKENS = AccessTokens(settings())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_PUBLIC = RSA_KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def verify(token: str) -> AccessClaims:
    return TOKENS.verify(read_token(token))


def good() -> str:
    return sign(our_header(), our_claims())


def with_claims(**changes: Any) -> Callable[[], str]:
    return lambda: sign(our_header(), our_claims(**changes))


def with_header(**changes: Any) -> Callable[[], str]:
    return lambda: sign(our_header(**changes), our_claims())


def unsigned(algorithm: str) -> Callable[[], str]:
    return lambda: f"{b64(plain(our_header(alg=algorithm)))}.{b64(plain(our_claims()))}."


def parts(change: Callable[[list[str]], list[str]]) -> Callable[[], str]:
    return lambda: ".".join(change(good().split(".")))


def raw_claims(change: Callable[[str], str]) -> Callable[[], str]:
    return lambda: sign(our_header(), change(json.dumps(our_claims())).encode())


def now(seconds: int) -> int:
    return int(time.time()) + seconds


BAD = {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg NONE": unsigned("NONE"),
    "alg empty": unsigned(""),
    "alg none with our signature": with_header(alg="none"),
    "alg missing": lambda: sign({"typ": "JWT"}, our_claims()),
    "alg a list": with_header(alg=["HS256"]),
    "alg a number": with_header(alg=256),
    "alg in small letters": with_header(alg="hs256"),
    "HS384": lambda: sign(our_header(alg="HS384"), our_claims(), digest="sha384"),
    "HS512": lambda: sign(our_header(alg="HS512"), our_claims(), digest="sha512"),
    "HS512 that says HS256": lambda: sign(our_header(), our_claims(), digest="sha512"),
    "RS256": lambda: jwt.encode(our_claims(), RSA_KEY, algorithm="RS256"),
    "PS256": lambda: jwt.encode(our_claims(), RSA_KEY, algorithm="PS256"),
    "ES256": lambda: jwt.encode(our_claims(), EC_KEY, algorithm="ES256"),
    "HS256 with an RSA public key": lambda: sign(our_header(), our_claims(), secret=RSA_PUBLIC),
    "HS256 with an empty secret": lambda: sign(our_header(), our_claims(), secret=b""),
    "HS256 with another secret": lambda: sign(our_header(), our_claims(), secret=b"x" * 40),
    "kid a path": with_header(kid="../../../../dev/null"),
    "kid SQL": with_header(kid="' UNION SELECT 'secret"),
    "kid a URL": with_header(kid="https://evil.example/keys"),
    "jku": with_header(jku="https://evil.example/keys"),
    "jwk": with_header(jwk={"kty": "oct", "k": b64(SECRET.encode())}),
    "x5u": with_header(x5u="https://evil.example/cert"),
    "x5c": with_header(x5c=["MII"]),
    "crit": with_header(crit=["exp"]),
    "b64 false": with_header(b64=False, crit=["b64"]),
    "zip": with_header(zip="DEF"),
    "header typ missing": lambda: sign({"alg": "HS256"}, our_claims()),
    "header typ other": with_header(typ="at+jwt"),
    "header a list": lambda: sign([our_header()], our_claims()),
    "header not JSON": lambda: sign(b"HS256", our_claims()),
    "header twice alg": lambda: sign(b'{"alg":"none","typ":"JWT","alg":"HS256"}', our_claims()),
    "header not UTF-8": lambda: sign(b'{"alg":"HS256","typ":"\xff"}', our_claims()),
    "signature empty": parts(lambda found: [*found[:2], ""]),
    "signature cut": parts(lambda found: [*found[:2], found[2][:-2]]),
    "signature longer": parts(lambda found: [*found[:2], found[2] + "AA"]),
    "signature of another token": parts(lambda found: [*found[:2], good().split(".")[2]]),
    "signature respelled": lambda: respelled(good()),
    "padded": lambda: good() + "=",
    "standard alphabet": parts(lambda found: [*found[:2], "+/" + found[2][2:]]),
    "a space inside": parts(lambda found: [found[0] + " ", *found[1:]]),
    "a line break at the end": lambda: good() + "\n",
    "two parts": parts(lambda found: found[:2]),
    "four parts": parts(lambda found: [*found, found[2]]),
    "five parts, as encrypted ones": parts(lambda found: [*found, "AA", "AA"]),
    "parts in another order": parts(lambda found: [found[1], found[0], found[2]]),
    "empty": lambda: "",
    "dots": lambda: "..",
    "no token at all": lambda: "let me in",
    "letters outside ASCII": parts(lambda found: ["\uff41" + found[0], *found[1:]]),
    "a lone surrogate": parts(lambda found: ["\ud800" + found[0], *found[1:]]),
    "NUL": parts(lambda found: ["\0" + found[0], *found[1:]]),
    "too long": with_claims(filler="x" * 8192),
    "claims a list": lambda: sign(our_header(), [our_claims()]),
    "claims null": lambda: sign(our_header(), b"null"),
    "claims nested deep": lambda: sign(our_header(), b'{"a":' + b"[" * 3000 + b"]" * 3000 + b"}"),
    "claims a number too long": lambda: sign(our_header(), b'{"exp":' + b"9" * 5000 + b"}"),
    "exp twice": raw_claims(lambda text: text[:-1] + ', "exp": 99999999999}'),
    "exp beyond floats": raw_claims(
        lambda text: text[:-1].replace('"exp"', '"e"') + ', "exp": 1e400}'
    ),
    "exp NaN": raw_claims(lambda text: text[:-1].replace('"exp"', '"e"') + ', "exp": NaN}'),
    "exp Infinity": raw_claims(
        lambda text: text[:-1].replace('"exp"', '"e"') + ', "exp": Infinity}'
    ),
    "exp past": lambda: sign(our_header(), our_claims(exp=now(-31))),
    "exp missing": with_claims(exp=None),
    "exp text": with_claims(exp=str(now(900))),
    "exp true": with_claims(exp=True),
    "exp a fraction": lambda: sign(our_header(), our_claims(exp=now(900) + 0.5)),
    "nbf ahead": lambda: sign(our_header(), our_claims(nbf=now(31))),
    "nbf missing": with_claims(nbf=None),
    "nbf text": with_claims(nbf="0"),
    "iat ahead": lambda: sign(our_header(), our_claims(iat=now(31))),
    "iat missing": with_claims(iat=None),
    "iss another": with_claims(iss="someone"),
    "iss longer": with_claims(iss="consulta2"),
    "iss shorter": with_claims(iss="consult"),
    "iss a list": with_claims(iss=["consulta"]),
    "iss missing": with_claims(iss=None),
    "aud another": with_claims(aud="authenticated"),
    "aud a list": with_claims(aud=["consulta"]),
    "aud missing": with_claims(aud=None),
    "sub missing": with_claims(sub=None),
    "sub a number": with_claims(sub=1),
    "sub no id": with_claims(sub="admin"),
    "sub in capitals": with_claims(sub=str(uuid.uuid4()).upper()),
    "sub in braces": with_claims(sub=f"{{{uuid.uuid4()}}}"),
    "sid missing": with_claims(sid=None),
    "sid no id": with_claims(sid="' OR true"),
    "jti missing": with_claims(jti=None),
    "jti a number": with_claims(jti=7),
    "typ missing": with_claims(typ=None),
    "typ refresh": with_claims(typ="refresh"),
    "typ a list": with_claims(typ=["access"]),
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
def test_a_bad_token_is_refused_as_unauthenticated(make: Callable[[], str]) -> None:
    with pytest.raises(Unauthenticated):
        verify(make())


def test_a_token_that_we_issue_says_who_in_which_sign_in_and_until_when() -> None:
    person, family = uuid.uuid4(), uuid.uuid4()
    claims = verify(TOKENS.issue(user_id=person, family_id=family))
    assert (claims.user_id, claims.family_id) == (person, family)
    assert 898 <= claims.expires_at - time.time() <= 901


def test_the_forge_makes_good_tokens_unless_told_otherwise() -> None:
    assert verify(good()).expires_at > time.time()


def test_no_two_tokens_are_alike() -> None:
    person, family = uuid.uuid4(), uuid.uuid4()
    made = {TOKENS.issue(user_id=person, family_id=family) for _ in range(20)}
    assert len(made) == 20


def test_clocks_may_differ_by_a_few_seconds() -> None:
    assert verify(sign(our_header(), our_claims(exp=now(-5))))
    assert verify(sign(our_header(), our_claims(iat=now(5), nbf=now(5))))


@pytest.mark.parametrize("position", range(0, 400, 7))
def test_a_flipped_bit_anywhere_is_noticed(position: int) -> None:
    token = good()
    position %= len(token)
    flipped = chr(ord(token[position]) ^ 1)
    with pytest.raises(Unauthenticated):
        verify(token[:position] + flipped + token[position + 1 :])


def test_a_token_says_nothing_about_roles() -> None:
    token = TOKENS.issue(user_id=uuid.uuid4(), family_id=uuid.uuid4())
    assert set(read_token(token).claims) == {
        *("iss", "aud", "iat", "nbf", "exp", "sub", "sid", "jti", "typ")
    }


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_signed_token_has_one_spelling(part: int) -> None:
    # Two of three lengths leave unused bits in the last character.
    for filler in range(3):
        found = sign({"alg": "x" * filler}, {"a": "x" * filler}).split(".")
        if len(found[part]) % 4:
            found[part] = respelled(found[part])
            with pytest.raises(Unauthenticated):
                read_token(".".join(found))
