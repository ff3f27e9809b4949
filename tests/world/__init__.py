"""The world of the tests: people who act over HTTP, and a clock that can be moved."""

from tests.world.people import Client, Person, Reply, Specialist
from tests.world.world import World, running_world

__all__ = ["Client", "Person", "Reply", "Specialist", "World", "running_world"]
