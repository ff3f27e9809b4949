"""What a person's own details are."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consulta.features.profiles.errors import ProfileNotFound
from consulta.platform.db.work import Work

_ME = """
SELECT u.id, u.email, u.role, p.full_name, p.time_zone, p.locale, p.photo_url, c.phone, u.created_at
FROM app.users u
JOIN app.profiles p ON p.user_id = u.id
LEFT JOIN app.profile_contacts c ON c.user_id = u.id
WHERE u.id = $1
"""


@dataclass(frozen=True, slots=True)
class Me:
    """A person's account and details, as the person sees them."""

    id: UUID
    email: str
    role: str
    full_name: str
    time_zone: str
    locale: str
    photo_url: str | None
    phone: str | None
    created_at: datetime


async def me(work: Work) -> Me:
    """The person who acts. Raises `ProfileNotFound`."""
    row = await work.fetchrow(_ME, work.person)
    if row is None:
        raise ProfileNotFound
    return Me(**row)


async def me_for_update(work: Work) -> Me:
    """The same, and it stays so until this transaction ends. Raises `ProfileNotFound`."""
    await work.execute("SELECT FROM app.profiles WHERE user_id = $1 FOR UPDATE", work.person)
    # A statement of its own: the one that waited for the lock saw the time before it.
    return await me(work)
