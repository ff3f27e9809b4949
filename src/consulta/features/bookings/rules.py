"""Decisions of bookings, values in, values out: cancellation tiers and what they return (D12)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from consulta.features.specialists.rules import Tier, tiers_of
from consulta.kernel.money import Money

ReasonCode = Literal[
    "schedule_conflict",
    "illness",
    "emergency",
    "no_longer_needed",
    "found_alternative",
    "price",
    "technical_problem",
    "specialist_unavailable",
    "duplicate",
    "other",
]
"""Why somebody cancelled or declined, where that was said."""

Party = Literal["client", "specialist", "admin"]
"""As what somebody acts on a booking."""

PAYMENT_WINDOW_MINUTES = 30
"""How long a booking made live waits for its payment."""

TIME_TO_PAY_OTHERWISE = timedelta(hours=12)
"""How long at least a session waits, until its start, whose saved card was refused."""

MOST_MOVES = 50
"""Of one booking, whoever moves it; `app.move_booking` holds it."""

MOST_PROPOSALS = 20
"""For one booking, answered ones among them; `app.propose_time` holds it."""

LOOKUPS_PER_MINUTE = 10
"""How many clients somebody may look up by address."""

COMPLETES_AFTER = timedelta(hours=24)
"""After its end a confirmed session counts as held, unless the specialist said otherwise."""


QUOTE_LASTS = timedelta(minutes=15)
"""For so long quoted terms are the terms; the database's ceiling is `app.quote_lasts()`."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a cancellation means: the policy's name, its percentage, the money that goes back, and
    whether a package gets its credit back.
    """

    policy_applied: str
    refund_percent: int
    refund: Money
    credit_returned: bool = False


def refund_percent(tiers: Sequence[Tier], *, starts_at: datetime, now: datetime) -> int:
    """The percentage of the first tier whose notice was kept; exactly 24 hours is 24 hours."""
    notice = starts_at - now
    for tier in tiers:
        if notice >= timedelta(hours=tier.hours_before):
            return tier.refund_percent
    return 0


def next_change_at(tiers: Sequence[Tier], *, starts_at: datetime, now: datetime) -> datetime | None:
    """The last instant of the present share; None where no other follows."""
    later = [*(tier.refund_percent for tier in tiers[1:]), 0]
    for tier, following in zip(tiers, later, strict=False):
        ends_at = starts_at - timedelta(hours=tier.hours_before)
        if ends_at >= now and following != tier.refund_percent:
            return ends_at
    return None


def cancellation_terms(
    *,
    policy: str,
    custom_tiers: Sequence[Mapping[str, Any]] | None,
    by_client: bool,
    captured: Money,
    returned: Money,
    has_credit: bool,
    is_confirmed: bool,
    starts_at: datetime,
    now: datetime,
) -> Terms:
    """What goes back. Nothing was captured: nothing goes back, the authorisation is released whole.
    A specialist (or an admin) who cancels returns everything that is still here.

    A credit cannot be halved: it comes back where all would, or where the session did not stand
    yet. What went back already, or is on its way (`returned`), counts towards what is due.
    `starts_at` is the start that the tiers count from.
    """
    left = captured - returned
    if has_credit:
        percent = 100
        if by_client and is_confirmed:
            percent = refund_percent(tiers_of(policy, custom_tiers), starts_at=starts_at, now=now)
        name = policy if by_client else "full_refund"
        return Terms(name, percent, Money.zero(captured.currency), percent == 100)
    if not captured:
        return Terms("no_refund", 0, Money.zero(captured.currency))
    if not by_client:
        return Terms("full_refund", 100, left)
    percent = refund_percent(tiers_of(policy, custom_tiers), starts_at=starts_at, now=now)
    due = captured.share(percent).amount_minor - returned.amount_minor
    return Terms(policy, percent, Money(max(0, due), captured.currency))


def confirmation_deadline(
    *, now: datetime, hours: int, starts_at: datetime, capture_before: datetime | None
) -> datetime:
    """When an unconfirmed booking expires: the earliest of its three ends."""
    ends = [now + timedelta(hours=hours), starts_at]
    if capture_before is not None:
        ends.append(capture_before)
    return min(ends)
