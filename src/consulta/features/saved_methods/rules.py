"""Decisions about saved methods: how long a set-up is waited for, how often it is called for."""

from datetime import datetime, timedelta

from consulta.features.payments.rules import MOST_ATTEMPTS, key_is_fresh

SET_UP_PATIENCE = timedelta(minutes=30)
"""For so long a session that is due waits for a client who has just begun to save the card."""

SET_UP_LIFETIME = timedelta(days=7)
"""A set-up that nobody finished by then has failed."""

ASKED_PER_MINUTE = 20
"""So often a person may make us ask a provider about cards."""

LEASE_SECONDS = 30


def may_call_again(*, attempts: int, first_sent_at: datetime | None, now: datetime) -> bool:
    """Whether the same call may be repeated: its key is still known, and it was not in vain too
    often.
    """
    return attempts < MOST_ATTEMPTS and key_is_fresh(first_sent_at, now=now)
