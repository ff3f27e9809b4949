"""The room plan: every file that a room may have, what it holds, and who else may come through."""

from enum import Enum, auto


class Door(Enum):
    """Who may import a file of another room."""

    OPEN = auto()
    """Anyone who stands higher."""
    FLOWS = auto()
    """Routers and flows of higher rooms: what lies behind owns its transactions."""
    ROUTERS = auto()
    """Routers of higher rooms."""
    PRIVATE = auto()
    """Nobody but the room itself, the routes and the wiring."""


PLAN = {
    "__init__": Door.PRIVATE,  # the sign on the door
    "router": Door.PRIVATE,  # paths, guards, status codes
    "schemas": Door.PRIVATE,  # request and response bodies
    "access": Door.PRIVATE,  # who may do what
    "service": Door.OPEN,  # use cases inside one transaction
    "flows": Door.FLOWS,  # use cases that speak to a provider
    "rules": Door.OPEN,  # decisions and arithmetic without I/O
    "states": Door.PRIVATE,  # the legal moves, and the one door of the status
    "queries": Door.OPEN,  # every select
    "events": Door.OPEN,  # the facts that this room announces
    "reactions": Door.PRIVATE,  # what this room does about facts from lower rooms
    "errors": Door.OPEN,  # its errors
    "jobs": Door.PRIVATE,  # timed entrances
    "personal_data": Door.PRIVATE,  # export and erase
}

ADDITIONS = {
    # The names of a status stand apart: queries need them, and states.py needs the queries.
    "status": Door.OPEN,
    # What the routes of a room ask FastAPI for, such as the till; routes that take money share it.
    "deps": Door.ROUTERS,
    # What bodies of other rooms carry as it is, such as a payment inside a booking.
    "bodies": Door.OPEN,
}

PACKAGES = frozenset({"service", "rules", "queries", "schemas", "flows", "router"})
"""What becomes a package, one verb or one noun a file, when it passes about 250 lines."""

DOORS = PLAN | ADDITIONS
