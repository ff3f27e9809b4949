"""Receipts and credit notes: one for each time that money moved, seen by its parties alone."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.features.bookings.stages import Stage, booked, confirmed
from tests.features.packages.shop import VISA, bought
from tests.world import World


async def receipts(stage: Stage) -> list[Any]:
    """As the client of the booking sees them, the oldest first."""
    return (await stage.anna.sees(f"/bookings/{stage.id}/receipts"))[::-1]


async def test_what_was_taken_has_a_receipt_that_says_everything(world: World) -> None:
    sarah, anna = await world.specialist(time_zone="Asia/Dubai"), await world.client()
    await sarah.patch(
        "/specialists/me", {"letterhead_url": "https://cdn.example.org/letterhead.png"}
    )
    code = {"code": "TEN", "kind": "percent", "percent": 10}
    await sarah.post("/specialists/me/coupons", code)
    booking = await anna.books(
        sarah, "mon 10:00", coupon_code="TEN", payment_method=VISA, note="It hurts here."
    )
    await sarah.post(f"/bookings/{booking['id']}/confirm")

    (receipt,) = await anna.sees(f"/bookings/{booking['id']}/receipts")

    issued_at, id_ = receipt.pop("issued_at"), receipt.pop("id")
    assert issued_at
    year = await world.value("SELECT extract(year FROM app.now() AT TIME ZONE 'Asia/Dubai')::int")
    assert receipt == {
        "number": 1,
        "reference": f"{year}-000001",
        "kind": "receipt",
        "amount": {"amount_minor": 18_000, "currency": "USD"},
        "booking_id": booking["id"],
        "package_purchase_id": None,
        "specialist": {
            "id": str(sarah.id),
            "name": "Dr. Sarah",
            "letterhead_url": "https://cdn.example.org/letterhead.png",
            "time_zone": "Asia/Dubai",
        },
        "client": {"id": str(anna.id), "name": "Anna"},
        "item": {
            "kind": "session",
            "name": "standard",
            "starts_at": booking["starts_at"].replace("Z", "+00:00"),
        },
        "price": {"amount_minor": 20_000, "currency": "USD"},
        "discount": {"amount_minor": 2_000, "currency": "USD"},
        "total": {"amount_minor": 18_000, "currency": "USD"},
        "coupon_code": "TEN",
        "payment": {"id": booking["payment"]["id"], "provider": "sandbox"},
        "credits": None,
        "reverses": None,
    }
    (one,) = [(await person.get(f"/receipts/{id_}")).json for person in (anna,)]
    assert one == {**receipt, "id": id_, "issued_at": issued_at}
    assert "hurts" not in await world.value("SELECT details::text FROM app.receipts")


async def test_what_went_back_has_a_credit_note_each(world: World) -> None:
    stage = await confirmed(world)
    payment = (await stage.seen())["payment"]["id"]
    await stage.sarah.post(f"/payments/{payment}/refunds", {"amount_minor": 5_000})
    await stage.cancel()

    first, part, rest = await receipts(stage)

    assert [(one["kind"], one["number"]) for one in (first, part, rest)] == [
        ("receipt", 1),
        ("credit_note", 2),
        ("credit_note", 3),
    ]
    assert (part["amount"]["amount_minor"], rest["amount"]["amount_minor"]) == (5_000, 15_000)
    named = {"number": 1, "issued_at": part["credits"]["issued_at"]}
    assert part["credits"] == rest["credits"] == named


async def test_a_package_has_its_receipt(world: World) -> None:
    purchase = await bought(world)
    path = f"/package-purchases/{purchase.id}/receipts"
    (receipt,) = await purchase.anna.sees(path)
    assert receipt["item"] == {"kind": "package", "name": "Four sessions", "session_count": 4}
    assert (receipt["package_purchase_id"], receipt["booking_id"]) == (purchase.id, None)
    assert receipt["price"] == receipt["total"] == receipt["amount"]
    await purchase.refund()
    assert [one["kind"] for one in await purchase.sarah.sees(path)] == ["credit_note", "receipt"]
    ben = await world.client("Ben")
    assert (await ben.get(path)).code == "PACKAGE_PURCHASE_NOT_FOUND"


async def test_what_is_not_paid_has_none(world: World) -> None:
    stage = await booked(world)
    assert await receipts(stage) == []
    reply = await (await world.client("Ben")).get(f"/bookings/{stage.id}/receipts")
    assert (reply.status, reply.code) == (404, "BOOKING_NOT_FOUND")


async def test_a_receipt_keeps_saying_what_it_said(world: World) -> None:
    stage = await confirmed(world)
    before = await receipts(stage)
    await stage.sarah.patch("/specialists/me", {"full_name": "Dr. Sarah Ahmed"})
    await stage.anna.patch("/me", {"full_name": "Anna Weber"})
    assert await receipts(stage) == before


async def test_my_receipts_are_those_i_paid_and_those_i_issued(world: World) -> None:
    """Sarah issues two, and pays one of Omar's."""
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    anna, ben = await world.client(), await world.client("Ben")
    for client, whom, when in ((anna, sarah, "mon 10:00"), (ben, sarah, "mon 11:00"),
                               (sarah, omar, "mon 10:00")):  # fmt: skip
        booking = await client.books(whom, when, payment_method=VISA)
        assert (await whom.post(f"/bookings/{booking['id']}/confirm")).status == 200

    def names(items: list[Any]) -> list[tuple[str, str, int]]:
        return [(o["specialist"]["name"], o["client"]["name"], o["number"]) for o in items]

    paid, second, first = ("Dr. Omar", "Dr. Sarah", 1), ("Dr. Sarah", "Ben", 2), (
        "Dr. Sarah", "Anna", 1)  # fmt: skip
    assert names(await sarah.sees("/receipts")) == [paid, second, first]
    assert names(await sarah.sees("/receipts?role=specialist")) == [second, first]
    assert names(await sarah.sees("/receipts?role=client")) == [paid]
    assert names(await anna.sees("/receipts")) == [first]
    assert names(await (await world.admin()).sees("/receipts")) == [paid, second, first]
    assert await sarah.sees("/receipts?kind=credit_note") == []
    assert names(await sarah.sees("/receipts?kind=receipt")) == [paid, second, first]

    page = (await sarah.get("/receipts?limit=2")).json
    rest = (await sarah.get(f"/receipts?limit=2&cursor={page['next_cursor']}")).json
    assert names(page["items"] + rest["items"]) == [paid, second, first]
    assert rest["next_cursor"] is None
    assert (await sarah.get("/receipts?cursor=forged")).code == "INVALID_CURSOR"


async def test_others_receipts_look_absent(world: World) -> None:
    stage = await confirmed(world)
    (receipt,) = await receipts(stage)
    for path in ("/receipts/{}", "/receipts/{}/html"):
        for person in (stage.anna, stage.sarah, await world.admin()):
            assert (await person.get(path.format(receipt["id"]))).status == 200
        for other in (await world.client("Ben"), await world.specialist("Dr. Omar")):
            theirs = await other.get(path.format(receipt["id"]))
            absent = await other.get(path.format(uuid4()))
            assert (theirs.status, theirs.code) == (404, "RECEIPT_NOT_FOUND")
            assert {**theirs.json, "request_id": 0} == {**absent.json, "request_id": 0}
        assert (await world.anonymous.get(path.format(receipt["id"]))).status == 401


@pytest.mark.parametrize("table", ["receipts", "ledger_entries"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE app.{} SET amount_minor = amount_minor", "DELETE FROM app.{}", "TRUNCATE app.{}"],
)
async def test_what_is_written_stays(world: World, table: str, statement: str) -> None:
    """Not even the superuser changes it."""
    await confirmed(world)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await world.superuser.execute(statement.format(table))
    for login in ("consulta_worker", "consulta_admin"):
        async with world.database.connected(login) as connection:
            await connection.execute("SELECT set_config('role', $1, false)", login)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement.format(table))
