"""The shape of a good request: who may send it, about what, and with which body."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.surface.town import Town

Of = Callable[[Town], Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """`who` may send it. `spends`: it does not leave the town as it was, so that the same request
    of somebody else needs another town.
    """

    who: str
    about: Mapping[str, Of] = field(default_factory=dict)
    body: Of | None = None
    spends: bool = False
    body_optional: bool = False
    query: Of | None = None

    def address(self, path: str, town: Town, **other: Any) -> str:
        """The path with the names filled in; `other` replaces some of what stands there."""
        for name, of in self.about.items():
            path = path.replace(f"{{{name}}}", str(other.get(name, of(town))))
        return f"{path}?{urlencode(self.query(town))}" if self.query else path
