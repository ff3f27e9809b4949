"""Erasing somebody else's account: the order commits by itself, so that a refused one is on the
record, too; then the person's own rights erase it.
"""

from datetime import datetime
from uuid import UUID

from consulta.features.admin import service
from consulta.features.admin.schemas import ErasureOrder
from consulta.features.compliance import flows as compliance
from consulta.features.compliance.flows import Custody
from consulta.features.compliance.rules import ERASURES_PER_MINUTE
from consulta.kernel.actor import Actor, Role
from consulta.platform.auth.turns import Turn


async def erase(custody: Custody, body: ErasureOrder, *, user_id: UUID) -> datetime:
    """When that person was erased, now or before. Raises `UserNotFound`, `Forbidden`,
    `ErasureBlocked`, `AccountErased` where another order was a moment faster, and `RateLimited`.
    """
    await custody.take_turn(Turn("erase", str(custody.actor.id), ERASURES_PER_MINUTE))
    async with custody.database.work(custody.actor) as work:
        account = await service.order_erasure(work, body, user_id=user_id)
    erased_at: datetime | None = account["erased_at"]
    if erased_at is not None:
        return erased_at
    return await compliance.erase_ordered(custody, person=Actor(Role(account["role"]), user_id))
