"""Cancellation policies: which share comes back at how much notice (D12)."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MOST_TIERS = 10


class CancellationPolicy(StrEnum):
    """The named policies, and `custom` for a specialist's own tiers."""

    STANDARD = "standard"
    FLEXIBLE = "flexible"
    STRICT = "strict"
    NO_REFUND = "no_refund"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Tier:
    """At least so many hours before the start: that percentage of what was paid."""

    hours_before: int
    refund_percent: int


_NAMED: Mapping[CancellationPolicy, tuple[Tier, ...]] = {
    CancellationPolicy.STANDARD: (Tier(24, 100), Tier(2, 50)),
    CancellationPolicy.FLEXIBLE: (Tier(2, 100),),
    CancellationPolicy.STRICT: (Tier(48, 100), Tier(24, 50)),
    CancellationPolicy.NO_REFUND: (),
}


def tiers_of(policy: str, custom: Sequence[Mapping[str, Any]] | None) -> tuple[Tier, ...]:
    """The tiers in force, longest notice first; with less notice than the last, nothing is due.

    `custom` are the stored tiers, of a `custom` policy or as a booking copied them; without any,
    the policy's name says which.
    """
    if custom is not None or policy == CancellationPolicy.CUSTOM:
        tiers = (Tier(one["hours_before"], one["refund_percent"]) for one in custom or ())
        return tuple(sorted(tiers, key=lambda tier: tier.hours_before, reverse=True))
    return _NAMED[CancellationPolicy(policy)]


def is_descending(tiers: Sequence[Tier]) -> bool:
    """Whether each tier asks for less notice than the one before it."""
    hours = [tier.hours_before for tier in tiers]
    return all(longer > shorter for longer, shorter in itertools.pairwise(hours))
