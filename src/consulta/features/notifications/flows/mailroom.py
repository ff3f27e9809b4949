"""The mailroom: claim, look, write, send, record. No transaction is open while the post is asked,
and whoever lost the lease meanwhile records nothing.
"""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from consulta.features.notifications import queries, rules
from consulta.features.notifications.errors import MailServerAway
from consulta.features.notifications.flows.written import Writer, standing_of
from consulta.features.notifications.rules import Kind
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Database, Work
from consulta.platform.failures import alert, report, with_jitter
from consulta.providers.messages.port import (
    Line,
    Mail,
    MailDelayed,
    MailInDoubt,
    MailRefused,
    Post,
    PostAway,
)

LEASE_SECONDS = 300
LAST_START_SECONDS = 120
AWAY_SECONDS = 60
_NEWEST_PART = 5
"""One in so many of a batch is chosen among the newest."""

_ACTOR = Actor.system("notifications.send")

_FAIL_LAPSED = """
UPDATE app.notifications
SET state = 'failed', lease_until = NULL, settled_at = app.now(), fence = fence + 1,
    last_error = coalesce(last_error, 'LEASE_LAPSED')
WHERE state = 'leased' AND lease_until <= app.now() AND attempts >= $1
"""

# Mostly what has waited longest, and a few of the newest: after a night in which thousands of dates
# of series were confirmed, whoever books now need not wait behind all of them.
_IS_DUE = """state IN ('pending', 'leased') AND next_attempt_at <= app.now()
      AND (lease_until IS NULL OR lease_until <= app.now())"""
_CLAIM = f"""
WITH oldest AS (
    SELECT id FROM app.notifications
    WHERE {_IS_DUE}
    ORDER BY next_attempt_at, id
    LIMIT $1
    FOR UPDATE SKIP LOCKED),
newest AS (
    SELECT id FROM app.notifications
    WHERE {_IS_DUE}
    ORDER BY next_attempt_at DESC, id DESC
    LIMIT $2
    FOR UPDATE SKIP LOCKED),
due AS (SELECT id FROM newest UNION SELECT id FROM oldest)
UPDATE app.notifications n
SET state = 'leased', lease_until = app.now() + $3::interval, fence = n.fence + 1,
    attempts = n.attempts + 1
FROM due WHERE n.id = due.id
RETURNING n.id, n.fence
"""

_SETTLE = """
UPDATE app.notifications
SET state = $3, lease_until = NULL, settled_at = app.now(), last_error = $4, message_id = $5,
    language = $6, sent_at = CASE WHEN $3 = 'sent' THEN app.now() END
WHERE id = $1 AND fence = $2 AND state = 'leased'
RETURNING kind, booking_id, specialist_id, client_id, last_error
"""

_LATER = """
UPDATE app.notifications
SET state = 'pending', lease_until = NULL, last_error = $3,
    next_attempt_at = app.now() + $4::interval
WHERE id = $1 AND fence = $2 AND state = 'leased'
"""

_RELEASE = """
UPDATE app.notifications n
SET state = 'pending', lease_until = NULL, attempts = n.attempts - 1,
    last_error = coalesce($3, n.last_error), next_attempt_at = app.now() + $4::interval
FROM unnest($1::uuid[], $2::bigint[]) AS d (id, fence)
WHERE n.id = d.id AND n.fence = d.fence AND n.state = 'leased'
"""


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: UUID
    fence: int


@dataclass(slots=True)
class Sent:
    """What one call of `send_due` did."""

    sent: int = 0
    skipped: int = 0
    failed: int = 0
    delayed: int = 0
    is_full: bool = False
    """There may be more."""


class Mailroom:
    """Sends what is due. Without a post nothing is sent, and what is due counts as skipped."""

    def __init__(self, database: Database, post: Post | None, writer: Writer) -> None:
        self._database = database
        self._post = post
        self._writer = writer

    async def send_due(self, limit: int = 50) -> Sent:
        """Up to `limit` due notifications were looked at once more, and sent where they still hold,
        over one line. A mail that is refused for good has failed; one that is delayed is tried
        again with growing gaps, twelve times. Raises `MailServerAway` where there is no line: then
        nothing counts as tried.
        """
        waiting = await self._claim(limit)
        done = Sent(is_full=len(waiting) == limit)
        away: PostAway | None = None
        try:
            async with AsyncExitStack() as stack:
                await self._work_off(waiting, stack, done)
        except PostAway as error:
            away = error
        finally:
            if waiting:
                await self._release(waiting, away)
        if away is not None:
            alert("the mail server is away", during="notifications", code=away.code)
            raise MailServerAway
        return done

    async def _work_off(self, waiting: list[_Claimed], stack: AsyncExitStack, done: Sent) -> None:
        """What is not taken up, because time is over or the line broke, stays in `waiting`."""
        last_start = time.monotonic() + LAST_START_SECONDS
        line: Line | None = None
        while waiting and time.monotonic() < last_start:
            # Whatever goes wrong now, it counts as tried; unless there is no post at all.
            claimed = waiting.pop(0)
            row = await self._still_holds(claimed, done)
            mail = await self._written(row, done) if row is not None else None
            if row is None or mail is None or self._post is None:
                continue
            try:
                if line is None:
                    line = await stack.enter_async_context(self._post.line())
                await self._carry(line, mail, row, done)
            except PostAway:
                waiting.insert(0, claimed)
                raise
            except MailInDoubt as error:
                await self._delay(row, error.code, done)
                return

    async def _claim(self, limit: int) -> list[_Claimed]:
        async with self._database.work(_ACTOR) as work:
            lapsed = await work.execute(_FAIL_LAPSED, rules.MOST_ATTEMPTS)
            newest = limit // _NEWEST_PART
            lease = timedelta(seconds=LEASE_SECONDS)
            rows = await work.fetch(_CLAIM, limit - newest, newest, lease)
        if lapsed:
            alert("mail is parked", during="notifications", mails=lapsed, code="LEASE_LAPSED")
        return [_Claimed(row["id"], row["fence"]) for row in rows]

    async def _still_holds(self, claimed: _Claimed, done: Sent) -> asyncpg.Record | None:
        """All that is true just now; None where nothing is to be sent, which is recorded."""
        async with self._database.read(_ACTOR) as work:
            row = await queries.truth(work, claimed.id, fence=claimed.fence)
        if row is None:
            return None
        code = rules.reason_to_skip(standing_of(row))
        if code is None and self._post is None:
            code = "MAIL_OFF"
        if code is not None:
            done.skipped += 1
            await self._settle(row, "skipped", code)
            return None
        if row["now"] - row["send_at"] > rules.TOO_OLD_AFTER:
            done.failed += 1
            await self._settle(row, "failed", "TOO_OLD")
            return None
        return row

    async def _written(self, row: asyncpg.Record, done: Sent) -> Mail | None:
        try:
            return self._writer.mail(row)
        except Exception as error:  # noqa: BLE001 - one letter must not stop the others
            report(error, during="notifications", notification=row["id"], kind=row["kind"])
            await self._delay(row, "NOT_WRITTEN", done)
            return None

    async def _carry(self, line: Line, mail: Mail, row: asyncpg.Record, done: Sent) -> None:
        """Sent, refused or delayed, and recorded as that. Raises `MailInDoubt`, `PostAway`."""
        try:
            await line.send(mail)
        except MailRefused as error:
            done.failed += 1
            await self._settle(row, "failed", error.code, mail)
        except MailDelayed as error:
            await self._delay(row, error.code, done)
        else:
            done.sent += 1
            await self._settle(row, "sent", None, mail)

    async def _settle(
        self, row: asyncpg.Record, state: str, code: str | None, mail: Mail | None = None
    ) -> None:
        async with self._database.work(_ACTOR) as work:
            settled = await work.fetchrow(
                _SETTLE,
                row["id"],
                row["fence"],
                state,
                code,
                mail.message_id if mail is not None else None,
                mail.language if mail is not None else None,
            )
            if settled is not None:
                _hand_over(work, settled)

    async def _delay(self, row: asyncpg.Record, code: str, done: Sent) -> None:
        if row["attempts"] >= rules.MOST_ATTEMPTS:
            done.failed += 1
            await self._settle(row, "failed", code)
            alert("a mail is parked", during="notifications", kind=row["kind"], code=code)
            return
        done.delayed += 1
        gap = timedelta(seconds=with_jitter(rules.gap_seconds(row["attempts"])))
        async with self._database.work(_ACTOR) as work:
            await work.execute(_LATER, row["id"], row["fence"], code, gap)

    async def _release(self, unsent: Sequence[_Claimed], away: PostAway | None) -> None:
        gap = timedelta(seconds=with_jitter(AWAY_SECONDS) if away is not None else 0)
        async with self._database.work(_ACTOR) as work:
            await work.execute(
                _RELEASE,
                [one.id for one in unsent],
                [one.fence for one in unsent],
                away.code if away is not None else None,
                gap,
            )


def _hand_over(work: Work, row: asyncpg.Record) -> None:
    """Once for each session that took place, whatever became of the mail, a chat may take over."""
    if row["kind"] == Kind.FOLLOW_UP and row["last_error"] not in {"OVERTAKEN", "NO_ACCOUNT"}:
        work.send(
            "session.follow_up_due",
            {name: row[name] for name in ("booking_id", "specialist_id", "client_id")},
        )
