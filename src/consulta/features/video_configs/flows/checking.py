"""Asking a vendor whether it lets us in."""

from collections.abc import Mapping
from typing import Any

from consulta.features.video_configs import queries, service
from consulta.features.video_configs.errors import VideoConfigNotFound
from consulta.features.video_configs.flows.studio import KEEPER, Studio, provider_of
from consulta.kernel.actor import Actor
from consulta.providers.video.port import ConnectionBroken, VideoRefused


async def check(studio: Studio, actor: Actor) -> Mapping[str, Any]:
    """The actor's config, whose state is now what the vendor said.

    Raises VideoConfigNotFound, VideoUnavailable, Unreadable.
    """
    async with studio.database.read(actor) as work:
        own = await queries.own_config(work)
    if own is None:
        raise VideoConfigNotFound
    async with studio.database.read(KEEPER) as work:
        sealed = (await queries.sealed_configs(work, [own["id"]])).get(own["id"])
    if sealed is None:
        raise VideoConfigNotFound
    reason: str | None = None
    try:
        async with provider_of(studio, sealed) as provider:
            await provider.check()
    except (ConnectionBroken, VideoRefused) as error:
        reason = error.reason if isinstance(error, ConnectionBroken) else error.code
    async with studio.database.work(KEEPER) as work:
        if reason is None:
            await service.say_connected(work, own["id"])
        else:
            await service.say_broken(work, sealed, reason=reason)
    async with studio.database.read(actor) as work:
        checked: Mapping[str, Any] | None = await queries.own_config(work)
    if checked is None:
        raise VideoConfigNotFound
    return checked
