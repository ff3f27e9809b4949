"""Letters about accounts: claim, make a token, write, send, record. A token is in the mail and
nowhere else; its hash is stored and committed before the post is asked.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from consulta.features.auth.service import RESET_FOR, VERIFICATION_FOR, hash_of
from consulta.features.notifications import queries, rules
from consulta.features.notifications.errors import MailServerAway
from consulta.features.notifications.flows.mailroom import (
    AWAY_SECONDS,
    LAST_START_SECONDS,
    LEASE_SECONDS,
    Sent,
)
from consulta.features.notifications.flows.written import Writer
from consulta.kernel.actor import Actor
from consulta.kernel.ids import new_secret
from consulta.platform.db.work import Database
from consulta.platform.failures import alert, with_jitter
from consulta.platform.letters import unlinked
from consulta.providers.messages.port import (
    Line,
    Mail,
    MailDelayed,
    MailInDoubt,
    MailRefused,
    Post,
    PostAway,
)

TOO_OLD_AFTER = timedelta(hours=24)
"""Whoever has waited so long for a letter has asked again, or given up."""

_ACTOR = Actor.system("notifications.account_letters")
_GOOD_FOR = {"verify_email": VERIFICATION_FOR, "reset_password": RESET_FOR}
_PAGES = {
    "verify_email": "verify-email",
    "reset_password": "reset-password",
    "password_changed": "forgot-password",
}

_FAIL_LAPSED = """
UPDATE app.account_letters
SET state = 'failed', lease_until = NULL, fence = fence + 1, last_error = 'LEASE_LAPSED'
WHERE state = 'leased' AND lease_until <= app.now() AND attempts >= $1
"""

_CLAIM = """
WITH due AS (
    SELECT id FROM app.account_letters
    WHERE state IN ('pending', 'leased') AND next_attempt_at <= app.now()
      AND (lease_until IS NULL OR lease_until <= app.now())
    ORDER BY next_attempt_at, id LIMIT $1 FOR UPDATE SKIP LOCKED)
UPDATE app.account_letters l
SET state = 'leased', lease_until = app.now() + $2::interval, fence = l.fence + 1,
    attempts = l.attempts + 1
FROM due WHERE l.id = due.id
RETURNING l.id, l.fence
"""

_SEAL = """
UPDATE app.account_letters
SET token_hash = $3, expires_at = app.now() + $4::interval, used_at = NULL
WHERE id = $1 AND fence = $2 AND state = 'leased'
"""

_SETTLE = """
UPDATE app.account_letters SET state = $3, lease_until = NULL, last_error = $4
WHERE id = $1 AND fence = $2 AND state = 'leased'
"""

_LATER = """
UPDATE app.account_letters
SET state = 'pending', lease_until = NULL, last_error = coalesce($3, last_error),
    next_attempt_at = app.now() + $4::interval, attempts = attempts - $5
WHERE id = $1 AND fence = $2 AND state = 'leased'
"""


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: UUID
    fence: int


class AccountMail:
    """Sends letters about accounts. Without a post none is sent, and what is due has failed."""

    def __init__(self, database: Database, post: Post | None, writer: Writer) -> None:
        self._database = database
        self._post = post
        self._writer = writer

    async def send_due(self, limit: int = 50) -> Sent:
        """Up to `limit` due letters were sent, each with a token of its own that replaces the last
        one's. Refusals and delays count as for other mail. Raises `MailServerAway`.
        """
        waiting = await self._claim(limit)
        done = Sent(is_full=len(waiting) == limit)
        away: PostAway | None = None
        try:
            await self._work_off(waiting, done)
        except PostAway as error:
            away = error
        finally:
            for one in waiting:
                await self._later(one, away.code if away else None, is_tried=False)
        if away is not None:
            alert("the mail server is away", during="account letters", code=away.code)
            raise MailServerAway
        return done

    async def _claim(self, limit: int) -> list[_Claimed]:
        async with self._database.work(_ACTOR) as work:
            lapsed = await work.execute(_FAIL_LAPSED, rules.MOST_ATTEMPTS)
            rows = await work.fetch(_CLAIM, limit, timedelta(seconds=LEASE_SECONDS))
        if lapsed:
            alert("mail is parked", during="account letters", mails=lapsed, code="LEASE_LAPSED")
        return [_Claimed(row["id"], row["fence"]) for row in rows]

    async def _work_off(self, waiting: list[_Claimed], done: Sent) -> None:
        """What is not taken up, because time is over or the line broke, stays in `waiting`."""
        if self._post is None or not waiting:
            done.skipped += len(waiting)
            while waiting:
                await self._settle(waiting.pop(), "failed", "MAIL_OFF")
            return
        last_start = time.monotonic() + LAST_START_SECONDS
        async with self._post.line() as line:
            while waiting and time.monotonic() < last_start:
                claimed = waiting.pop(0)
                try:
                    if not await self._carry(line, claimed, done):
                        return
                except PostAway:
                    waiting.insert(0, claimed)
                    raise

    async def _carry(self, line: Line, claimed: _Claimed, done: Sent) -> bool:
        """Sent, refused or delayed, and recorded as that; whether the line is still of use."""
        prepared = await self._prepared(claimed, done)
        if prepared is None:
            return True
        row, mail = prepared
        try:
            await line.send(mail)
        except MailRefused as error:
            done.failed += 1
            await self._settle(claimed, "failed", error.code)
        except (MailDelayed, MailInDoubt) as error:
            await self._delay(row, error.code, done)
            return isinstance(error, MailDelayed)
        else:
            done.sent += 1
            await self._settle(claimed, "sent", None)
        return True

    async def _prepared(self, claimed: _Claimed, done: Sent) -> tuple[asyncpg.Record, Mail] | None:
        """The mail, the hash of whose token is stored; None where nothing is to be sent."""
        token = new_secret()
        async with self._database.work(_ACTOR) as work:
            row = await queries.account_letter(
                work, claimed.id, fence=claimed.fence, too_old_after=TOO_OLD_AFTER
            )
            if row is not None and row["obstacle"] is None and row["kind"] in _GOOD_FOR:
                good_for = _GOOD_FOR[row["kind"]]
                await work.execute(_SEAL, claimed.id, claimed.fence, hash_of(token), good_for)
        if row is None:
            return None
        if row["obstacle"] is not None:
            done.skipped += 1
            await self._settle(claimed, "failed", row["obstacle"])
            return None
        return row, self._mail(row, token)

    def _mail(self, row: asyncpg.Record, token: str) -> Mail:
        writer, kind = self._writer, row["kind"]
        known = list(writer.letters.tongues)
        language = rules.language_of(row["wanted_language"], row["locale"], known=known)
        link = f"{writer.links.frontend.rstrip('/')}/{_PAGES[kind]}"
        # Behind a #, where browsers keep it from servers, proxies and their logs.
        facts = {
            "name": unlinked(row["name"]),
            "other": "",
            "link": f"{link}#token={token}" if kind in _GOOD_FOR else link,
            "preferences_link": "",
        }
        letter = writer.letters.write(kind, language=language, facts=facts)
        return Mail(
            # Another attempt carries another token: it is another mail.
            message_id=f"<{row['id']}.{row['fence']}@{writer.sender.domain}>",
            to_address=row["email"],
            to_name=unlinked(row["name"]),
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            language=language,
        )

    async def _settle(self, claimed: _Claimed, state: str, code: str | None) -> None:
        async with self._database.work(_ACTOR) as work:
            await work.execute(_SETTLE, claimed.id, claimed.fence, state, code)

    async def _delay(self, row: asyncpg.Record, code: str, done: Sent) -> None:
        claimed = _Claimed(row["id"], row["fence"])
        if row["attempts"] >= rules.MOST_ATTEMPTS:
            done.failed += 1
            await self._settle(claimed, "failed", code)
            alert("a mail is parked", during="account letters", kind=row["kind"], code=code)
            return
        done.delayed += 1
        await self._later(claimed, code, gap_seconds=rules.gap_seconds(row["attempts"]))

    async def _later(
        self,
        claimed: _Claimed,
        code: str | None,
        *,
        gap_seconds: float = AWAY_SECONDS,
        is_tried: bool = True,
    ) -> None:
        gap = timedelta(seconds=with_jitter(gap_seconds) if code is not None else 0)
        async with self._database.work(_ACTOR) as work:
            await work.execute(_LATER, claimed.id, claimed.fence, code, gap, 0 if is_tried else 1)
