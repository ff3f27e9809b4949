"""Guards: the lock on the door of a route. Every route has one; a house test looks."""

from typing import Any

from fastapi import Depends

from consulta.kernel.actor import Role
from consulta.kernel.errors import Forbidden, Unauthenticated
from consulta.platform.http.deps import ActorDep


class Guard:
    """Lets in the actors whose role is named; 401 for nobody in particular, 403 for the others."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)
        allowed = " or ".join(f"a{'n' * (role is Role.ADMIN)} {role}" for role in roles)
        self.sentence = f"Only {allowed} may do this."

    async def __call__(self, actor: ActorDep) -> None:
        if actor.role in self.roles:
            return
        if actor.role is Role.ANONYMOUS:
            raise Unauthenticated
        raise Forbidden(self.sentence)


class OpenGuard(Guard):
    """Lets everybody in and does not look at the token at all."""

    async def __call__(self) -> None:  # type: ignore[override]
        return


def require(*roles: Role) -> Any:
    """The dependency that guards a route: `dependencies=[require(Role.CLIENT)]`."""
    return Depends(Guard(*roles))


PUBLIC = require(*(role for role in Role if role is not Role.SYSTEM))
"""Anyone may knock; who sends a token must send a good one."""

OPEN = Depends(OpenGuard(*Role))
"""For signing in: whoever comes with a lapsed token comes to get a new one."""

PERSON = require(Role.CLIENT, Role.SPECIALIST)
"""Somebody who books or is booked."""

SPECIALIST = require(Role.SPECIALIST)
ADMIN = require(Role.ADMIN)
SIGNED_IN = require(Role.CLIENT, Role.SPECIALIST, Role.ADMIN)
