"""The cron secret: whoever shows it may ring for scheduled work, and for nothing else."""

import hashlib
import hmac
from typing import Any

from fastapi import Depends, Request

from consulta.kernel.actor import Role
from consulta.kernel.errors import Unauthenticated


class CronGuard:
    """Lets in whoever sends `Authorization: Bearer $CRON_SECRET`; 401 for everybody else."""

    roles = frozenset({Role.SYSTEM})

    async def __call__(self, request: Request) -> None:
        expected: str = request.app.state.settings.schedule.cron_secret.get_secret_value()
        if not shows_bearer(request, expected):
            raise Unauthenticated("The cron secret is missing or wrong.")


def shows_bearer(request: Request, expected: str) -> bool:
    """Whether exactly this bearer came, compared in constant time; never for an empty one."""
    sent = [value for name, value in request.headers.raw if name == b"authorization"]
    if len(sent) != 1 or not expected:
        return False
    scheme, _, token = sent[0].partition(b" ")
    # Digests have one length, so that not even the length of the secret can be measured.
    same = hmac.compare_digest(
        hashlib.sha256(token).digest(), hashlib.sha256(expected.encode()).digest()
    )
    return same and scheme.lower() == b"bearer"


CRON: Any = Depends(CronGuard())
"""The dependency that guards a route for cron daemons."""
