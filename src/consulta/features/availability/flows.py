"""Holding a time, counted first: a refused attempt must count, so its count commits by itself."""

import hashlib
from dataclasses import dataclass, replace
from uuid import UUID

from starlette.responses import Response

from consulta.features.availability import service
from consulta.features.availability.rules import HOLDS_PER_MINUTE_OF_ADDRESS
from consulta.features.availability.schemas import HoldCreate, HoldOut
from consulta.kernel.actor import Actor
from consulta.platform.auth.turns import Turn, take_turns
from consulta.platform.db.work import Database
from consulta.platform.http.idempotency import Once


@dataclass(frozen=True, slots=True)
class Counter:
    """Where holds are made: on whose behalf, from which address, under which secret counted."""

    database: Database
    actor: Actor
    address: str
    secret: bytes


async def hold(counter: Counter, body: HoldCreate, *, once: Once) -> Response:
    """The time is held, or the earlier answer under this key comes back.

    Raises `RateLimited` for an address that asks too often, and whatever `service.hold` raises.
    """
    async with counter.database.work(counter.actor) as work:
        turn = Turn("hold", counter.address, HOLDS_PER_MINUTE_OF_ADDRESS)
        await take_turns(work, turn, secret=counter.secret)
    if not counter.actor.is_person:
        once = replace(once, caller=_anonymous_at(counter.address))
    async with counter.database.work(counter.actor) as work:

        async def act() -> tuple[UUID, HoldOut]:
            made = await service.hold(work, body)
            return made.id, made

        return await once.run(work, body, act)


def _anonymous_at(address: str) -> str:
    # Nobody has a hold's token before the hold: without this all strangers would share their keys,
    # and one who repeats another's key and body would be given the other's token.
    return "anonymous:" + hashlib.sha256(f"address|{address}".encode()).hexdigest()
