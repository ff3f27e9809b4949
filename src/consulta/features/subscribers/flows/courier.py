"""The courier: claims deliveries that are due, commits, posts, and writes down how it went."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import structlog

from consulta.features.subscribers import queries, rules
from consulta.features.subscribers.flows.ledger import (
    LeaseLapsed,
    Parcel,
    claim,
    park_lapsed,
    record,
)
from consulta.features.subscribers.rules import Outcome
from consulta.kernel.actor import Actor
from consulta.platform.crypto import Vault
from consulta.platform.db.work import Database
from consulta.platform.failures import report
from consulta.platform.metrics import LAPSED
from consulta.platform.sealed import Unreadable
from consulta.providers.outgoing.port import NotPosted, Outgoing

MOST_AT_ONCE = 32
MOST_OF_ENDPOINT = 4
"""So many posts to one address are under way: a slow one holds up nobody but itself."""

PASS_SECONDS = 5.0
_CLOSING_SECONDS = 3.0
_ACTOR = Actor.system("subscribers")
_log = structlog.get_logger("consulta.subscribers")


class Courier:
    """Posts of this process. People's own transactions never wait for them."""

    def __init__(self, database: Database, vault: Vault, outgoing: Outgoing) -> None:
        self.database = database
        self.vault = vault
        self.outgoing = outgoing
        self._under_way: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def deliver(self) -> int:
        """What was due has been posted; how many posts were begun. What is slow goes on by itself
        after a few seconds, and what is due meanwhile is begun beside it.
        """
        begun, ends = 0, time.monotonic() + PASS_SECONDS
        while not self._is_closed:
            parcels = await self._claim(MOST_AT_ONCE - len(self._under_way))
            begun += len(parcels)
            for parcel in parcels:
                task = asyncio.create_task(self._carry(parcel))
                self._under_way.add(task)
                task.add_done_callback(self._under_way.discard)
            if not self._under_way or time.monotonic() >= ends:
                break
            await asyncio.wait(self._under_way, timeout=1, return_when=asyncio.FIRST_COMPLETED)
        return begun

    async def close(self) -> None:
        """Nothing is begun any more. What is under way has a moment; the lease of what is not done
        by then lapses, and it is posted again.
        """
        self._is_closed = True
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_CLOSING_SECONDS)
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self.outgoing.close()

    async def _claim(self, most: int) -> Sequence[Parcel]:
        if most <= 0:
            return ()
        async with self.database.work(_ACTOR) as work:
            await park_lapsed(work)
            parcels = await claim(work, most=most, most_of_endpoint=MOST_OF_ENDPOINT)
            sealed = await queries.valid_secrets(work, [one.endpoint_id for one in parcels])
        secrets: dict[UUID, list[str]] = defaultdict(list)
        for row in sealed:
            try:
                opened = rules.SEALED.disclose(self.vault, row)
            except Unreadable:
                continue  # Somebody has been told; another secret may still be good.
            secrets[row["endpoint_id"]].append(opened["secret"])
        for parcel in parcels:
            parcel.secrets = secrets[parcel.endpoint_id]
        return parcels

    async def _carry(self, parcel: Parcel) -> None:
        try:
            outcome = await self._post(parcel)
            async with self.database.work(_ACTOR) as work:
                await record(work, parcel, outcome)
        except LeaseLapsed as error:
            # Nothing is lost: the delivery is somebody else's, as after a process that stopped.
            LAPSED.labels("webhooks").inc()
            _log.warning("came too late", delivery=str(parcel.id), code=error.code)
        except Exception as error:  # noqa: BLE001 - the boundary of a delivery
            report(error, during="subscribers", delivery=parcel.id)

    async def _post(self, parcel: Parcel) -> Outcome:
        if not parcel.secrets:
            return Outcome(None, "NO_SECRET", 0)
        body = rules.body_of(parcel.topic, occurred_at=parcel.occurred_at, ids=parcel.payload)
        headers = rules.headers_of(
            parcel.event_id, at=parcel.claimed_at, body=body, secrets=parcel.secrets
        )
        begun = time.monotonic()
        try:
            answer = await self.outgoing.post(parcel.url, headers=headers, body=body)
        except NotPosted as error:
            return Outcome(None, error.code, _milliseconds(begun))
        return rules.outcome_of(
            answer.status, duration_ms=_milliseconds(begun), retry_after=answer.retry_after
        )


def _milliseconds(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)
