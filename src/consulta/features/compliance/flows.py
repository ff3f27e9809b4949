"""Exporting and erasing, counted first: a refused try must count, so its count commits by itself;
and a password is compared while no transaction is open.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consulta.features.auth import queries as auth
from consulta.features.compliance import service
from consulta.features.compliance.errors import NotConfirmed
from consulta.features.compliance.rules import ERASURES_PER_MINUTE, EXPORTS_PER_HOUR
from consulta.features.profiles import queries as profiles
from consulta.kernel.actor import Actor
from consulta.platform import personal_data
from consulta.platform.auth.identity import Identities
from consulta.platform.auth.passwords import Passwords
from consulta.platform.auth.turns import Turn, take_turns
from consulta.platform.crypto import Vault
from consulta.platform.db.work import Database
from consulta.platform.personal_data import Register

# The function that reads a password hash is the worker's.
_DOORKEEPER = Actor.system("compliance.erase")


@dataclass(frozen=True, slots=True)
class Custody:
    """What it takes to tell a person everything, or to forget it."""

    database: Database
    identities: Identities
    passwords: Passwords
    vault: Vault
    register: Register
    actor: Actor
    secret: bytes

    async def take_turn(self, turn: Turn) -> None:
        """Raises `RateLimited`."""
        async with self.database.work(self.actor) as work:
            await take_turns(work, turn, secret=self.secret)


async def export(custody: Custody) -> dict[str, Any]:
    """All that is held about the person, by parts. Raises `RateLimited`."""
    who = str(custody.actor.id)
    await custody.take_turn(Turn("export", who, EXPORTS_PER_HOUR, minutes=60))
    async with custody.database.work(custody.actor) as work:
        told = await personal_data.export(custody.register, work, vault=custody.vault)
        work.audit("personal_data_exported", subject_type="user", subject_id=work.person)
        return {"user_id": work.person, "exported_at": await work.now(), "parts": told}


async def erase(custody: Custody, *, password: str | None, email: str | None) -> datetime:
    """The person is erased, and signed out everywhere. Raises `NotConfirmed`, `ErasureBlocked`,
    `AccountErased`, `SignInBusy` and `RateLimited`.
    """
    await custody.take_turn(Turn("erase", str(custody.actor.id), ERASURES_PER_MINUTE))
    proof = await _proof(custody, password=password, email=email)
    async with custody.database.work(custody.actor) as work:
        erased_at = await service.erase(work, register=custody.register, proof=proof)
    custody.identities.forget(user_id=custody.actor.id)
    return erased_at


async def erase_ordered(custody: Custody, *, person: Actor) -> datetime:
    """That person is erased as if by the own hand: the admin who acts has ordered it, and the order
    stands in the audit log. Raises `NotConfirmed`, `ErasureBlocked` and `AccountErased`.
    """
    proof = service.Proof(ordered_by=custody.actor.id)
    async with custody.database.work(person) as work:
        erased_at = await service.erase(work, register=custody.register, proof=proof)
    custody.identities.forget(user_id=person.id)
    return erased_at


async def _proof(custody: Custody, *, password: str | None, email: str | None) -> service.Proof:
    """That the right password was typed, or the address of an account without one. Raises
    `NotConfirmed`.
    """
    async with custody.database.read(custody.actor) as work:
        own = (await profiles.me(work)).email
    async with custody.database.read(_DOORKEEPER) as work:
        credential = await auth.credential_of(work, email=own)
    if credential is None:
        if email != own:
            raise NotConfirmed
        return service.Proof()
    if password is None or not await custody.passwords.matches(password, credential.password_hash):
        raise NotConfirmed
    return service.Proof(password_hash=credential.password_hash)
