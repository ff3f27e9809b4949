"""Putting keys in: sealed on behalf of their owner, and used here from that moment on."""

from collections.abc import Mapping
from typing import Any

from consulta.features.payment_configs import queries, rules, service
from consulta.features.payment_configs.flows.safe import KEEPER, Safe, content_of
from consulta.features.payment_configs.rules import Offered
from consulta.kernel.actor import Actor
from consulta.platform.crypto import Undecipherable


async def put(
    safe: Safe, actor: Actor, offered: Offered, *, is_same_account: bool | None
) -> Mapping[str, Any]:
    """The account, whose keys are these from now on. Other processes follow within seconds.

    Raises the errors of this room, and SpecialistNotFound.
    """
    rules.ensure_mode(offered, takes_live=safe.takes_live)
    async with safe.database.read(actor) as work:
        rows = await queries.own_configs(work, provider=offered.provider)
    seen = rules.row_for(rows, offered, is_same_account=is_same_account)
    former = await _former(safe, seen, offered) if seen is not None else []
    async with safe.database.work(actor) as work:
        saved: Mapping[str, Any] = await service.save(
            work, offered, vault=safe.vault, seen=seen, former=former
        )
    safe.accounts.forget(saved["provider"], saved["account"])
    return saved


async def _former(safe: Safe, seen: Mapping[str, Any], offered: Offered) -> list[dict[str, str]]:
    async with safe.database.read(KEEPER) as work:
        row = await queries.sealed_keys(work, provider=seen["provider"], account=seen["account"])
    if row is None:
        return []
    try:
        content = content_of(safe.vault, row)
    except Undecipherable:
        # Keys that nobody can open any more must not stand in the way of new ones.
        return []
    return rules.succeeded_by(content, offered.secrets, now=row["now"])
