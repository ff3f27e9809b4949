"""Writing a page: whole or in part, with its labels and private contacts."""

from collections.abc import Mapping
from typing import Any

from consulta.features.specialists import queries
from consulta.features.specialists.errors import SpecialistNotFound
from consulta.features.specialists.schemas import OwnSpecialistOut, SpecialistPatch, SpecialistPut
from consulta.platform.db.work import Work

_DEFAULTS: Mapping[str, Any] = {
    "full_name": "",
    "headline": None,
    "bio": None,
    "qualifications": [],
    "time_zone": "UTC",
    "photo_url": None,
    "letterhead_url": None,
    "is_accepting": True,
    "auto_confirm": False,
    "payment_provider": None,
    "cancellation_policy": "standard",
    "cancellation_tiers": None,
    "minimum_notice_minutes": 0,
    "horizon_days": 90,
    "buffer_before_minutes": 0,
    "confirmation_hours": 24,
}
_CONTACTS: Mapping[str, Any] = {"email": None, "phone": None, "verification_documents": []}
_LABELS: Mapping[str, Any] = {"specialties": [], "languages": []}
# The audit log outlives the person's data: of these it tells only whether there is any.
_PERSONAL = frozenset(
    {"full_name", "headline", "bio", "qualifications", "photo_url", "letterhead_url", "specialties"}
)
_EVERYTHING = {**_DEFAULTS, **_CONTACTS, **_LABELS}
_MAY_BE_EMPTY = {name for name, value in _EVERYTHING.items() if value is None}


async def replace_page(work: Work, body: SpecialistPut) -> OwnSpecialistOut:
    """The actor's page is as the body says, and everything else at its default; it exists."""
    old = await queries.own_page_for_update(work)
    return await _write(work, old, _EVERYTHING | _sensible(body.changes()))


async def change_page(work: Work, body: SpecialistPatch) -> OwnSpecialistOut:
    """What was sent is changed, the rest stays. Raises `SpecialistNotFound` without a page."""
    old = await queries.own_page_for_update(work)
    if old is None:
        raise SpecialistNotFound
    return await _write(
        work, old, {name: old[name] for name in _EVERYTHING} | _sensible(body.changes())
    )


def _sensible(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Null empties what may be empty; for anything else it is the same as nothing."""
    return {
        name: value for name, value in changes.items() if value is not None or name in _MAY_BE_EMPTY
    }


async def _write(
    work: Work, old: Mapping[str, Any] | None, page: Mapping[str, Any]
) -> OwnSpecialistOut:
    # A zone that this PostgreSQL does not know is refused here and not at the first booking.
    await work.execute("SELECT app.now() AT TIME ZONE $1", page["time_zone"])
    await work.execute(_PAGE, work.person, *(page[name] for name in _DEFAULTS))
    await work.execute(_CONTACT, work.person, *(page[name] for name in _CONTACTS))
    for clear, add, name in _LABEL_STATEMENTS:
        await work.execute(clear, work.person, page[name])
        await work.execute(add, work.person, page[name])
    _audit(work, old, page)
    new = await queries.own_page(work)
    assert new is not None
    return OwnSpecialistOut.of(new)


def _audit(work: Work, old: Mapping[str, Any] | None, page: Mapping[str, Any]) -> None:
    """Old and new values of what changed; of words about a person only whether there are any, and
    of private fields only that they changed.
    """
    changed = [name for name in _EVERYTHING if old is None or _differ(old[name], page[name])]
    public = [name for name in changed if name not in _CONTACTS]
    private = [name for name in changed if name in _CONTACTS]
    work.audit(
        "specialist_page_changed" if old is not None else "specialist_page_created",
        subject_type="specialist",
        subject_id=work.person,
        old=None if old is None else {name: _told(name, old[name]) for name in public},
        new={name: _told(name, page[name]) for name in public}
        | {"private_fields_changed": private},
    )


def _told(name: str, value: Any) -> Any:
    return "(personal)" if name in _PERSONAL and value else value


def _differ(old: Any, new: Any) -> bool:
    if isinstance(old, list) and isinstance(new, list):
        return sorted(map(str, old)) != sorted(map(str, new))
    return bool(old != new)


_PAGE = f"""
INSERT INTO app.specialists (id, {", ".join(_DEFAULTS)})
VALUES ($1, {", ".join(f"${place}" for place in range(2, len(_DEFAULTS) + 2))})
ON CONFLICT (id) DO UPDATE
SET {", ".join(f"{name} = EXCLUDED.{name}" for name in _DEFAULTS)}
"""

_CONTACT = """
INSERT INTO app.specialist_contacts (specialist_id, email, phone, verification_documents)
VALUES ($1, $2, $3, $4)
ON CONFLICT (specialist_id) DO UPDATE
SET email = EXCLUDED.email, phone = EXCLUDED.phone,
    verification_documents = EXCLUDED.verification_documents
"""


def _label_statements(table: str, column: str) -> tuple[str, str]:
    return (
        f"DELETE FROM app.{table} WHERE specialist_id = $1 AND NOT {column} = ANY($2::text[])",
        f"INSERT INTO app.{table} (specialist_id, {column}) SELECT $1, unnest($2::text[])"
        " ON CONFLICT DO NOTHING",
    )


_LABEL_STATEMENTS = (
    (*_label_statements("specialist_specialties", "specialty"), "specialties"),
    (*_label_statements("specialist_languages", "language"), "languages"),
)
