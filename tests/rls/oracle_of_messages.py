"""The law of what people are told, and of what they want to hear."""

from collections.abc import Mapping

from tests.rls.law import ADMIN, OWN, OWN_ROWS, WORKER, Law
from tests.rls.people import Kind

_OWN_ADMINS = {Kind.ADMIN: OWN}

MESSAGE_LAWS: Mapping[str, Law] = {
    "notifications": Law(
        key=("id",),
        select={**OWN_ROWS, **ADMIN, **WORKER},
        insert=WORKER,
        update={**OWN_ROWS, **_OWN_ADMINS, **WORKER},
        delete=WORKER,
        touch=("read_at", "now()"),
    ),
    "notification_preferences": Law(
        key=("user_id",),
        select={**OWN_ROWS, **_OWN_ADMINS, **WORKER},
        insert={**OWN_ROWS, **_OWN_ADMINS},
        update={**OWN_ROWS, **_OWN_ADMINS},
        touch=("series", "false"),
    ),
}
