"""Decisions about operations: how long to wait, when a key is too old, when to stop."""

import random
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from consulta.features.payments.states import PaymentStatus, path, status_of
from consulta.kernel.money import Money
from consulta.providers.payments.port import Charge, Dispute, DisputeState, Refund

KEY_LIFETIME = timedelta(hours=20)
"""Providers forget idempotency keys after 24 hours; we stop resending well before (design 6)."""

MOST_ATTEMPTS = 100
STORED_ERROR_LIMIT = 3
"""The same stored error that often means: this key will never get another answer."""

LAPSE_SLACK = timedelta(hours=1)
"""A reservation that ran out is given so long to be seen gone."""

LEASE_SECONDS = 30
_LONGEST_WAIT_SECONDS = 3600.0
_LONGEST_JOURNEY = timedelta(minutes=2)


def key_is_fresh(first_sent_at: datetime | None, *, now: datetime) -> bool:
    """Whether the provider surely still knows the key, so that sending it again is harmless."""
    return first_sent_at is None or now - first_sent_at < KEY_LIFETIME


def is_surely_over(first_sent_at: datetime | None, *, now: datetime) -> bool:
    """Whether a request that was sent then cannot reach the provider any more."""
    return first_sent_at is None or now - first_sent_at >= _LONGEST_JOURNEY


def wait_seconds(
    attempts: int, *, retry_after_seconds: float | None = None, chance: float | None = None
) -> float:
    """How long to wait before the next attempt: doubling, bounded, with jitter of half to full;
    never shorter than the provider asked for.
    """
    jitter = 0.5 + (random.random() if chance is None else chance) / 2  # noqa: S311 - no secret
    wait = min(_LONGEST_WAIT_SECONDS, 2.0 ** min(attempts, 20)) * jitter
    return max(wait, min(retry_after_seconds or 0.0, _LONGEST_WAIT_SECONDS))


class RefundSeen(StrEnum):
    """What a charge tells about one of its refunds, which it does not name."""

    DONE = "done"
    UNDONE = "undone"
    UNCLEAR = "unclear"


def refund_seen(
    *, returned_minor: int, done_minor: int, own_minor: int, others_minor: Sequence[int]
) -> RefundSeen:
    """Whether a refund in doubt had its effect: so much went back in all, so much of it by refunds
    that are known to be done, and `others_minor` are in doubt, too.
    """
    unexplained = returned_minor - done_minor
    if unexplained < own_minor:
        return RefundSeen.UNDONE
    # Whatever is larger than all that is unexplained cannot have happened.
    possible = [other for other in others_minor if other <= unexplained]
    if unexplained >= own_minor + sum(possible):
        return RefundSeen.DONE
    # Refunds of one size may stand in for each other; others may not.
    is_interchangeable = all(other == own_minor for other in possible)
    return RefundSeen.DONE if is_interchangeable else RefundSeen.UNCLEAR


def unnamed_minor(charge: Charge, *, ours: Collection[str]) -> int:
    """How much of a charge went back by refunds that it does not tell by a key or name of ours."""
    standing = [one for one in charge.refunds or () if not one.has_failed]
    named = (one for one in standing if one.key in ours or one.reference in ours)
    return charge.refunded_minor - sum(one.amount.amount_minor for one in named)


def fresh_failures(charge: Charge, *, known: Collection[str]) -> list[Refund]:
    """Refunds of the charge that have failed and are not among the known failures."""
    told = charge.refunds or ()
    return [one for one in told if one.has_failed and one.reference not in known]


def returned_now(ours_minor: int, charge: Charge, *, known: Collection[str]) -> int:
    """How much of a charge went back, after what we believe and what it tells; `known` are refunds
    that we know to have failed.

    It falls only by refunds that failed, each of them once: whatever else a provider has less is
    not explained, and ours stays. What tells of a failed refund as if it stood is an old answer.
    """
    told, theirs_minor = charge.refunds, charge.refunded_minor
    if told is None:
        return ours_minor if known else max(ours_minor, theirs_minor)
    standing = [one for one in told if not one.has_failed]
    if any(one.reference in known for one in standing):
        return ours_minor
    if theirs_minor >= ours_minor:
        return theirs_minor
    came_back = sum(one.amount.amount_minor for one in fresh_failures(charge, known=known))
    adds_up = sum(one.amount.amount_minor for one in standing) == theirs_minor
    return theirs_minor if adds_up and ours_minor - theirs_minor <= came_back else ours_minor


class Progress(StrEnum):
    """How a charge at its provider stands to the status that we have of it."""

    SAME = "same"
    AHEAD = "ahead"
    APART = "apart"


def progress(status: str, charge: Charge) -> Progress:
    """`APART` where no move leads from our status to what the charge says."""
    steps = path(PaymentStatus(status), status_of(charge))
    if steps is None:
        return Progress.APART
    return Progress.AHEAD if steps else Progress.SAME


_ORIGIN = re.compile(r"(https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?)([/?#][!-?A-\[\]-~]*)?")


def origin_of(address: str) -> str | None:
    """Scheme, host and port of a plain address; None for whatever a browser could read otherwise:
    one with a user in it, a backslash, a space, or without a scheme.
    """
    found = _ORIGIN.fullmatch(address)
    return found[1].lower() if found else None


def way_back(
    asked: str | None, *, default: str, origins: Collection[str], said: Mapping[str, str]
) -> str:
    """Where a payer who comes from a provider's page is sent on to: the address that he asked for
    where its origin is among `origins`, else `default`; with `said` added to its query.
    """
    is_known = asked is not None and origin_of(asked) in origins
    parts = urlsplit(asked if asked is not None and is_known else default)
    query = "&".join(filter(None, (parts.query, urlencode(said))))
    return urlunsplit(parts._replace(query=query))


def word_of(status: str, last_error: str | None) -> str:
    """How a payment stands, for the page to which its payer comes back."""
    waits = status in {PaymentStatus.PENDING, PaymentStatus.REQUIRES_ACTION}
    return "declined" if waits and last_error is not None else status


def disputes_of(row: Mapping[str, Any]) -> tuple[Dispute, ...]:
    """The disputes of a payment, from its columns and its rows of `payment_disputes`."""
    if not row["disputes"] and row["is_disputed"]:
        return (Dispute("", DisputeState.OPEN),)
    return tuple(
        Dispute(
            reference=one["reference"],
            state=DisputeState(one["state"]),
            reason=one["reason"],
            amount=Money(one["amount_minor"], row["currency"]) if one["amount_minor"] else None,
        )
        for one in row["disputes"]
    )


def disputes_now(known: Sequence[Dispute], charge: Charge) -> tuple[Dispute, ...]:
    """How each dispute stands, after what we know and what the charge tells. A charge that is
    silent changes nothing. What the bank has decided is not open again: then the charge is an old
    answer. One of which we knew the flag alone has a name as soon as any is told.
    """
    if not charge.disputes:
        begins = charge.disputed and not known
        return (Dispute("", DisputeState.OPEN),) if begins else tuple(known)
    told = {one.reference: _in_currency(one, charge.amount.currency) for one in charge.disputes}
    now = {one.reference: one for one in known if one.reference or "" in told}
    for reference, one in told.items():
        before = now.get(reference)
        if before is None or before.stands or not one.stands:
            now[reference] = one
    return tuple(now.values())


def _in_currency(dispute: Dispute, currency: str) -> Dispute:
    is_ours = dispute.amount is None or dispute.amount.currency == currency
    return dispute if is_ours else replace(dispute, amount=None)


@dataclass(frozen=True, slots=True)
class Contested:
    """What banks hold of a payment's money, in minor units."""

    held_minor: int
    lost_minor: int
    """How much of it for good: the payer has it."""


def contested(disputes: Sequence[Dispute], *, captured_minor: int) -> Contested:
    """The sums over all disputes. One without an amount is about all that was taken, and more than
    that is never held.
    """

    def sum_of(chosen: Iterable[Dispute]) -> int:
        amounts = (one.amount.amount_minor if one.amount else captured_minor for one in chosen)
        return min(captured_minor, sum(amounts))

    lost = [one for one in disputes if one.state is DisputeState.LOST]
    return Contested(sum_of(one for one in disputes if one.holds_money), sum_of(lost))
