"""Lease, call, record (D6): meetings become what is wanted of them."""

import asyncio
from collections.abc import Awaitable, Callable

from consulta.features.meetings import service
from consulta.features.meetings.rules import MOST_ATTEMPTS, Step, gap_seconds
from consulta.features.meetings.service import Lease
from consulta.features.video_configs import service as video_configs
from consulta.features.video_configs.flows import Studio, provider_of
from consulta.kernel.actor import Actor
from consulta.platform.db.work import Work
from consulta.platform.failures import alert, code_of, report, with_jitter
from consulta.providers.video.port import (
    CircuitOpen,
    ConnectionBroken,
    Room,
    RoomGone,
    VideoRefused,
    VideoUnavailable,
    Wish,
)

CALL_SECONDS = 60
MOST_AT_ONCE = 4
_NO_CALL = {
    Step.TOO_LATE: "SESSION_OVER",
    Step.HOMELESS: "NO_VIDEO_CONFIG",
    Step.BROKEN: "VIDEO_CONNECTION_BROKEN",
}

Record = Callable[[Work], Awaitable[object]]


async def arrange(studio: Studio, actor: Actor, *, limit: int) -> int:
    """Meetings that were due are as wanted, or will be tried again, or wait for a person; how many
    there were. If that is `limit`, there may be more.
    """
    async with studio.database.work(actor) as work:
        leases = await service.lease(work, limit=limit)
    places = asyncio.Semaphore(MOST_AT_ONCE)

    async def handle(lease: Lease) -> None:
        async with places:
            record = await _outcome(studio, lease)
        async with studio.database.work(actor) as work:
            await record(work)

    async with asyncio.TaskGroup() as group:
        for lease in leases:
            group.create_task(handle(lease))
    return len(leases)


async def _outcome(studio: Studio, lease: Lease) -> Record:
    """What is to be written down, once nobody waits for the vendor any more."""
    if lease.step in _NO_CALL:
        return lambda work: service.park(work, lease, code=_NO_CALL[lease.step])
    try:
        async with asyncio.timeout(CALL_SECONDS):
            return await _call(studio, lease)
    except RoomGone:
        return lambda work: service.gone(work, lease)
    except ConnectionBroken as error:
        return _broken(lease, error.reason)
    except VideoRefused as error:
        return _parked(lease, error.code)
    except Exception as error:  # noqa: BLE001 - the boundary of a meeting
        report(error, during="meetings", meeting=lease.id, attempts=lease.attempts)
        return _later(lease, error)


async def _call(studio: Studio, lease: Lease) -> Record:
    if lease.step is Step.FORGET:
        return lambda work: service.removed(work, lease)
    config = lease.config
    assert config is not None, "the other steps call nobody"
    wish = Wish(
        key=lease.key,
        starts_at=lease.starts_at,
        ends_at=lease.ends_at,
        waiting_room=config["waiting_room"],
        recording=config["recording"],
        may_exist=lease.was_sent,
    )
    room: Room | None
    async with provider_of(studio, config) as provider:
        if lease.step is Step.REMOVE:
            await provider.remove(lease.external_id, wish)
            return lambda work: service.removed(work, lease)
        if lease.external_id is None:
            room = await provider.create(wish)
        else:
            room = await provider.move(lease.external_id, wish)
    return lambda work: service.made(work, lease, room, vault=studio.vault)


def _later(lease: Lease, error: Exception) -> Record:
    if lease.attempts >= MOST_ATTEMPTS and not isinstance(error, CircuitOpen):
        return _parked(lease, code_of(error))
    wait = error.wait_seconds if isinstance(error, VideoUnavailable) else 0.0
    if isinstance(error, CircuitOpen):
        after, counts = wait, False
    else:
        after, counts = gap_seconds(attempts=lease.attempts, wait_seconds=wait), True
    # Jitter is added and not taken off: a vendor that asked for a pause gets all of it.
    seconds = after + with_jitter(after / 4)
    return lambda work: service.later(
        work, lease, code=code_of(error), after_seconds=seconds, counts=counts
    )


def _parked(lease: Lease, code: str) -> Record:
    async def record(work: Work) -> None:
        if await service.park(work, lease, code=code):
            alert("a meeting is parked", during="meetings", meeting=lease.id, code=code)

    return record


def _broken(lease: Lease, reason: str) -> Record:
    """Nobody is let in by trying again; the specialist has to do something."""

    async def record(work: Work) -> None:
        assert lease.config is not None
        await video_configs.say_broken(work, lease.config, reason=reason)
        await service.park(work, lease, code=ConnectionBroken.code)

    return record
