"""The studio: what making meetings needs. Secrets are opened here, as the worker."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from consulta.features.video_configs import service
from consulta.features.video_configs.rules import SEALED
from consulta.kernel.actor import Actor
from consulta.platform.crypto import Vault
from consulta.platform.db.work import Database
from consulta.providers.video.connections import Connections
from consulta.providers.video.keys import keys_of
from consulta.providers.video.port import VideoProvider, VideoUnavailable

KEEPER = Actor.system("video_configs")
"""People may not read sealed secrets, nor may the pools that act for them."""


@dataclass(frozen=True, slots=True)
class Studio:
    database: Database
    vault: Vault
    connections: Connections


@asynccontextmanager
async def provider_of(studio: Studio, row: Mapping[str, Any]) -> AsyncIterator[VideoProvider]:
    """The adapter of a config that was read with its sealed secrets. Raises `Unreadable`."""
    secrets = SEALED.disclose(studio.vault, row)
    keys = keys_of(provider=row["provider"], mode=row["mode"], host=row["host"], secrets=secrets)

    async def renew(refresh_token: str) -> None:
        async with studio.database.work(KEEPER) as work:
            renewed = {**secrets, "refresh_token": refresh_token}
            if not await service.renew(work, row, secrets=renewed, vault=studio.vault):
                raise VideoUnavailable("The connection was changed meanwhile.")

    async with studio.connections.lent(row["id"], keys, renew=renew) as provider:
        yield provider
