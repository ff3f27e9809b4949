"""Python says what goes back and PostgreSQL what may: the two agree to the minor unit."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consulta.features.bookings import rules
from consulta.features.specialists.rules import CancellationPolicy, tiers_of
from consulta.kernel.money import Money
from tests.conftest import TestDatabase

START = datetime(2026, 3, 29, 10, tzinfo=UTC)
QUOTED = settings(
    max_examples=300,
    deadline=None,
    database=None,
    # One connection for all examples: nothing is written.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

HOURS = st.integers(0, 720)
TIERS = st.lists(
    st.fixed_dictionaries({"hours_before": HOURS, "refund_percent": st.integers(0, 100)}),
    max_size=10,
    unique_by=lambda tier: tier["hours_before"],
)
POLICIES = st.sampled_from([one.value for one in CancellationPolicy if one != "custom"])
AGREED = POLICIES.map(lambda name: (name, None)) | TIERS.map(lambda tiers: ("custom", tiers))


@st.composite
def notices(draw: st.DrawFn, tiers: Any) -> timedelta:
    """Anything, and with a liking for the very boundaries and their neighbours."""
    boundary = st.sampled_from(
        [timedelta(hours=one.hours_before) for one in tiers] or [START - START]
    )
    near = st.builds(
        lambda at, microseconds: at + timedelta(microseconds=microseconds),
        boundary,
        st.integers(-1, 1),
    )
    return draw(near | st.timedeltas(timedelta(days=-1), timedelta(days=60)))


@pytest.fixture
async def superuser(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    async with database.connected() as connection:
        yield connection


@QUOTED
@given(agreed=AGREED, data=st.data(), is_copied=st.booleans(), moved_hours=st.none() | HOURS)
async def test_the_share(
    superuser: asyncpg.Connection,
    agreed: tuple[str, Any],
    data: st.DataObject,
    is_copied: bool,
    moved_hours: int | None,
) -> None:
    policy, custom = agreed
    tiers = tiers_of(policy, custom)
    now = START - data.draw(notices(tiers))
    booking = {
        "policy": policy,
        # Bookings of old have no copy of a named policy's tiers.
        "policy_tiers": custom
        if custom is not None
        else json.loads(await superuser.fetchval("SELECT app.policy_tiers($1, NULL)", policy))
        if is_copied
        else None,
        "starts_at": START.isoformat(),
    }
    if moved_hours is not None:
        booking["tier_starts_at"] = START.isoformat()
        booking["starts_at"] = (START + timedelta(hours=moved_hours)).isoformat()
    theirs = await superuser.fetchval(
        "SELECT app.refund_percent(jsonb_populate_record(NULL::app.bookings, $1), $2)",
        json.dumps(booking),
        now,
    )
    stored = tiers_of(policy, booking["policy_tiers"])  # type: ignore[arg-type]
    assert stored == tiers
    assert theirs == rules.refund_percent(tiers, starts_at=START, now=now)


@QUOTED
@given(
    captured=st.integers(0, 10**15) | st.integers(0, 1_000),
    percent=st.integers(0, 100),
    data=st.data(),
)
async def test_the_amount(
    superuser: asyncpg.Connection, captured: int, percent: int, data: st.DataObject
) -> None:
    refunded = data.draw(st.integers(0, captured))
    theirs = await superuser.fetchval(
        "SELECT app.refund_minor(jsonb_populate_record(NULL::app.payments, $1), $2)",
        json.dumps({"captured_minor": captured, "refunded_minor": refunded, "lost_minor": 0}),
        percent,
    )
    terms = rules.cancellation_terms(
        policy="custom",
        custom_tiers=[{"hours_before": 0, "refund_percent": percent}],
        by_client=True,
        captured=Money(captured, "KWD"),
        returned=Money(refunded, "KWD"),
        has_credit=False,
        is_confirmed=True,
        starts_at=START,
        now=START,
    )
    assert theirs == terms.refund.amount_minor


async def test_a_quote_lasts_as_long_as_the_ceiling_looks_back(
    superuser: asyncpg.Connection,
) -> None:
    assert await superuser.fetchval("SELECT app.quote_lasts()") == rules.QUOTE_LASTS


async def test_named_policies_have_the_same_tiers(superuser: asyncpg.Connection) -> None:
    for policy in CancellationPolicy:
        if policy is CancellationPolicy.CUSTOM:
            continue
        stored = await superuser.fetchval("SELECT app.policy_tiers($1, NULL)", policy)
        assert tiers_of(policy, json.loads(stored)) == tiers_of(policy, None)
