"""Idempotency-Key: the same key and body get the same answer, and the effect happens once (D11).

The key's row is written in the transaction that makes the effect: a refusal that changed nothing
keeps no key, and a crash leaves a lease that ends.
"""

import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from consulta.kernel.actor import ANONYMOUS, Actor
from consulta.kernel.errors import Conflict, Gone, Invalid, Malformed
from consulta.platform.crypto import Undecipherable, Vault
from consulta.platform.db.work import Work
from consulta.platform.failures import alert
from consulta.platform.http.deps import ActorDep
from consulta.platform.http.problems import MEDIA_TYPE as PROBLEM

_KEY = re.compile(r"[\x21\x23-\x7e]{1,255}")
LEASE_SECONDS = 30
KEEP_HOURS = 72
_ASK_AGAIN_SECONDS = 2
"""Most answers are there by then; the lease's whole length is for those whose process died."""


class IdempotencyKeyMissing(Malformed):
    """This request needs an Idempotency-Key header."""

    code = "IDEMPOTENCY_KEY_REQUIRED"


class IdempotencyKeyInvalid(Malformed):
    """An Idempotency-Key is one header of 1 to 255 printable characters, no quotes, no spaces."""

    code = "IDEMPOTENCY_KEY_INVALID"


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was used for another request."""

    code = "IDEMPOTENCY_KEY_REUSED"


class IdempotencyInProgress(Conflict):
    """The first request with this Idempotency-Key is still running."""

    code = "IDEMPOTENCY_IN_PROGRESS"


class IdempotencyAnswerLost(Gone):
    """This Idempotency-Key was answered; its effect stands, but the answer cannot be read again."""

    code = "IDEMPOTENCY_ANSWER_LOST"


ERRORS = (
    IdempotencyKeyMissing,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    IdempotencyInProgress,
    IdempotencyAnswerLost,
)
OPTIONAL_ERRORS = ERRORS[1:]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is known about a key: nothing yet (`new`), or that its effect exists (`resumed`)."""

    replay: Response | None = None
    subject_id: UUID | None = None
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Once:
    """One request under its key; without a key every method lets the act happen unguarded."""

    caller: str
    route: str
    key: str | None
    vault: Vault

    async def begin(self, work: Work, body: BaseModel | None) -> Beginning:
        """The key belongs to this request from now on, or the earlier answer comes back.

        Raises `IdempotencyKeyReused`, `IdempotencyInProgress` and `IdempotencyAnswerLost`.
        """
        if self.key is None:
            return Beginning()
        found = await work.fetchval(
            "SELECT app.begin_idempotent($1, $2, $3, $4, $5, $6)",
            self.caller,
            self.route,
            self.key,
            fingerprint(body),
            LEASE_SECONDS,
            KEEP_HOURS,
        )
        if found["state"] == "reused":
            raise IdempotencyKeyReused
        if found["state"] == "in_progress":
            raise IdempotencyInProgress(
                retry_after_seconds=min(int(found["retry_after_seconds"]), _ASK_AGAIN_SECONDS)
            )
        if found["state"] == "answered":
            plain = self._opened(base64.b64decode(found["answer"]))
            return Beginning(replay=_answer(found["status_code"], plain, replayed=True))
        subject = found.get("subject_id")
        return Beginning(
            subject_id=UUID(subject) if subject else None, resumed=found["state"] == "resumed"
        )

    def _opened(self, answer: bytes) -> bytes:
        try:
            return self.vault.open(answer, place=self._place)
        except Undecipherable:
            alert("a kept answer cannot be opened", during="idempotency", route=self.route)
            raise IdempotencyAnswerLost from None

    def made(self, work: Work, subject_id: UUID) -> None:
        """The key knows what was made, though not yet what will be answered."""
        self._settle(work, subject_id, None, None)

    def finish(
        self, work: Work, *, subject_id: UUID | None, status_code: int, answer: bytes
    ) -> Response:
        """The answer is kept, sealed, and returned for sending."""
        if self.key is not None:
            sealed = self.vault.seal(answer, place=self._place)
            self._settle(work, subject_id, status_code, sealed)
        return _answer(status_code, answer, replayed=False)

    async def run(
        self,
        work: Work,
        body: BaseModel | None,
        act: Callable[[], Awaitable[tuple[UUID | None, BaseModel]]],
        *,
        status_code: int = 201,
    ) -> Response:
        """`act` happens once for this key, in `work`; its answer is kept and given again."""
        beginning = await self.begin(work, body)
        if beginning.replay is not None:
            return beginning.replay
        subject_id, answer = await act()
        return self.finish(
            work,
            subject_id=subject_id,
            status_code=status_code,
            answer=answer.model_dump_json().encode(),
        )

    def _settle(
        self, work: Work, subject_id: UUID | None, status_code: int | None, answer: bytes | None
    ) -> None:
        # Written with the rest of the trail, just before COMMIT.
        if self.key is not None:
            work.trail.key_outcome = (
                self.caller,
                self.route,
                self.key,
                subject_id,
                status_code,
                answer,
            )

    @property
    def _place(self) -> str:
        return f"idempotency_keys|{self.caller}|{self.route}|{self.key}"


def fingerprint(body: BaseModel | None) -> bytes:
    """The same for the same meaning: order of members and white space do not count."""
    plain: Any = body.model_dump(mode="json") if body is not None else None
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).digest()


def _answer(status_code: int, body: bytes, *, replayed: bool) -> Response:
    headers = {"Idempotent-Replayed": "true"} if replayed else None
    is_problem = status_code >= HTTPStatus.BAD_REQUEST
    media_type = PROBLEM if is_problem else "application/json"
    return Response(body, status_code, headers=headers, media_type=media_type)


def _key_of(request: Request) -> str | None:
    sent = request.headers.getlist("idempotency-key")
    if not sent:
        return None
    if len(sent) > 1 or not _KEY.fullmatch(sent[0]):
        raise IdempotencyKeyInvalid
    return sent[0]


def _once(request: Request, actor: Actor) -> Once:
    token = request.headers.get("x-hold-token", "")
    anonymous = "anonymous:" + hashlib.sha256(token.encode()).hexdigest()
    return Once(
        caller=str(actor.id) if actor.id else anonymous,
        route=f"{request.method} {request.url.path}",
        key=_key_of(request),
        vault=request.app.state.vault,
    )


async def _optional(request: Request, actor: ActorDep) -> Once:
    return _once(request, actor)


async def _required(request: Request, actor: ActorDep) -> Once:
    once = _once(request, actor)
    if once.key is None:
        raise IdempotencyKeyMissing
    return once


async def _open(request: Request) -> Once:
    return _once(request, ANONYMOUS)


OnceDep = Annotated[Once, Depends(_required)]
"""For what books or moves money: the header must be there."""

OptionalOnceDep = Annotated[Once, Depends(_optional)]
"""For every other creating request."""

OpenOnceDep = Annotated[Once, Depends(_open)]
"""The same where the token is not looked at (`OPEN`); the flow names the caller."""
