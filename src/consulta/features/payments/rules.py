"""Decisions about operations: how long to wait, when a key is too old, when to stop."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from consulta.features.payments.states import PaymentStatus, path, status_of
from consulta.providers.payments.port import Charge

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
