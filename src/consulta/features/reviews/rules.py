"""What a change of a review comes to, without I/O."""

from collections.abc import Mapping
from typing import Any

_SAID = ("rating", "comment", "shows_name")


def said_after(seen: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Rating, comment and whether a name is shown, once `changes` are made. A rating and an answer
    to the question of the name there always are: taking them away changes nothing.
    """
    said = {name: changes.get(name, seen[name]) for name in _SAID}
    for name in ("rating", "shows_name"):
        if said[name] is None:
            said[name] = seen[name]
    return said
