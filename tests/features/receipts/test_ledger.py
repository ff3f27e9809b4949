"""The double-entry ledger: no door moves money without balanced entries."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import pytest

from consulta.features.receipts.queries import ledger_flaws
from consulta.platform.db.doctor import Examination, examine
from tests.features.bookings.stages import Stage, booked, confirmed
from tests.features.packages.shop import bought
from tests.world import Person, World

_TAKEN = "UPDATE app.payments SET status = 'paid', captured_minor = amount_minor WHERE id = $1"


async def movements(by: Person, path: str) -> list[tuple[str, str, int, int]]:
    """Kind, account, amount and running total, the oldest movement first, by account within."""
    items = await by.sees(path)
    ordered = sorted(items, key=lambda one: (one["created_at"], one["account"]))
    return [
        (one["kind"], one["account"], one["amount"]["amount_minor"],
         one["running_total"]["amount_minor"])
        for one in ordered
    ]  # fmt: skip


async def payment_of(stage: Stage) -> str:
    found: str = (await stage.seen())["payment"]["id"]
    return found


async def flaws(world: World) -> Sequence[Any]:
    ada = await world.admin()
    return await ada.sees("/admin/ledger/mismatches")


async def test_money_comes_and_goes_in_pairs(world: World) -> None:
    stage = await confirmed(world)
    payment = await payment_of(stage)
    await world.travel(minutes=1)
    await stage.sarah.post(f"/payments/{payment}/refunds", {"amount_minor": 5_000})
    await world.travel(minutes=1)
    await stage.cancel()

    seen = await movements(stage.sarah, "/specialists/me/ledger")

    assert seen == [
        ("capture", "gateway", 20_000, 20_000),
        ("capture", "specialist", -20_000, -20_000),
        ("refund", "gateway", -5_000, 15_000),
        ("refund", "specialist", 5_000, -15_000),
        ("refund", "gateway", -15_000, 0),
        ("refund", "specialist", 15_000, 0),
    ]
    transactions = await world.rows(
        "SELECT sum(amount_minor) AS total, count(*) AS entries FROM app.ledger_entries"
        " GROUP BY transaction_id"
    )
    assert [(one["total"], one["entries"]) for one in transactions] == [(0, 2)] * 3
    assert await flaws(world) == []


async def test_a_released_authorisation_moves_nothing(world: World) -> None:
    stage = await booked(world, method="pm_sandbox_visa")
    await stage.decline()
    assert await stage.sarah.sees("/specialists/me/ledger") == []


async def test_a_dispute_takes_what_is_still_here_aside(world: World) -> None:
    stage = await confirmed(world)
    payment = await payment_of(stage)
    await stage.sarah.post(f"/payments/{payment}/refunds", {"amount_minor": 5_000})
    for disputed in (True, False, True):
        await world.travel(minutes=1)
        await world.superuser.execute("UPDATE app.payments SET is_disputed = $1", disputed)

    seen = (await movements(stage.sarah, "/specialists/me/ledger"))[4:]

    assert seen == [
        ("dispute", "disputed", 15_000, 15_000),
        ("dispute", "gateway", -15_000, 0),
        ("dispute_won", "disputed", -15_000, 0),
        ("dispute_won", "gateway", 15_000, 15_000),
        ("dispute", "disputed", 15_000, 15_000),
        ("dispute", "gateway", -15_000, 0),
    ]
    assert await flaws(world) == []
    receipts = await stage.anna.sees(f"/bookings/{stage.id}/receipts")
    assert len(receipts) == 2, "a dispute is no refund"


async def test_what_goes_back_of_disputed_money_leaves_the_dispute(world: World) -> None:
    """One late letter may tell of all at once: taken, disputed and returned in part."""
    stage = await booked(world, method="pm_sandbox_visa")
    await world.superuser.execute(
        "UPDATE app.payments SET status = 'paid', captured_minor = 20000, is_disputed = true"
    )
    await world.travel(minutes=1)
    await world.superuser.execute(
        "UPDATE app.payments SET status = 'partially_refunded', refunded_minor = 8000"
    )
    seen = await movements(stage.sarah, "/specialists/me/ledger")
    assert seen[-2:] == [
        ("refund", "disputed", -8_000, 12_000),
        ("refund", "specialist", 8_000, -12_000),
    ]
    await world.travel(minutes=1)
    await world.superuser.execute("UPDATE app.payments SET is_disputed = false")
    seen = await movements(stage.sarah, "/specialists/me/ledger")
    assert seen[-2:] == [
        ("dispute_won", "disputed", -12_000, 0),
        ("dispute_won", "gateway", 12_000, 12_000),
    ]
    assert await flaws(world) == []


async def test_a_dispute_of_what_went_back_moves_nothing(world: World) -> None:
    stage = await confirmed(world)
    await stage.cancel()
    before = await stage.sarah.sees("/specialists/me/ledger")
    await world.superuser.execute("UPDATE app.payments SET is_disputed = true")
    assert await stage.sarah.sees("/specialists/me/ledger") == before
    assert await flaws(world) == []


async def test_the_sandboxs_dispute_reaches_the_ledger(world: World) -> None:
    stage = await confirmed(world, method="pm_sandbox_dispute")
    await world.work_off()
    assert (await stage.payment())["is_disputed"]
    kinds = {one["kind"] for one in await stage.sarah.sees("/specialists/me/ledger")}
    assert kinds == {"capture", "dispute"}


async def test_totals_run_on_over_pages_and_spans(world: World) -> None:
    sarah = await world.specialist()
    stages = []
    for when in ("mon 10:00", "mon 11:00", "mon 12:00"):
        stages.append(await confirmed(world, when=when, sarah=sarah))
        await world.travel(minutes=1)
    whole = await sarah.sees("/specialists/me/ledger")
    pages, cursor = [], ""
    while cursor is not None:
        reply = await sarah.get(f"/specialists/me/ledger?limit=1{cursor}")
        pages += reply.json["items"]
        following = reply.json["next_cursor"]
        cursor = following and f"&cursor={following}"
    assert pages == whole
    held = [o["running_total"]["amount_minor"] for o in whole if o["account"] == "gateway"]
    assert held == [60_000, 40_000, 20_000]

    starts, ends = whole[3]["created_at"], whole[0]["created_at"]
    span = {"from": starts, "to": ends}
    assert (await sarah.get("/specialists/me/ledger", params=span)).json["items"] == whole[2:4]
    mine = await payment_of(stages[1])
    (held_of_one,) = [
        one["running_total"]["amount_minor"]
        for one in await sarah.sees(f"/specialists/me/ledger?payment_id={mine}")
        if one["account"] == "gateway"
    ]
    assert held_of_one == 20_000, "over the payment alone"


async def test_totals_are_of_each_currency_by_itself(world: World) -> None:
    sarah = await world.specialist()
    await confirmed(world, sarah=sarah)
    await world.superuser.execute("UPDATE app.specialist_rates SET currency = 'JPY'")
    await confirmed(world, when="tue 10:00", sarah=sarah)
    items = await sarah.sees("/specialists/me/ledger")
    totals = {
        (one["account"], one["running_total"]["currency"]): one["running_total"]["amount_minor"]
        for one in items
    }
    assert totals == {
        ("gateway", "USD"): 20_000,
        ("specialist", "USD"): -20_000,
        ("gateway", "JPY"): 20_000,
        ("specialist", "JPY"): -20_000,
    }


async def test_each_sees_the_own_ledger_and_an_admin_all(world: World) -> None:
    stage = await confirmed(world)
    purchase = await bought(world)
    mine = await stage.sarah.sees("/specialists/me/ledger")
    theirs = await purchase.sarah.sees("/specialists/me/ledger")
    assert {one["specialist_id"] for one in mine} == {str(stage.sarah.id)}
    assert {one["specialist_id"] for one in theirs} == {str(purchase.sarah.id)}
    other = await payment_of(stage)
    assert await purchase.sarah.sees(f"/specialists/me/ledger?payment_id={other}") == []
    ada = await world.admin()
    everything = await ada.sees("/admin/ledger")
    assert [one["id"] for one in everything] == [one["id"] for one in theirs + mine]
    assert {one["running_total"] for one in everything} == {None}
    assert await ada.sees(f"/admin/ledger?specialist_id={stage.sarah.id}") == mine
    assert await ada.sees(f"/admin/ledger?payment_id={other}") == mine
    assert (await ada.get("/admin/ledger?limit=1&cursor=forged")).code == "INVALID_CURSOR"
    for path in ("/admin/ledger", "/admin/ledger/mismatches"):
        assert (await stage.sarah.get(path)).status == 403
    assert (await stage.anna.get("/specialists/me/ledger")).status == 403


async def test_a_payer_who_is_a_specialist_sees_no_expenses_there(world: World) -> None:
    """A specialist's ledger is of what the specialist is owed."""
    omar, sarah = await world.specialist("Dr. Omar"), await world.specialist()
    booking = await omar.books(sarah, "mon 10:00", payment_method="pm_sandbox_visa")
    await sarah.post(f"/bookings/{booking['id']}/confirm")
    assert await omar.sees("/specialists/me/ledger") == []


async def test_books_that_disagree_are_told(world: World) -> None:
    """The triggers are off, as nobody but the owner could turn them."""
    stage = await confirmed(world)
    other = await booked(world, method="pm_sandbox_visa")
    await world.superuser.execute("ALTER TABLE app.payments DISABLE TRIGGER money_trail")
    await world.superuser.execute(_TAKEN, await payment_of(other))
    await world.superuser.execute(
        "UPDATE app.payments SET refunded_minor = 1 WHERE id = $1", await payment_of(stage)
    )

    found = await flaws(world)

    def minor(one: Any, *names: str) -> list[int]:
        return [one[name]["amount_minor"] for name in names]

    names = ("captured", "ledger_captured", "receipts", "refunded", "ledger_refunded")
    assert {one["payment_id"]: minor(one, *names) for one in found} == {
        await payment_of(stage): [20_000, 20_000, 20_000, 1, 0],
        await payment_of(other): [20_000, 0, 0, 0, 0],
    }
    ada = await world.admin()
    assert len(await ada.sees("/admin/ledger/mismatches?limit=1")) == 1


async def test_the_doctor_tells_it_in_a_sentence(world: World) -> None:
    stage = await confirmed(world)
    books = Examination(ledger_flaws, fine="the books agree")
    settings = world.app.state.settings
    told = [str(check) for check in (await examine(settings, also=[books])).checks]
    assert told.count("ok    the books agree") == 1, "the worker alone looks"
    await world.superuser.execute("ALTER TABLE app.payments DISABLE TRIGGER money_trail")
    await world.superuser.execute("UPDATE app.payments SET refunded_minor = 1")

    report = await examine(settings, also=[books])

    assert report.exit_code == 1
    assert (
        f"fail  payment {await payment_of(stage)}: 20000 USD (minor units) were taken and 1"
        " returned, but the ledger says 20000 and 0, receipts 20000 and 0"
    ) in map(str, report.checks)


@pytest.mark.parametrize(
    ("door", "login"),
    [
        ("SELECT * FROM app.ledger_mismatches(1)", "consulta_user"),
        ("SELECT app.ledger_balance(app.new_id(), 'gateway')", "consulta_worker"),
        ("INSERT INTO app.receipt_counters VALUES (app.new_id(), 9)", "consulta_worker"),
        ("UPDATE app.receipt_counters SET last_number = 0", "consulta_admin"),
    ],
)
async def test_inner_doors_are_shut(world: World, door: str, login: str) -> None:
    entrance = "consulta_api" if login == "consulta_user" else login
    async with world.database.connected(entrance) as connection:
        await connection.execute("SELECT set_config('role', $1, false)", login)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(door)
