"""Connections: the adapter of each specialist's account, kept with its token and circuit."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from consulta.platform.failures import report
from consulta.providers.video.keys import MeetKeys, StaticLink, TeamsKeys, VideoKeys, ZoomKeys
from consulta.providers.video.meet import MeetProvider, Renew
from consulta.providers.video.port import VideoProvider
from consulta.providers.video.static import StaticProvider
from consulta.providers.video.teams import TeamsProvider
from consulta.providers.video.vendor_http import VendorHttp
from consulta.providers.video.zoom import ZoomProvider

CONNECTIONS_MAX = 256


@dataclass(frozen=True, slots=True)
class VideoReach:
    """Where the vendors are, and how long we wait for them."""

    timeout_seconds: float = 10
    zoom_base: str | None = None
    teams_base: str | None = None
    google_base: str | None = None


@dataclass(slots=True, repr=False)
class _Entry:
    provider: VideoProvider
    keys: VideoKeys
    users: int = 0
    is_retired: bool = False


class Connections:
    """Lends the adapter of a config. One whose keys have changed, or that fell out, is closed when
    its last borrower has given it back.
    """

    def __init__(self, reach: VideoReach) -> None:
        self._reach = reach
        self._entries: OrderedDict[UUID, _Entry] = OrderedDict()

    @asynccontextmanager
    async def lent(
        self, config_id: UUID, keys: VideoKeys, *, renew: Renew
    ) -> AsyncIterator[VideoProvider]:
        """The adapter with exactly these keys, open until it is given back."""
        entry = self._entries.get(config_id)
        gone: list[_Entry] = []
        if entry is None or entry.keys != keys:
            gone += [entry] if entry is not None else []
            entry = _Entry(adapter_of(keys, self._reach, renew=renew), keys)
            self._entries[config_id] = entry
        self._entries.move_to_end(config_id)
        while len(self._entries) > CONNECTIONS_MAX:
            gone.append(self._entries.popitem(last=False)[1])
        entry.users += 1
        try:
            await _retire(gone)
            yield entry.provider
        finally:
            entry.users -= 1
            await _close_if_done(entry)

    async def close(self) -> None:
        """Every adapter is closed, or will be when its last borrower is done."""
        kept, self._entries = list(self._entries.values()), OrderedDict()
        await _retire(kept)


def adapter_of(keys: VideoKeys, reach: VideoReach, *, renew: Renew) -> VideoProvider:
    """The adapter that speaks with these keys."""
    if isinstance(keys, StaticLink):
        return StaticProvider(keys)
    http = VendorHttp(timeout_seconds=reach.timeout_seconds)
    if isinstance(keys, ZoomKeys):
        return ZoomProvider(keys, http, base=reach.zoom_base)
    if isinstance(keys, TeamsKeys):
        return TeamsProvider(keys, http, base=reach.teams_base)
    assert isinstance(keys, MeetKeys)
    return MeetProvider(keys, http, renew=renew, base=reach.google_base)


async def _retire(entries: Iterable[_Entry]) -> None:
    for entry in entries:
        entry.is_retired = True
        await _close_if_done(entry)


async def _close_if_done(entry: _Entry) -> None:
    if not entry.is_retired or entry.users:
        return
    try:
        await entry.provider.close()
    except Exception as failure:  # noqa: BLE001  whoever was served must not pay for it
        report(failure, during="video connections")
