"""What admins change of other people's accounts."""

from uuid import UUID

from consulta.features.admin import queries
from consulta.features.admin.errors import CannotChangeYourself, UserNotFound
from consulta.features.admin.schemas import AccountPatch
from consulta.features.specialists import service as specialists
from consulta.platform.db.work import Work

_CHANGE = "UPDATE app.users SET role = $2, is_active = $3 WHERE id = $1"


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
