"""What a cancellation would mean is said beforehand, and then it is so to the minor unit (D12)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from consulta.features.bookings.rules import QUOTE_LASTS
from consulta.features.payments import flows
from consulta.platform.signing import Signer
from consulta.providers.payments.port import ChargeState
from tests.features.bookings.stages import Stage, authorised, booked, confirmed
from tests.world import Person, Reply, World

MOMENT = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
TIERS = [
    {"hours_before": 72, "refund_percent": 90},
    {"hours_before": 6, "refund_percent": 33},
    {"hours_before": 1, "refund_percent": 1},
]
SHARES: Mapping[str, list[tuple[int, int, int]]] = {
    "standard": [(24, 100, 50), (2, 50, 0)],
    "flexible": [(2, 100, 0)],
    "strict": [(48, 100, 50), (24, 50, 0)],
    "custom": [(72, 90, 33), (6, 33, 1), (1, 1, 0)],
}
"""By policy: at exactly so many hours this share is due, and a moment later that one."""

BOUNDARIES = [
    (policy, hours, offset, share)
    for policy, steps in SHARES.items()
    for hours, kept, lost in steps
    for offset, share in ((MOMENT, kept), (timedelta(0), kept), (-MOMENT, lost))
]
SUMS = [("JPY", 333), ("USD", 10_001), ("KWD", 333)]


async def quote_of(stage: Stage, who: Person | None = None) -> Any:
    reply = await (who or stage.anna).get(f"/bookings/{stage.id}/cancellation-quote")
    assert reply.status == 200, reply.json
    return reply.json


async def agreed(world: World, policy: str, **more: Any) -> Stage:
    """Confirmed under that policy; `custom` has tiers of its own."""
    named = "standard" if policy == "custom" else policy
    sarah = await world.specialist(policy=named, **more)
    if policy == "custom":
        await world.superuser.execute(
            "UPDATE app.specialists SET cancellation_policy = 'custom', cancellation_tiers = $1",
            json.dumps(TIERS),
        )
    return await confirmed(world, sarah=sarah)


async def cancellation(world: World) -> dict[str, Any]:
    (record,) = await world.rows("SELECT * FROM app.booking_cancellations")
    return record


@pytest.mark.parametrize(("policy", "hours", "offset", "share"), BOUNDARIES)
@pytest.mark.parametrize(("currency", "price"), SUMS)
async def test_the_quote_is_the_effect(
    world: World,
    policy: str,
    hours: int,
    offset: timedelta,
    share: int,
    currency: str,
    price: int,
) -> None:
    stage = await agreed(world, policy, currency=currency, price=price)
    await world.stop_clock(stage.starts_at - hours * HOUR - offset)

    quote = await quote_of(stage)
    reply = await stage.cancel({"quote_token": quote["quote_token"]})

    due = (price * share + 50) // 100
    assert reply.status == 200, reply.json
    assert (quote["policy"], quote["policy_applied"]) == (policy, policy)
    assert quote["refund_percent"] == share
    assert quote["paid"] == {"amount_minor": price, "currency": currency}
    assert quote["refund"] == {"amount_minor": due, "currency": currency}
    assert quote["kept"] == {"amount_minor": price - due, "currency": currency}
    record = await cancellation(world)
    assert (record["refund_percent"], record["refund_minor"]) == (share, due)
    assert (record["cancellation_policy_applied"], record["currency"]) == (policy, currency)
    assert reply.json["payment"]["refunded"] == quote["refund"]
    charge = await stage.charge()
    assert (charge.captured_minor, charge.refunded_minor) == (price, due)
    assert await world.value("SELECT refunded_minor FROM app.payments") == due


@pytest.mark.parametrize(("currency", "price"), SUMS)
async def test_no_refund_is_said_and_kept_to(world: World, currency: str, price: int) -> None:
    stage = await agreed(world, "no_refund", currency=currency, price=price)
    quote = await quote_of(stage)
    assert (quote["refund"]["amount_minor"], quote["kept"]["amount_minor"]) == (0, price)
    assert (quote["refund_percent"], quote["next_change_at"]) == (0, None)
    assert (await stage.cancel({"quote_token": quote["quote_token"]})).status == 200
    assert (await stage.charge()).refunded_minor == 0


@pytest.mark.parametrize(("currency", "price"), SUMS)
@pytest.mark.parametrize("policy", ["no_refund", "standard"])
async def test_a_specialist_or_an_admin_returns_all(
    world: World, currency: str, price: int, policy: str
) -> None:
    for person in ("sarah", "ada"):
        stage = await agreed(world, policy, currency=currency, price=price)
        who = stage.sarah if person == "sarah" else await world.admin()
        quote = await quote_of(stage, who)
        assert (quote["policy_applied"], quote["refund_percent"]) == ("full_refund", 100)
        assert quote["refund"] == quote["paid"] == {"amount_minor": price, "currency": currency}
        assert (quote["kept"]["amount_minor"], quote["next_change_at"]) == (0, None)
        reply = await who.post(
            f"/bookings/{stage.id}/cancel", {"quote_token": quote["quote_token"]}
        )
        assert (reply.status, (await stage.charge()).refunded_minor) == (200, price)


@pytest.mark.parametrize(("make", "reserved"), [(booked, False), (authorised, True)])
async def test_what_is_not_taken_yet_is_released_whole(
    world: World, make: Any, reserved: bool
) -> None:
    stage: Stage = await make(world, policy="no_refund")
    if reserved:
        await world.stop_clock(stage.starts_at - MOMENT)
    quote = await quote_of(stage)
    assert quote["releases_authorization"] is reserved
    assert quote["released"] == {"amount_minor": 20_000 if reserved else 0, "currency": "USD"}
    assert (quote["policy"], quote["policy_applied"]) == ("no_refund", "no_refund")
    assert {quote[name]["amount_minor"] for name in ("paid", "refunded", "refund", "kept")} == {0}
    assert (await stage.cancel({"quote_token": quote["quote_token"]})).status == 200
    assert (await stage.charge()).state is ChargeState.CANCELLED
    assert (await cancellation(world))["refund_minor"] == 0


async def test_a_quote_says_until_when(world: World) -> None:
    stage = await confirmed(world)
    for before, lasts, change in (
        (72 * HOUR, QUOTE_LASTS, 24 * HOUR),
        (24 * HOUR, QUOTE_LASTS, 24 * HOUR),
        (24 * HOUR - MOMENT, QUOTE_LASTS, 2 * HOUR),
        (HOUR, QUOTE_LASTS, None),
        (10 * MINUTE, 10 * MINUTE, None),
    ):
        now = stage.starts_at - before
        await world.stop_clock(now)
        quote = await quote_of(stage)
        assert datetime.fromisoformat(quote["valid_until"]) == now + lasts
        assert quote["next_change_at"] == (
            None
            if change is None
            else (stage.starts_at - change).astimezone(UTC).isoformat().replace("+00:00", "Z")
        )


async def test_a_valid_quote_outlives_its_tier(world: World) -> None:
    stage = await confirmed(world, price=10_001)
    boundary = stage.starts_at - 24 * HOUR
    await world.stop_clock(boundary)
    token = (await quote_of(stage))["quote_token"]
    await world.stop_clock(boundary + QUOTE_LASTS)
    assert (await quote_of(stage))["refund_percent"] == 50
    reply = await stage.cancel({"quote_token": token})
    assert (reply.status, (await stage.charge()).refunded_minor) == (200, 10_001)
    record = await cancellation(world)
    assert (record["refund_percent"], record["refund_minor"]) == (100, 10_001)


async def test_an_old_quote_is_worth_nothing(world: World) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at - 30 * HOUR)
    token = (await quote_of(stage))["quote_token"]
    await world.stop_clock(stage.starts_at - 30 * HOUR + QUOTE_LASTS + MOMENT)
    await _refused(stage, token, (409, "QUOTE_EXPIRED"))


async def test_a_quote_may_not_reach_into_the_session(world: World) -> None:
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at - MINUTE)
    token = (await quote_of(stage))["quote_token"]
    await world.stop_clock(stage.starts_at)
    await _refused(stage, token, (409, "BOOKING_IN_PAST"))


async def test_tokens_that_are_not_ours_are_refused(world: World) -> None:
    stage = await confirmed(world)
    other = await confirmed(world, when="tue 10:00", sarah=stage.sarah)
    good = (await quote_of(stage))["quote_token"]
    foreign = (await quote_of(other))["quote_token"]
    specialists = (await quote_of(stage, stage.sarah))["quote_token"]
    forged = Signer(b"another key").sign("cancellation-quote", [[], [], [], True, "2100-01-01"])
    other_topic = world.app.state.quotes.sign("bookings", [[], [], [], True, "2100-01-01"])
    twisted = good[:-2] + ("AA" if good[-2:] != "AA" else "BB")
    for token in (
        foreign, specialists, forged, other_topic, twisted, good[:10], good + "AAAA", "A", "x.y.z",
        "🌊", str(uuid4()),
    ):  # fmt: skip
        await _refused(stage, token, (422, "QUOTE_INVALID"))
    await _refused(stage, "a" * 2001, (422, "INVALID_REQUEST"))
    for empty in ("", None):
        assert (await other.cancel({"quote_token": empty})).status in {200, 409}
    assert (await stage.cancel({"quote_token": good})).status == 200


async def test_a_quote_falls_with_what_it_rests_on(world: World) -> None:
    stage = await confirmed(world)
    charge = await stage.charge()

    async def returned_at_the_desk() -> None:
        payment = (await stage.seen())["payment"]["id"]
        await world.sandbox.refund(
            charge.reference, charge.amount.share(25), idempotency_key="at the desk"
        )
        await flows.refresh(world.app.state.till, payment)

    async def returned_by_the_specialist() -> None:
        payment = (await stage.seen())["payment"]["id"]
        reply = await stage.sarah.post(f"/payments/{payment}/refunds", {"amount_minor": 1})
        assert reply.status == 201

    async def moved() -> None:
        await world.superuser.execute("UPDATE app.bookings SET revision = revision + 1")

    for change in (returned_at_the_desk, returned_by_the_specialist, moved):
        token = (await quote_of(stage))["quote_token"]
        await change()
        await _refused(stage, token, (409, "QUOTE_OUTDATED"))
    waiting = await authorised(world, when="tue 10:00", sarah=stage.sarah)
    token = (await quote_of(waiting))["quote_token"]
    await waiting.confirm()
    await _refused(waiting, token, (409, "QUOTE_OUTDATED"))


async def test_what_is_on_its_way_back_counts(world: World) -> None:
    stage = await confirmed(world)
    payment = (await stage.seen())["payment"]["id"]
    async with world.sandbox_away():
        reply = await stage.sarah.post(f"/payments/{payment}/refunds", {"amount_minor": 5_000})
        assert (reply.status, reply.json["state"]) == (201, "pending")
    quote = await quote_of(stage)
    assert (quote["refunded"]["amount_minor"], quote["refund"]["amount_minor"]) == (5_000, 15_000)
    assert (await stage.cancel({"quote_token": quote["quote_token"]})).status == 200
    await world.travel(minutes=1)
    await world.work_off()
    assert (await stage.charge()).refunded_minor == 20_000
    assert await stage.status() == ("cancelled", "refunded")


async def test_a_quote_is_for_the_parties(world: World) -> None:
    stage = await confirmed(world)
    for stranger in (await world.client("Ben"), await world.specialist("Dr. Omar")):
        reply = await _asks(stage, stranger)
        assert (reply.status, reply.code) == (404, "BOOKING_NOT_FOUND")
    assert (await _asks(stage, world.anonymous)).status == 401
    reply = await stage.anna.get(f"/bookings/{uuid4()}/cancellation-quote")
    assert (reply.status, reply.code) == (404, "BOOKING_NOT_FOUND")


async def test_what_cannot_be_cancelled_is_not_quoted(world: World) -> None:
    stage = await confirmed(world)
    await stage.cancel()
    assert (await _asks(stage, stage.anna)).code == "ALREADY_CANCELLED"
    doubtful = await authorised(world, when="tue 10:00", sarah=stage.sarah)
    async with world.sandbox_away():
        assert (await doubtful.confirm()).status == 202
    for who in (doubtful.anna, doubtful.sarah):
        reply = await _asks(doubtful, who)
        assert (reply.status, reply.code) == (409, "PAYMENT_OPERATION_UNDER_WAY")
    begun = await confirmed(world, when="wed 10:00", sarah=stage.sarah)
    await world.stop_clock(begun.starts_at)
    assert (await _asks(begun, begun.anna)).code == "BOOKING_IN_PAST"


async def test_the_same_key_and_quote_get_the_same_answer(world: World) -> None:
    stage = await confirmed(world)
    body = {"quote_token": (await quote_of(stage))["quote_token"]}
    first = await stage.cancel(body, key="once-only")
    again = await stage.cancel(body, key="once-only")
    assert (first.status, again.content) == (200, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert (await stage.charge()).refunded_minor == 20_000


async def test_a_quote_changes_nothing(world: World) -> None:
    stage = await confirmed(world)
    before = await _marks(world)
    await quote_of(stage)
    assert await _marks(world) == before


@pytest.mark.parametrize(
    ("late", "refund_minor", "is_due"),
    [
        (timedelta(0), 20_000, True),
        (timedelta(0), 20_001, False),
        (MOMENT, 10_000, True),
        (MOMENT, 10_001, False),
    ],
)
async def test_the_database_lets_nobody_write_more_than_a_quote_could_have_said(
    world: World, late: timedelta, refund_minor: int, is_due: bool
) -> None:
    """With the web's own login and working role, and with nothing of the service in between."""
    stage = await confirmed(world)
    await world.stop_clock(stage.starts_at - 24 * HOUR + QUOTE_LASTS + late)
    async with world.database.connected("consulta_api") as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "SELECT set_config('role', 'consulta_user', true), set_config('app.user_id', $1, true)",
            str(stage.anna.id),
        )
        await connection.fetchval("SELECT app.lock_booking($1)", stage.id)
        await connection.execute("UPDATE app.bookings SET status = 'cancelled'")
        record = connection.execute(
            "INSERT INTO app.booking_cancellations (booking_id, specialist_id, client_id,"
            " cancelled_by, cancelled_by_kind, cancellation_policy_applied, refund_percent,"
            " refund_minor, currency)"
            " VALUES ($1, $2, $3, $3, 'client', 'standard', 50, $4, 'USD')",
            stage.id,
            stage.sarah.id,
            stage.anna.id,
            refund_minor,
        )
        if is_due:
            assert await record == "INSERT 0 1"
        else:
            with pytest.raises(asyncpg.PostgresError, match="REFUND_NOT_DUE"):
                await record
        await transaction.rollback()


async def _marks(world: World) -> Any:
    return await world.rows(
        "SELECT (SELECT count(*) FROM app.audit_logs) AS audits,"
        " (SELECT count(*) FROM app.payment_operations) AS operations, b.xmin::text, p.xmin::text"
        " FROM app.bookings b JOIN app.payments p ON p.booking_id = b.id"
    )


async def _asks(stage: Stage, who: Person) -> Reply:
    return await who.get(f"/bookings/{stage.id}/cancellation-quote")


async def _refused(stage: Stage, token: str, expected: tuple[int, str]) -> None:
    """Nothing changes, and nothing went back beyond what had gone back before."""
    before, charge = await stage.status(), await stage.charge()
    reply = await stage.cancel({"quote_token": token})
    assert (reply.status, reply.code) == expected
    assert (await stage.status(), await stage.charge()) == (before, charge)
    assert (
        await stage.world.value(
            "SELECT count(*) FROM app.booking_cancellations WHERE booking_id = $1", stage.id
        )
        == 0
    )
