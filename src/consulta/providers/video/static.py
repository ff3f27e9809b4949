"""A room that is always there: the specialist's own link. Nobody is called."""

from consulta.providers.video.keys import StaticLink
from consulta.providers.video.port import Room, Wish


class StaticProvider:
    def __init__(self, keys: StaticLink) -> None:
        self._keys = keys

    async def create(self, wish: Wish) -> Room:
        return Room(f"static-{wish.key}", self._keys.link, self._keys.passcode)

    async def move(self, external_id: str, wish: Wish) -> Room | None:  # noqa: ARG002
        """The room stays where it is, but its owner may have another by now."""
        return Room(external_id, self._keys.link, self._keys.passcode)

    async def remove(self, external_id: str | None, wish: Wish) -> None:
        """The room is not ours to close."""

    async def check(self) -> None:
        """A link is not called."""

    async def close(self) -> None:
        """Nothing was opened."""
