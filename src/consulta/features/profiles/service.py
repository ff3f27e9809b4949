"""Use cases about a person's own details."""

from collections.abc import Mapping
from typing import Any

from consulta.features.profiles.queries import Me, me, me_for_update
from consulta.platform.db.work import Work

_CLEARABLE = frozenset({"photo_url", "phone"})
# The audit log outlives the person's data: it names these, and keeps values of the others only.
_PERSONAL = frozenset({"full_name", "photo_url", "phone"})

_CHANGE = """
UPDATE app.profiles
SET full_name = coalesce($2::jsonb ->> 'full_name', full_name),
    time_zone = coalesce($2::jsonb ->> 'time_zone', time_zone),
    locale = coalesce($2::jsonb ->> 'locale', locale),
    photo_url = CASE WHEN $2::jsonb ? 'photo_url' THEN $2::jsonb ->> 'photo_url' ELSE photo_url END
WHERE user_id = $1
"""
_SET_PHONE = """
INSERT INTO app.profile_contacts (user_id, phone) VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE SET phone = excluded.phone
"""


async def change(work: Work, *, asked: Mapping[str, Any]) -> Me:
    """The person's details after the change. `asked` holds the fields that were sent: None clears
    a photo or a phone, and leaves the others as they are.
    """
    before = await me_for_update(work)
    changes = {
        name: value
        for name, value in asked.items()
        if value != getattr(before, name) and (value is not None or name in _CLEARABLE)
    }
    if not changes:
        return before
    await work.execute(_CHANGE, work.person, changes)
    if "phone" in changes:
        await work.execute(_SET_PHONE, work.person, changes["phone"])
    work.audit(
        "profile_changed",
        subject_type="user",
        subject_id=work.person,
        old={name: _told(name, getattr(before, name)) for name in changes},
        new={name: _told(name, value) for name, value in changes.items()},
    )
    return await me(work)


def _told(name: str, value: Any) -> Any:
    """What the audit log says of a value: of a personal one, only whether there is any."""
    if name not in _PERSONAL:
        return value
    return None if value is None else "(personal)"
