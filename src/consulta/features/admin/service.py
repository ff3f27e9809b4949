"""What admins change of other people's accounts."""

from uuid import UUID

import asyncpg

from consulta.features.admin import queries
from consulta.features.admin.errors import CannotChangeYourself, UserNotFound
from consulta.features.admin.schemas import AccountPatch, ErasureOrder
from consulta.features.compliance.errors import AccountErased
from consulta.features.specialists import service as specialists
from consulta.kernel.actor import Role
from consulta.kernel.errors import Forbidden
from consulta.platform.db.work import Work

_CHANGE = "UPDATE app.users SET role = $2, is_active = $3 WHERE id = $1"


async def verify_specialist(work: Work, *, specialist_id: UUID) -> None:
    """The page is public. Raises `SpecialistNotFound`, and `AccountErased` for nobody's page."""
    account = await queries.erasure_of(work, specialist_id)
    if account is not None and account["erased_at"] is not None:
        raise AccountErased
    await specialists.verify(work, specialist_id=specialist_id)


async def order_erasure(work: Work, body: ErasureOrder, *, user_id: UUID) -> asyncpg.Record:
    """The order to erase stands in the audit log; nothing is said about who is erased already.
    Answers the account's `role` and `erased_at`. Raises `UserNotFound`, and `Forbidden` for an
    admin, who is no client or specialist that could ask for it.
    """
    account = await queries.erasure_of(work, user_id)
    if account is None:
        raise UserNotFound
    if account["role"] == Role.ADMIN:
        raise Forbidden
    if account["erased_at"] is None:
        work.audit(
            "account_erasure_ordered",
            subject_type="user",
            subject_id=user_id,
            new={"reason": body.reason},
        )
    return account


async def change_user(work: Work, body: AccountPatch, *, user_id: UUID) -> None:
    """Role and state are as asked, everywhere within five seconds. Who is no active specialist any
    more takes no bookings. Raises `UserNotFound` and `CannotChangeYourself`.
    """
    old = await queries.user_for_update(work, user_id)
    if old is None:
        raise UserNotFound
    if user_id == work.person:
        raise CannotChangeYourself
    new = {
        "role": old["role"] if body.role is None else body.role,
        "is_active": old["is_active"] if body.is_active is None else body.is_active,
    }
    if new == dict(old):
        return
    await work.execute(_CHANGE, user_id, new["role"], new["is_active"])
    work.audit("user_changed", subject_type="user", subject_id=user_id, old=dict(old), new=new)
    if new["role"] != "specialist" or not new["is_active"]:
        await specialists.stop_accepting(work, specialist_id=user_id)
