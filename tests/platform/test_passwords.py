"""Passwords: what is good enough, and hashes that tell nothing, not even by their time."""

import asyncio
import time
from statistics import median

import pytest

from consulta.platform.auth.common_passwords import is_common
from consulta.platform.auth.passwords import (
    MOST_CHARACTERS,
    Passwords,
    PasswordTooWeak,
    SignInBusy,
    ensure_strong,
)

EMAIL = "annalise.weber@example.com"
_LISTED = """
password12 Password123! P@ssw0rd2024 p4ssword!!!! passwordpassword 1234567890 0987654321
123456789012 qwertyuiop qwerty12345 1q2w3e4r5t 1qaz2wsx3edc asdfghjkl; zxcvbnm123 abcdefghij
abcdefghijklmnop zyxwvutsrq iloveyou123 !!welcome!! Welcome2026 changeme2026 letmein!!! trustno1!!!
administrator Administrator1 dragon123456 monkeymonkey sunshine99 superman2000 football1! baseball11
aaaaaaaaaa abababababab 1111111111 112112112112 starwars!! helloworld secretsecret 19901990199
princess1234 consulta2026 doctor123456 Summer2026! passphrase 00000000001 liverpool1 qwertzuiop
"""
OBVIOUS = _LISTED.split()
GOOD = [
    "correct horse battery staple",
    "Tr0ub4dor&3x",
    "kürzlich-im-Regen",
    "пароль-на-десять",
    "  leading and trailing  ",
    "a-password-that-nobody-has",
    "qwerty is how it begins but not how it ends",
    "🐘🦒🐘🐍🐢🐘🐬🐘🐝🐘",
    "x" * 60 + "yz and so on",
]


@pytest.mark.parametrize("password", [*OBVIOUS, EMAIL, EMAIL.upper(), "Annalise.Weber"])
def test_an_obvious_password_is_refused(password: str) -> None:
    with pytest.raises(PasswordTooWeak):
        ensure_strong(password, email=EMAIL)


@pytest.mark.parametrize("password", GOOD)
def test_a_password_that_is_not_obvious_is_taken(password: str) -> None:
    ensure_strong(password, email=EMAIL)


def test_ten_to_128_characters_are_counted_as_they_are() -> None:
    ensure_strong("ab cd efgh", email=EMAIL)
    ensure_strong("äöü-äöü-äß", email=EMAIL)
    ensure_strong(("abcd-efgh " * 13)[:MOST_CHARACTERS], email=EMAIL)
    for password in ("ab cd efg", ("abcd-efgh " * 13)[: MOST_CHARACTERS + 1]):
        with pytest.raises(PasswordTooWeak):
            ensure_strong(password, email=EMAIL)


@pytest.mark.parametrize("long", ["1", "qwerty", "1234567890", "abcde", "1q2w3e4r5t6y", "password"])
def test_judging_the_longest_password_takes_no_time(long: str) -> None:
    begun = time.perf_counter()
    is_common((long * MOST_CHARACTERS)[: MOST_CHARACTERS - 1] + "!")
    assert time.perf_counter() - begun < 1


@pytest.fixture
def cheap() -> Passwords:
    return Passwords(memory_kib=8, passes=1)


async def test_the_password_matches_its_hash_and_no_other(cheap: Passwords) -> None:
    kept = await cheap.hash("correct horse battery staple")
    assert kept.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert await cheap.matches("correct horse battery staple", kept)
    assert not await cheap.matches("correct horse battery stapl", kept)
    assert not await cheap.matches("correct horse battery staple ", kept)


async def test_every_character_counts_beyond_the_72nd_byte(cheap: Passwords) -> None:
    kept = await cheap.hash("x" * 72 + "a" + "y" * 55)
    assert not await cheap.matches("x" * 72 + "b" + "y" * 55, kept)
    assert not await cheap.matches("x" * 72 + "a" + "y" * 54 + "z", kept)


async def test_letters_count_as_they_were_typed(cheap: Passwords) -> None:
    composed, decomposed = "caf\u00e9-au-lait", "cafe\u0301-au-lait"
    kept = await cheap.hash(composed)
    assert await cheap.matches(composed, kept)
    assert not await cheap.matches(decomposed, kept)


async def test_the_same_password_never_has_the_same_hash(cheap: Passwords) -> None:
    assert await cheap.hash("correct horse") != await cheap.hash("correct horse")


@pytest.mark.parametrize("broken", ["", "plain", "$2b$12$abc", "$argon2id$v=19$m=8,t=1,p=1$x$y"])
async def test_what_is_no_hash_matches_nothing(cheap: Passwords, broken: str) -> None:
    assert not await cheap.matches("plain", broken)


async def test_the_parameters_of_today_are_the_recommended_ones() -> None:
    kept = await Passwords().hash("correct horse battery staple")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_a_hash_of_other_parameters_is_outdated_but_matches(cheap: Passwords) -> None:
    kept = await cheap.hash("correct horse")
    today = Passwords(memory_kib=16, passes=1)
    assert not cheap.is_outdated(kept)
    assert today.is_outdated(kept)
    assert await today.matches("correct horse", kept)


async def test_no_account_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords(memory_kib=8_192, passes=4)
    kept = await passwords.hash("correct horse")

    async def seconds(stored: str | None) -> float:
        begun = time.perf_counter()
        assert not await passwords.matches("wrong horse", stored)
        return time.perf_counter() - begun

    with_account = median([await seconds(kept) for _ in range(7)])
    without = median([await seconds(None) for _ in range(7)])
    assert without > with_account / 3


async def test_the_queue_for_hashing_is_bounded() -> None:
    passwords = Passwords(memory_kib=4_096, passes=2)
    crowd = [asyncio.create_task(passwords.hash(f"correct horse {n}")) for n in range(100)]
    ends = await asyncio.gather(*crowd, return_exceptions=True)
    turned_away = [end for end in ends if isinstance(end, SignInBusy)]
    assert len(turned_away) == 36
    assert all(isinstance(end, str | SignInBusy) for end in ends)
    assert await passwords.hash("and then there is room again")
