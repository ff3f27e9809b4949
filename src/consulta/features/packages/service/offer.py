"""Offering packages. None is ever deleted: purchases point at them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from consulta.features.packages import queries
from consulta.features.packages.errors import (
    PackageNotFound,
    PackageNotFree,
    PackagesNotAdded,
    TooManyPackages,
)
from consulta.features.packages.rules import MOST_ACTIVE
from consulta.features.packages.schemas import (
    PackageCreate,
    PackageOfSpecialist,
    PackageOut,
    PackagePatch,
)
from consulta.features.specialists.errors import RateNotFound, SpecialistNotFound
from consulta.features.specialists.queries import is_verified_for_update
from consulta.platform.db.work import Work

_FIELDS = (
    "id, specialist_id, rate_id, name, description, session_count, price_minor, currency,"
    " discount_percentage, valid_for_days, is_active, created_at"
)
_ADD = f"""
INSERT INTO app.booking_packages (specialist_id, rate_id, name, description, session_count,
    price_minor, currency, discount_percentage, valid_for_days, is_active)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING {_FIELDS}
"""
_CHANGE = f"""
UPDATE app.booking_packages SET rate_id = $2, name = $3, description = $4, session_count = $5,
    price_minor = $6, currency = $7, discount_percentage = $8, valid_for_days = $9, is_active = $10
WHERE id = $1
RETURNING {_FIELDS}
"""


async def add_package(work: Work, body: PackageCreate) -> PackageOut:
    """The package is offered by whoever asks. Raises `SpecialistNotFound`, `RateNotFound`,
    `PackageNotFree`, `TooManyPackages`.
    """
    # The lock on the page keeps two additions from both finding the last place free.
    if await is_verified_for_update(work, work.person) is None:
        raise SpecialistNotFound
    return await _add(work, body, specialist_id=work.person)


async def add_packages(work: Work, items: Sequence[PackageOfSpecialist]) -> list[PackageOut]:
    """All of them are offered, by the specialists whom they name. Raises `PackagesNotAdded`, with
    every index and why: then none is.
    """
    wanted = sorted({item.specialist_id for item in items})
    known = {one for one in wanted if await is_verified_for_update(work, one) is not None}
    added: list[PackageOut] = []
    refused: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        try:
            if item.specialist_id not in known:
                raise SpecialistNotFound
            added.append(await _add(work, item, specialist_id=item.specialist_id))
        except _REFUSALS as error:
            refused.append({"index": index, "code": error.code, "detail": error.detail})
    if refused:
        raise PackagesNotAdded(errors=refused)
    return added


_REFUSALS = (SpecialistNotFound, RateNotFound, PackageNotFree, TooManyPackages)


async def _add(work: Work, body: PackageCreate, *, specialist_id: UUID) -> PackageOut:
    await _ensure_offerable(
        work,
        specialist_id,
        rate_id=body.rate_id,
        is_free=body.price.amount_minor == 0,
        discount_percentage=body.discount_percentage,
        becomes_active=body.is_active,
    )
    row = await work.fetchrow(
        _ADD,
        specialist_id,
        body.rate_id,
        body.name,
        body.description,
        body.session_count,
        body.price.amount_minor,
        body.price.currency,
        body.discount_percentage,
        body.valid_for_days,
        body.is_active,
    )
    assert row is not None
    work.audit(
        "package.added", subject_type="package", subject_id=row["id"], new=_audited(dict(row))
    )
    return PackageOut.of(row)


async def change_package(work: Work, body: PackagePatch, *, package_id: UUID) -> PackageOut:
    """What was sent is changed; purchases keep what was bought. Raises `PackageNotFound`,
    `RateNotFound`, `PackageNotFree`, `TooManyPackages`.
    """
    await is_verified_for_update(work, work.person)
    old = await queries.own_package_for_update(work, package_id)
    if old is None:
        raise PackageNotFound
    new = dict(old) | _changes(body)
    becomes_active = new["is_active"] and not old["is_active"]
    await _ensure_offerable(
        work,
        work.person,
        # One whose rate is offered no more may still be changed, or taken off.
        rate_id=new["rate_id"] if becomes_active or new["rate_id"] != old["rate_id"] else None,
        is_free=new["price_minor"] == 0,
        discount_percentage=new["discount_percentage"],
        becomes_active=becomes_active,
    )
    row = await work.fetchrow(
        _CHANGE,
        package_id,
        new["rate_id"],
        new["name"],
        new["description"],
        new["session_count"],
        new["price_minor"],
        new["currency"],
        new["discount_percentage"],
        new["valid_for_days"],
        new["is_active"],
    )
    assert row is not None
    work.audit(
        "package.changed",
        subject_type="package",
        subject_id=package_id,
        old=_audited(dict(old)),
        new=_audited(dict(row)),
    )
    return PackageOut.of(row)


async def _ensure_offerable(
    work: Work,
    specialist_id: UUID,
    *,
    rate_id: UUID | None,
    is_free: bool,
    discount_percentage: int,
    becomes_active: bool,
) -> None:
    if discount_percentage == 100 and not is_free:
        raise PackageNotFree
    if rate_id is not None and not await queries.is_offered_rate(
        work, rate_id, specialist_id=specialist_id
    ):
        raise RateNotFound
    if becomes_active and await queries.count_of_active(work, specialist_id) >= MOST_ACTIVE:
        raise TooManyPackages


def _changes(body: PackagePatch) -> dict[str, Any]:
    sent = body.model_dump(exclude_unset=True, exclude={"price"})
    kept = {
        name: value
        for name, value in sent.items()
        if value is not None or name in {"description", "valid_for_days"}
    }
    if body.price is not None:
        kept |= {"price_minor": body.price.amount_minor, "currency": body.price.currency}
    return kept


def _audited(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in {"id", "created_at"}}
