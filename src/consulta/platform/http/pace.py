"""Paces: how often one person may ask for what makes the service ask somebody else."""

from typing import Any

from fastapi import Depends, Request

from consulta.platform.auth.turns import Turn, take_turns
from consulta.platform.http.deps import ActorDep, DatabaseDep


def pace(act: str, *, per_minute: int) -> Any:
    """The dependency of a route behind its guard. The count commits by itself, so that a request
    which is refused later has counted, too; routes of one `act` are counted together.

    Raises `RateLimited`.
    """

    async def count(request: Request, actor: ActorDep, database: DatabaseDep) -> None:
        async with database.work(actor) as work:
            turn = Turn(act, str(actor.id), per_minute)
            await take_turns(work, turn, secret=request.app.state.cursor_key)

    return Depends(count)
