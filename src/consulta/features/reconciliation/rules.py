"""Decisions about differences: what a charge means beside our belief, and when to look again."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from consulta.features.payments.rules import (
    Progress,
    disputes_now,
    fresh_failures,
    progress,
    returned_now,
)
from consulta.kernel.money import Money
from consulta.providers.payments.port import Charge, ChargeState, Dispute

OVERLAP = timedelta(hours=1)
"""Charges are listed again from so long before the last one seen: clocks and lists lag."""

FIRST_LOOK = timedelta(hours=48)
"""How far back the first comparison with an account goes."""

WARNS_BEFORE = timedelta(hours=24)
"""An authorisation that ends within this time is told of, once."""

_WAITING = {"pending", "requires_action", "processing"}
_GIVEN_UP = {"cancelled", "failed"}
_UNDECIDED = {ChargeState.PENDING, ChargeState.REQUIRES_ACTION, ChargeState.PROCESSING}


class Remedy(StrEnum):
    """What is done about a difference."""

    ADOPT = "adopt"
    """The provider has a state that we missed."""
    VOID = "void"
    """Money is reserved or taken for what has ended: it is released or returned."""
    CORRECT = "correct"
    """The state is the same, sums or a dispute are not."""
    PARK = "park"
    """Nothing is safe to do without a person."""


@dataclass(frozen=True, slots=True)
class Verdict:
    remedy: Remedy
    reason: str


@dataclass(frozen=True, slots=True)
class OurSide:
    """What we believe about a charge."""

    payment_id: UUID
    status: str
    amount: Money
    reference: str | None
    captured_minor: int
    refunded_minor: int
    disputes: tuple[Dispute, ...]
    is_over: bool
    """What is paid for has come to nothing."""
    is_under_way: bool
    """An operation on it is open: whatever that is about is settled by it."""
    was_refused: bool
    """The last try to release or return the money failed for good."""
    failed_refunds: frozenset[str] = frozenset()
    """The provider's names of refunds that are known to have come back."""


def verdict(charge: Charge, ours: OurSide | None, *, can_void: bool) -> Verdict | None:
    """What a difference calls for; None where there is none, or where it settles by itself."""
    is_void = charge.state is ChargeState.CANCELLED
    if ours is None:
        return None if is_void else _park("unknown_charge")
    if ours.reference not in {None, charge.reference}:
        return None if is_void else _park("second_charge")
    if charge.amount != ours.amount:
        is_idle = is_void and ours.status in _GIVEN_UP
        return None if is_idle else _park("amount_mismatch")
    return _of_the_same(charge, ours, can_void=can_void)


def _of_the_same(charge: Charge, ours: OurSide, *, can_void: bool) -> Verdict | None:
    """The charge is the payment's, about its amount."""
    stands = progress(ours.status, charge)
    if stands is Progress.AHEAD:
        return Verdict(Remedy.ADOPT, "state_missed")
    if _has_come_back(charge, ours):
        return Verdict(Remedy.CORRECT, "refund_failed")
    if stands is Progress.APART:
        return _of_opposites(charge, ours)
    return _of_sums(charge, ours) or _of_loose_end(charge, ours, can_void=can_void)


def next_reading(status: str, *, age: timedelta) -> timedelta | None:
    """How long until the charge of such a payment is read again, where no letter tells of it; None
    for never. Disputes come for as long as half a year.
    """
    if status in _WAITING:
        return timedelta(minutes=10) if age < timedelta(days=2) else timedelta(days=1)
    if status == "authorized":
        return timedelta(hours=6)
    if status in _GIVEN_UP:
        return timedelta(days=1) if age < timedelta(days=7) else None
    if age >= timedelta(days=180):
        return None
    return timedelta(days=1) if age < timedelta(days=30) else timedelta(days=7)


def _has_come_back(charge: Charge, ours: OurSide) -> bool:
    """Whether refunds have failed of which we do not know, and which explain all that differs."""
    known = ours.failed_refunds
    returned_minor = returned_now(ours.refunded_minor, charge, known=known)
    is_explained = returned_minor == charge.refunded_minor
    return is_explained and bool(fresh_failures(charge, known=known))


def _of_sums(charge: Charge, ours: OurSide) -> Verdict | None:
    if charge.captured_minor < ours.captured_minor or charge.refunded_minor < ours.refunded_minor:
        return None if ours.is_under_way else _park("provider_has_less")
    if (charge.captured_minor, charge.refunded_minor) != (ours.captured_minor, ours.refunded_minor):
        return Verdict(Remedy.CORRECT, "sums_differ")
    disputes = disputes_now(ours.disputes, charge)
    changed = [one for one in disputes if one not in ours.disputes]
    if changed:
        stands = any(one.stands for one in changed)
        return Verdict(Remedy.CORRECT, "dispute_missed" if stands else "dispute_ended")
    if ours.reference is None:
        return Verdict(Remedy.ADOPT, "reference_lost")
    return None


def _of_loose_end(charge: Charge, ours: OurSide, *, can_void: bool) -> Verdict | None:
    """Both agree, but what was paid for has come to nothing, and nobody releases the money."""
    is_open = charge.state is ChargeState.AUTHORIZED or charge.state in _UNDECIDED
    if not (is_open and ours.is_over) or ours.is_under_way:
        return None
    if charge.state is ChargeState.PROCESSING or not can_void:
        return None  # The bank is still deciding; or it lapses, since nothing else can end it.
    return _park("release_refused") if ours.was_refused else Verdict(Remedy.VOID, "not_released")


def _of_opposites(charge: Charge, ours: OurSide) -> Verdict | None:
    """No move leads from our belief to the provider's."""
    if ours.is_under_way:
        return None
    if ours.status not in _GIVEN_UP:
        return _park("provider_has_less")
    left_minor = charge.captured_minor - charge.refunded_minor
    if charge.state is not ChargeState.AUTHORIZED and left_minor == 0:
        return None
    if ours.was_refused:
        return _park("release_refused")
    return Verdict(Remedy.VOID, "came_too_late")


def _park(reason: str) -> Verdict:
    return Verdict(Remedy.PARK, reason)
