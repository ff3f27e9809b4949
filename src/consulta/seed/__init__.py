"""Seed: a small believable world, made through the service's own routes and use cases."""

from consulta.seed.world import Inhabitant, SampleWorld, SeedRefused, seed

__all__ = ["Inhabitant", "SampleWorld", "SeedRefused", "seed"]
