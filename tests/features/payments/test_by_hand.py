"""Money without a gateway: its specialist says that it came, and that it went."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.features.bookings.stages import Stage, booked, confirmed
from tests.features.packages.shop import bought
from tests.world import Person, Reply, World

PRICE = 20_000


async def by_hand(world: World, **more: Any) -> Stage:
    """A confirmed session that is to be paid by hand."""
    stage = await booked(world, provider="manual", price=PRICE, **more)
    assert (await stage.confirm()).status == 200
    return stage


async def say(
    stage: Stage, verb: str, body: Any = None, *, by: Person | None = None, **more: Any
) -> Reply:
    payment = (await stage.seen())["payment"]["id"]
    return await (by or stage.sarah).post(f"/payments/{payment}/{verb}", body, **more)


async def trail(world: World) -> tuple[list[tuple[str, str, int]], list[tuple[str, int]]]:
    """Movements of the ledger by account, and receipts, the oldest first."""
    entries = await world.rows(
        "SELECT kind, account, sum(amount_minor)::bigint AS amount FROM app.ledger_entries"
        " GROUP BY kind, account ORDER BY kind, account"
    )
    receipts = await world.rows("SELECT kind, amount_minor FROM app.receipts ORDER BY number")
    return (
        [(one["kind"], one["account"], one["amount"]) for one in entries],
        [(one["kind"], one["amount_minor"]) for one in receipts],
    )


async def test_what_was_handed_over_is_paid_and_leaves_its_trail(world: World) -> None:
    stage = await by_hand(world)
    reply = await say(stage, "mark-paid", {"amount_minor": PRICE, "reference": "cash 17"})
    assert (reply.status, reply.json["status"]) == (200, "paid"), reply.json
    assert reply.json["captured"]["amount_minor"] == PRICE
    assert await stage.status() == ("confirmed", "paid")
    assert await stage.operations() == [("capture", "done")]
    assert await trail(world) == (
        [("capture", "by_hand", PRICE), ("capture", "specialist", -PRICE)],
        [("receipt", PRICE)],
    )
    assert await world.rows("SELECT * FROM app.ledger_mismatches(10)") == []


async def test_who_takes_the_money_takes_the_session(world: World) -> None:
    stage = await booked(world, provider="manual")
    assert (await say(stage, "mark-paid")).status == 200
    assert await stage.status() == ("confirmed", "paid")


async def test_a_session_that_was_held_can_still_be_paid(world: World) -> None:
    stage = await by_hand(world)
    await world.stop_clock(stage.starts_at)
    assert (await stage.sarah.post(f"/bookings/{stage.id}/complete")).status == 200
    assert (await say(stage, "mark-paid")).json["status"] == "paid"
    assert await stage.status() == ("completed", "paid")
    assert (await say(stage, "mark-returned")).json["status"] == "refunded"
    assert await stage.status() == ("refunded", "refunded")


async def test_a_package_has_its_credits_when_the_money_is_there(world: World) -> None:
    purchase = await bought(world, page={"provider": "manual"})
    payment = (await purchase.seen())["payment"]["id"]
    reply = await purchase.sarah.post(f"/payments/{payment}/mark-paid")
    assert reply.status == 200, reply.json
    assert await purchase.status() == ("active", "paid", 4)
    assert await purchase.ledger() == [("granted", 4)]
    reply = await purchase.sarah.post(f"/payments/{payment}/mark-returned")
    assert reply.json["status"] == "refunded"
    assert await purchase.status() == ("refunded", "refunded", 0)


async def test_the_same_key_says_it_once(world: World) -> None:
    stage = await by_hand(world)
    body = {"note": "In notes of twenty"}
    first = await say(stage, "mark-paid", body, key="once-1")
    again = await say(stage, "mark-paid", body, key="once-1")
    assert (first.status, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await say(stage, "mark-paid", {"note": "In coins"}, key="once-1")
    assert (other.status, other.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    part = {"amount_minor": 5_000}
    first = await say(stage, "mark-returned", part, key="once-2")
    again = await say(stage, "mark-returned", part, key="once-2")
    assert again.content == first.content
    assert (await stage.payment())["refunded"]["amount_minor"] == 5_000
    assert (await trail(world))[1] == [("receipt", PRICE), ("credit_note", 5_000)]
    for verb in ("mark-paid", "mark-returned"):
        assert (await say(stage, verb, key=None)).code == "IDEMPOTENCY_KEY_REQUIRED"


async def test_it_goes_back_in_parts_and_never_more_than_came(world: World) -> None:
    stage = await by_hand(world)
    reply = await say(stage, "mark-returned")
    assert (reply.status, reply.code) == (409, "PAYMENT_NOT_REFUNDABLE")
    await say(stage, "mark-paid")
    reply = await say(stage, "mark-returned", {"amount_minor": 5_000, "note": "Ended early"})
    assert (reply.json["status"], reply.json["refunded"]["amount_minor"]) == (
        "partially_refunded",
        5_000,
    )
    reply = await say(stage, "mark-returned", {"amount_minor": 15_001})
    assert (reply.status, reply.code) == (409, "REFUND_EXCEEDS_CAPTURED")
    reply = await say(stage, "mark-returned")
    assert (reply.json["status"], reply.json["refunded"]["amount_minor"]) == ("refunded", PRICE)
    assert (await say(stage, "mark-returned")).code == "REFUND_EXCEEDS_CAPTURED"
    assert await trail(world) == (
        [
            ("capture", "by_hand", PRICE),
            ("capture", "specialist", -PRICE),
            ("refund", "by_hand", -PRICE),
            ("refund", "specialist", PRICE),
        ],
        [("receipt", PRICE), ("credit_note", 5_000), ("credit_note", 15_000)],
    )
    refunds = (await stage.anna.get(f"/payments/{(await stage.payment())['id']}/refunds")).json
    assert [one["reason"] for one in refunds["items"]] == [None, "Ended early"]


async def test_parts_returned_at_once_are_never_more_than_came(world: World) -> None:
    stage = await by_hand(world)
    await say(stage, "mark-paid")
    body = {"amount_minor": 3_000}
    replies = await asyncio.gather(*(say(stage, "mark-returned", body) for _ in range(12)))
    assert Counter((reply.status, reply.code) for reply in replies) == {
        (200, None): 6,
        (409, "REFUND_EXCEEDS_CAPTURED"): 6,
    }
    assert (await stage.payment())["refunded"]["amount_minor"] == 18_000


async def test_a_cancelled_session_tells_what_is_due_and_waits_for_the_hand(world: World) -> None:
    stage = await by_hand(world)
    await say(stage, "mark-paid")
    await world.stop_clock(stage.starts_at.replace(hour=0))  # Ten hours before: half goes back.
    reply = await stage.cancel({"reason": "Ill."})
    assert (reply.status, reply.json["status"]) == (200, "cancelled")
    await world.work_off()
    assert await world.value("SELECT refund_minor FROM app.booking_cancellations") == PRICE // 2
    assert await stage.status() == ("cancelled", "paid")
    assert await stage.operations() == [("capture", "done")]

    part = await say(stage, "mark-returned", {"amount_minor": 4_000})
    assert part.json["refunded"]["amount_minor"] == 4_000
    rest = await say(stage, "mark-returned")
    assert rest.json["refunded"]["amount_minor"] == PRICE // 2
    nothing = await say(stage, "mark-returned")
    assert (nothing.status, nothing.code) == (403, "REFUND_NOT_DUE")
    more = await say(stage, "mark-returned", {"amount_minor": PRICE // 2})
    assert more.json["status"] == "refunded"
    assert await stage.status() == ("cancelled", "refunded")


async def test_what_is_due_is_returned_once_however_many_say_so(world: World) -> None:
    stage = await by_hand(world)
    await say(stage, "mark-paid")
    await world.stop_clock(stage.starts_at.replace(hour=0))
    await stage.cancel()
    replies = await asyncio.gather(*(say(stage, "mark-returned") for _ in range(8)))
    assert Counter(reply.code for reply in replies) == {None: 1, "REFUND_NOT_DUE": 7}
    assert (await stage.payment())["refunded"]["amount_minor"] == PRICE // 2


async def test_only_its_specialist_or_an_admin_says_so(world: World) -> None:
    stage = await by_hand(world)
    omar = await world.specialist("Dr. Omar")
    for verb in ("mark-paid", "mark-returned"):
        assert (await say(stage, verb, by=stage.anna)).status == 403
        assert (await say(stage, verb, by=omar)).code == "PAYMENT_NOT_FOUND"
        assert (await say(stage, verb, by=world.anonymous)).status == 401
    ada = await world.admin()
    assert (await say(stage, "mark-paid", by=ada)).status == 200
    assert (await say(stage, "mark-returned", {"amount_minor": 1}, by=ada)).status == 200
    entries = await world.rows(
        "SELECT action, actor_id FROM app.audit_logs WHERE action LIKE 'payment.marked%'"
        " ORDER BY id"
    )
    assert [(one["action"], one["actor_id"]) for one in entries] == [
        ("payment.marked_paid", ada.id),
        ("payment.marked_returned", ada.id),
    ]


async def test_a_specialist_who_is_the_client_does_not_say_so(world: World) -> None:
    sarah = await world.specialist(provider="manual")
    omar = await world.specialist("Dr. Omar")
    booking = await omar.books(sarah, "mon 10:00")
    reply = await omar.post(f"/payments/{booking['payment']['id']}/mark-paid")
    assert (reply.status, reply.code) == (403, "FORBIDDEN")


@pytest.mark.parametrize("door", ["mark_paid($1, NULL, '{}', 30)", "mark_returned($1, 1, '', 30)"])
async def test_past_the_routes_the_doors_are_shut_all_the_same(world: World, door: str) -> None:
    stage = await by_hand(world)
    payment = (await stage.seen())["payment"]["id"]
    async with world.database.connected("consulta_api") as connection:
        for person in (stage.anna, await world.client("Ben")):
            with pytest.raises(Exception, match="PAYMENT_NOT_FOUND"):
                async with connection.transaction():
                    await connection.execute(
                        "SELECT set_config('role', 'consulta_user', true),"
                        " set_config('app.user_id', $1, true)",
                        str(person.id),
                    )
                    await connection.fetch(f"SELECT app.{door}", payment)


async def test_a_gateways_money_is_not_handed_over(world: World) -> None:
    stage = await confirmed(world)
    for verb in ("mark-paid", "mark-returned"):
        reply = await say(stage, verb)
        assert (reply.status, reply.code) == (409, "PAYMENT_NOT_BY_HAND")


async def test_another_amount_is_not_this_payment(world: World) -> None:
    stage = await by_hand(world)
    for amount in (PRICE - 1, PRICE + 1):
        reply = await say(stage, "mark-paid", {"amount_minor": amount})
        assert (reply.status, reply.code) == (409, "PAYMENT_AMOUNT_DIFFERS")
    assert (await say(stage, "mark-paid", {"amount_minor": 0})).status == 422
    assert (await say(stage, "mark-paid", {"tip": 1})).status == 422
    assert await stage.operations() == []


async def test_what_is_settled_or_over_is_not_paid_again(world: World) -> None:
    stage = await by_hand(world)
    await say(stage, "mark-paid")
    assert (await say(stage, "mark-paid")).code == "PAYMENT_NOT_PAYABLE"
    over = await by_hand(world, when="tue 10:00", sarah=stage.sarah)
    payment = (await over.seen())["payment"]["id"]
    await over.cancel()
    reply = await over.sarah.post(f"/payments/{payment}/mark-paid")
    assert (reply.status, reply.code) == (409, "PAYMENT_NOT_PAYABLE")


async def test_a_lapsed_booking_is_not_paid_before_its_void_is_done(world: World) -> None:
    stage = await booked(world, provider="manual", confirmation_hours=1)
    await world.travel(hours=1)
    await world.work_off("bookings.expire")
    assert await stage.status() == ("expired", "pending")
    assert (await say(stage, "mark-paid")).code == "PAYMENT_NOT_PAYABLE"


async def test_paid_and_cancelled_at_once_money_is_never_lost(world: World) -> None:
    """Whichever comes first: the other sees it."""
    for number, when in enumerate(("mon 10:00", "mon 11:00", "mon 12:00", "mon 13:00")):
        stage = await by_hand(world, when=when)
        paid, cancelled = await asyncio.gather(say(stage, "mark-paid"), stage.cancel())
        seen = await stage.seen()
        outcome = (paid.code, cancelled.code, seen["status"], seen["payment"]["status"])
        assert outcome in (
            (None, None, "cancelled", "paid"),
            (None, "PAYMENT_OPERATION_UNDER_WAY", "confirmed", "paid"),
            ("PAYMENT_NOT_PAYABLE", None, "cancelled", "cancelled"),
        ), (number, outcome)


async def test_a_lost_process_leaves_nothing_undone(world: World) -> None:
    """The first transaction committed and nobody carried on: the worker writes it down."""
    stage = await by_hand(world)
    payment = (await stage.seen())["payment"]["id"]
    async with world.database.connected("consulta_api") as connection, connection.transaction():
        await connection.execute(
            "SELECT set_config('role', 'consulta_user', true), set_config('app.user_id', $1, true)",
            str(stage.sarah.id),
        )
        await connection.fetch("SELECT app.mark_paid($1, NULL, '{}', 30)", payment)
    assert (await say(stage, "mark-paid")).code == "PAYMENT_OPERATION_UNDER_WAY"
    await world.travel(seconds=31)
    await world.work_off()
    assert await stage.status() == ("confirmed", "paid")
    assert (await trail(world))[1] == [("receipt", PRICE)]


async def test_a_day_later_it_is_written_down_all_the_same(world: World) -> None:
    """Where nobody can be asked what became of it, what was said is still true."""
    stage = await by_hand(world)
    payment = (await stage.seen())["payment"]["id"]
    async with world.database.connected("consulta_admin") as connection, connection.transaction():
        await connection.execute(
            "SELECT set_config('role', 'consulta_admin', true),"
            " set_config('app.user_id', $1, true)",
            str((await world.admin()).id),
        )
        await connection.fetch("SELECT app.mark_paid($1, NULL, '{}', 30)", payment)
    await world.travel(hours=21)
    await world.work_off()
    assert await stage.operations() == [("capture", "done")]
    assert await stage.status() == ("confirmed", "paid")
