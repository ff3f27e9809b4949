"""What routes ask for: who acts, a transaction on their behalf, a page of a list."""

from collections.abc import AsyncIterator
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query, Request

from consulta.kernel.actor import Actor
from consulta.platform.auth.identity import actor_of
from consulta.platform.crypto import Vault
from consulta.platform.db.paging import MOST_ITEMS, PageAsked
from consulta.platform.db.work import Database, Work
from consulta.platform.http.schema import Answer

T = TypeVar("T")


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _actor(request: Request) -> Actor:
    return await actor_of(request)


DatabaseDep = Annotated[Database, Depends(_database)]
ActorDep = Annotated[Actor, Depends(_actor)]


async def _vault(request: Request) -> Vault:
    vault: Vault = request.app.state.vault
    return vault


VaultDep = Annotated[Vault, Depends(_vault)]


async def _work(actor: ActorDep, database: DatabaseDep) -> AsyncIterator[Work]:
    async with database.work(actor) as work:
        yield work


async def _read(actor: ActorDep, database: DatabaseDep) -> AsyncIterator[Work]:
    async with database.read(actor) as work:
        yield work


# Function scope: the commit happens before the reply starts. FastAPI's default would reply first,
# and a refused commit would be lost.
WorkDep = Annotated[Work, Depends(_work, scope="function")]
ReadDep = Annotated[Work, Depends(_read, scope="function")]


async def _page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MOST_ITEMS, description="How many items at most.")] = 20,
    cursor: Annotated[
        str | None,
        Query(
            max_length=600,
            pattern=r"^[A-Za-z0-9_-]+$",
            description="The `next_cursor` of the page before.",
        ),
    ] = None,
) -> PageAsked:
    return PageAsked(limit=limit, cursor=cursor, signing_key=request.app.state.cursor_key)


PageDep = Annotated[PageAsked, Depends(_page)]


class PageOut(Answer, Generic[T]):
    """A page of a list; `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None = None
