"""Paths of notifications: what I was told, and what I want to hear."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter
from starlette.responses import Response

from consulta.features.notifications import queries, rules, schemas, service
from consulta.features.notifications.errors import NotificationNotFound
from consulta.features.profiles.errors import ProfileNotFound
from consulta.platform.auth.guards import SIGNED_IN
from consulta.platform.db.paging import BadCursor, Page
from consulta.platform.db.work import Work
from consulta.platform.http.deps import PageDep, PageOut, ReadDep, WorkDep
from consulta.platform.http.problems import ALWAYS, problems

router = APIRouter(prefix="/me", tags=["me"])

_LIST = "notifications"


@router.get(
    "/notifications",
    response_model=PageOut[schemas.NotificationOut],
    dependencies=[SIGNED_IN],
    summary="What I was told, the newest first",
    responses=problems(*ALWAYS, BadCursor),
)
async def listed(page: PageDep, work: ReadDep, unread: bool = False) -> Page[dict[str, Any]]:
    after = page.after(_LIST)
    rows = await queries.notifications_of(
        work,
        unread=unread,
        after=(datetime.fromisoformat(after[0]), UUID(after[1])) if after else None,
        limit=page.limit,
    )
    found = page.page(_LIST, rows, lambda row: (row["send_at"], row["id"]))
    return Page([_shown(row) for row in found.items], found.next_cursor)


@router.post(
    "/notifications/{notification_id}/read",
    status_code=204,
    dependencies=[SIGNED_IN],
    summary="I have read it",
    responses=problems(*ALWAYS, NotificationNotFound),
)
async def read(notification_id: UUID, work: WorkDep) -> Response:
    """The first time counts."""
    await service.mark_read(work, notification_id=notification_id)
    return Response(status_code=204)


@router.get(
    "/notification-preferences",
    response_model=schemas.PreferencesOut,
    dependencies=[SIGNED_IN],
    summary="Which mail I want",
    responses=problems(*ALWAYS, ProfileNotFound),
)
async def preferences(work: ReadDep) -> dict[str, Any]:
    return await _preferences(work)


@router.put(
    "/notification-preferences",
    response_model=schemas.PreferencesOut,
    dependencies=[SIGNED_IN],
    summary="Choose which mail I want, and in which language",
    responses=problems(*ALWAYS, ProfileNotFound),
)
async def prefer(body: schemas.PreferencesPut, work: WorkDep) -> dict[str, Any]:
    """What is moved, called off or goes wrong with money is told in any case."""
    was = await _preferences(work)
    wanted = body.model_dump()
    language = wanted.pop("language")
    was.pop("effective_language")
    await service.prefer(work, language=language, wanted=wanted, was=was)
    return await _preferences(work)


async def _preferences(work: Work) -> dict[str, Any]:
    row = await queries.preferences(work)
    if row is None:
        raise ProfileNotFound
    shown = dict(row)
    locale = shown.pop("locale")
    return {
        **shown,
        "effective_language": rules.language_of(row["language"], locale, known=schemas.LANGUAGES),
    }


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    shown = dict(row)
    shown["due_at"] = shown.pop("send_at")
    shown["package_purchase_id"] = shown.pop("purchase_id")
    return shown
