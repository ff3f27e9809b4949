"""The issuer's keys: rotation is followed, nobody asks in a crowd, an outage is outlived."""

import asyncio
import base64
from collections.abc import AsyncIterator

import httpx
import pytest

from consulta.kernel.errors import Unauthenticated
from consulta.platform.auth.jwks import (
    FRESH_SECONDS,
    PAUSE_SECONDS,
    STALE_SECONDS,
    IdentityProviderAway,
    Jwks,
)
from tests.platform.issuer_fake import URL, Clock, FakeIssuer


@pytest.fixture
def issuer() -> FakeIssuer:
    made = FakeIssuer()
    made.add_ec("one")
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def jwks(issuer: FakeIssuer, clock: Clock) -> AsyncIterator[Jwks]:
    made = Jwks(URL, transport=issuer.transport, clock=clock)
    yield made
    await made.aclose()


async def test_each_key_comes_with_the_one_algorithm_it_is_good_for(
    issuer: FakeIssuer, jwks: Jwks
) -> None:
    issuer.add_rsa("two")
    assert (await jwks.key("one")).algorithm == "ES256"
    assert (await jwks.key("two")).algorithm == "RS256"


async def test_a_known_key_is_not_asked_for_again_for_ten_minutes(
    issuer: FakeIssuer, jwks: Jwks, clock: Clock
) -> None:
    for _ in range(50):
        await jwks.key("one")
    clock.seconds += FRESH_SECONDS - 1
    await jwks.key("one")
    assert issuer.asked == 1


async def test_a_new_key_is_accepted_within_the_pause(
    issuer: FakeIssuer, jwks: Jwks, clock: Clock
) -> None:
    await jwks.key("one")
    issuer.add_ec("new")
    with pytest.raises(Unauthenticated):
        await jwks.key("new")
    clock.seconds += PAUSE_SECONDS
    assert (await jwks.key("new")).algorithm == "ES256"


async def test_a_removed_key_is_refused_when_the_list_has_aged(
    issuer: FakeIssuer, jwks: Jwks, clock: Clock
) -> None:
    await jwks.key("one")
    issuer.keys.clear()
    issuer.add_ec("new")
    clock.seconds += FRESH_SECONDS
    with pytest.raises(Unauthenticated):
        await jwks.key("one")


async def test_ten_thousand_unknown_names_cause_one_question(
    issuer: FakeIssuer, jwks: Jwks
) -> None:
    for number in range(10_000):
        with pytest.raises(Unauthenticated):
            await jwks.key(f"unknown-{number}")
    assert issuer.asked == 1


async def test_a_crowd_asks_once(issuer: FakeIssuer, jwks: Jwks) -> None:
    issuer.gate = asyncio.Event()
    crowd = [asyncio.create_task(jwks.key("one")) for _ in range(100)]
    await asyncio.sleep(0.01)
    issuer.gate.set()
    found = await asyncio.gather(*crowd)
    assert issuer.asked == 1
    assert {key.algorithm for key in found} == {"ES256"}


@pytest.mark.parametrize(
    "kid",
    [None, 7, ["one"], "", "x" * 129, "../one", "https://evil.example/k", "a' OR 'b", "a b", "é"],
)
async def test_an_odd_name_is_refused_without_asking(
    issuer: FakeIssuer, jwks: Jwks, kid: object
) -> None:
    with pytest.raises(Unauthenticated):
        await jwks.key(kid)
    assert issuer.asked == 0


FAILURES = {
    "refused": httpx.ConnectError("no"),
    "too slow": httpx.ReadTimeout("slow"),
    "500": httpx.Response(500),
    "302": httpx.Response(302, headers={"location": "https://evil.example/keys"}),
    "HTML": httpx.Response(200, text="<html>"),
    "a list": httpx.Response(200, json=[]),
    "no keys": httpx.Response(200, json={"keys": "many"}),
    "ten megabytes": httpx.Response(200, content=b" " * 10_000_000),
    "too many keys": httpx.Response(200, json={"keys": [{}] * 101}),
    "invalid bytes": httpx.Response(200, content=b"\xff\xfe"),
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
async def test_while_the_issuer_fails_the_keys_we_have_go_on_working(
    issuer: FakeIssuer, jwks: Jwks, clock: Clock, failure: httpx.Response | Exception
) -> None:
    await jwks.key("one")
    issuer.answer = failure
    clock.seconds += FRESH_SECONDS
    assert (await jwks.key("one")).algorithm == "ES256"
    assert issuer.asked == 2
    await jwks.key("one")
    assert issuer.asked == 2


async def test_a_list_that_could_not_be_renewed_for_a_day_is_no_longer_believed(
    issuer: FakeIssuer, jwks: Jwks, clock: Clock
) -> None:
    await jwks.key("one")
    issuer.answer = httpx.ConnectError("no")
    clock.seconds += STALE_SECONDS + 1
    with pytest.raises(IdentityProviderAway):
        await jwks.key("one")


async def test_without_any_list_the_answer_is_not_now(issuer: FakeIssuer, jwks: Jwks) -> None:
    issuer.answer = httpx.ConnectError("no")
    with pytest.raises(IdentityProviderAway):
        await jwks.key("one")
    with pytest.raises(IdentityProviderAway):
        await jwks.key("one")
    assert issuer.asked == 1


async def test_after_an_outage_the_keys_are_fetched_again(
    issuer: FakeIssuer, jwks: Jwks, clock: Clock
) -> None:
    issuer.answer = httpx.ConnectError("no")
    with pytest.raises(IdentityProviderAway):
        await jwks.key("one")
    issuer.answer = None
    clock.seconds += PAUSE_SECONDS
    assert (await jwks.key("one")).algorithm == "ES256"


async def test_unusable_keys_are_passed_over(issuer: FakeIssuer, jwks: Jwks) -> None:
    good = issuer.published()[0]
    secret = base64.urlsafe_b64encode(b"s" * 32).decode()
    issuer.add_rsa("short", bits=1024)
    issuer.extra = [
        "no object",
        {"kty": "oct", "k": secret, "kid": "symmetric"},
        {"kty": "oct", "k": secret, "kid": "disguised", "alg": "HS256"},
        {**good, "kid": "for-encryption", "use": "enc"},
        {**good, "kid": "other-algorithm", "alg": "HS256"},
        {**good, "kid": "other-curve", "crv": "P-384"},
        {**good, "kid": "off-curve", "x": good["y"]},
        {**good, "kid": 7},
        {"kty": "EC", "kid": "empty"},
    ]
    assert (await jwks.key("one")).algorithm == "ES256"
    for kid in (
        *("symmetric", "disguised", "for-encryption", "other-algorithm", "other-curve"),
        *("off-curve", "empty", "short"),
    ):
        with pytest.raises(Unauthenticated):
            await jwks.key(kid)
