"""Passwords: which are good enough, and their argon2id hashes, made where they block nobody."""

import asyncio
import secrets
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from consulta.kernel.errors import Invalid, Unavailable
from consulta.platform.auth.common_passwords import is_common

T = TypeVar("T")
FEWEST_CHARACTERS = 10
MOST_CHARACTERS = 128

# OWASP's password storage cheat sheet: argon2id with 19 MiB, two passes, one lane.
MEMORY_KIB = 19_456
PASSES = 2

_AT_ONCE = 2
_MOST_WAITING = 64


class PasswordTooWeak(Invalid):
    """The password is too easy to guess."""

    code = "PASSWORD_TOO_WEAK"


class SignInBusy(Unavailable):
    """Too many people are signing in at this moment: try again shortly."""

    code = "SIGN_IN_BUSY"


def ensure_strong(password: str, *, email: str) -> None:
    """Nothing happens for a password of 10 to 128 characters that is not an obvious one. The
    characters count as they are: not trimmed, not normalised. Raises `PasswordTooWeak`.
    """
    if len(password) < FEWEST_CHARACTERS:
        raise PasswordTooWeak(f"A password has at least {FEWEST_CHARACTERS} characters.")
    if len(password) > MOST_CHARACTERS:
        raise PasswordTooWeak(f"A password has at most {MOST_CHARACTERS} characters.")
    plain = password.casefold().strip()
    if plain in {email.casefold(), email.casefold().partition("@")[0]}:
        raise PasswordTooWeak("The password is the e-mail address.")
    if len(set(plain)) < 4:
        raise PasswordTooWeak("The password repeats the same few characters.")
    if is_common(plain):
        raise PasswordTooWeak("This password is one of those that are tried first.")


class Passwords:
    """Makes and checks hashes in threads, two at a time: each takes 19 MiB for some 20 ms.

    The parameters may be lowered where nothing is at stake, as in tests.
    """

    def __init__(self, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> None:
        self._hasher = PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=1, type=Type.ID
        )
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._nobodys_hash = self._hasher.hash(secrets.token_urlsafe(32))

    async def hash(self, password: str) -> str:
        """The hash to store, with its parameters and salt inside. Raises `SignInBusy`."""
        return await self._aside(lambda: self._hasher.hash(password))

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether that is the password. Without a hash the answer is no, after the same work: how
        long it takes does not tell whether there is an account. Raises `SignInBusy`.
        """
        compared = self._nobodys_hash if password_hash is None else password_hash
        is_same = await self._aside(lambda: self._verify(compared, password))
        return is_same and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _aside(self, act: Callable[[], T]) -> T:
        if self._waiting >= _MOST_WAITING:
            raise SignInBusy
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(act)
        finally:
            self._waiting -= 1
