"""Seed: a small believable world, made through the service's own routes and use cases."""

from consulta.seed.sample import Inhabitant
from consulta.seed.world import SampleWorld, SeedRefused, seed

__all__ = ["Inhabitant", "SampleWorld", "SeedRefused", "seed"]
