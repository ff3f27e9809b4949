"""What admins see of differences, and what they say about them."""

from typing import Any
from uuid import uuid4

import pytest

from consulta.kernel.money import Money
from consulta.providers.payments.port import AuthorizeOrder, ChargeState
from tests.features.bookings.stages import Stage, authorised, booked
from tests.features.reconciliation.books import everything, findings, reconciled
from tests.world import World


async def parked(world: World) -> Any:
    """A charge that is nobody's, as an admin sees it."""
    order = AuthorizeOrder(str(uuid4()), Money(20_000, "USD"), payment_method="pm_sandbox_visa")
    await world.sandbox.authorize(order, idempotency_key=str(uuid4()))
    await reconciled(world)
    (finding,) = await (await world.admin()).sees("/admin/reconciliation?state=open")
    return finding


async def test_a_finding_tells_both_sides(world: World) -> None:
    finding = await parked(world)
    assert (finding["class"], finding["reason"], finding["state"]) == (
        "park",
        "unknown_charge",
        "open",
    )
    assert (finding["provider"], finding["account"], finding["payment_id"]) == ("sandbox", "", None)
    assert finding["facts"] == {
        "theirs": {
            "state": "authorized",
            "amount_minor": 20_000,
            "currency": "USD",
            "captured_minor": 0,
            "refunded_minor": 0,
            "is_disputed": False,
        }
    }


async def test_findings_are_filtered_and_paged(world: World) -> None:
    stage = await booked(world)
    await world.sandbox.present_method(await stage.reference(), "pm_sandbox_visa")
    await parked(world)
    ada = await world.admin()
    first = (await ada.get("/admin/reconciliation?limit=1")).json
    second = (await ada.get("/admin/reconciliation", params={"cursor": first["next_cursor"]})).json
    assert {one["class"] for one in (*first["items"], *second["items"])} == {"adopt", "park"}
    assert second["next_cursor"] is None
    adopted = await ada.sees("/admin/reconciliation?class=adopt&state=done")
    assert [one["payment_id"] for one in adopted] == [(await stage.seen())["payment"]["id"]]
    assert await ada.sees("/admin/reconciliation?class=void") == []


@pytest.mark.parametrize("state", ["done", "dismissed"])
async def test_what_a_person_has_settled_is_settled_until_it_looks_otherwise(
    world: World, state: str
) -> None:
    finding = await parked(world)
    ada = await world.admin()
    reply = await ada.post(
        f"/admin/reconciliation/{finding['id']}/settle", {"state": state, "note": "of our staging"}
    )
    assert (reply.status, reply.json["state"]) == (200, state)
    assert (reply.json["settled_by"], reply.json["note"]) == (str(ada.id), "of our staging")
    before = await everything(world)
    await reconciled(world)
    assert await everything(world) == before

    charge = finding["charge_reference"]
    await world.sandbox.capture(charge, Money(20_000, "USD"), idempotency_key="somebody took it")
    await reconciled(world)
    assert await findings(world) == [
        ("park", "unknown_charge", state),
        ("park", "unknown_charge", "open"),
    ]


async def test_a_finding_is_settled_once(world: World) -> None:
    finding = await parked(world)
    ada = await world.admin()
    path = f"/admin/reconciliation/{finding['id']}"
    assert (await ada.post(f"{path}/settle", {"state": "done"})).status == 200
    for again in (
        await ada.post(f"{path}/settle", {"state": "dismissed"}),
        await ada.post(f"{path}/replay"),
    ):
        assert (again.status, again.code) == (409, "FINDING_SETTLED")
    for verb, body in (("settle", {"state": "done"}), ("replay", None)):
        reply = await ada.post(f"/admin/reconciliation/{uuid4()}/{verb}", body)
        assert (reply.status, reply.code) == (404, "FINDING_NOT_FOUND")
    assert (await ada.post(f"{path}/settle", {"state": "open"})).status == 422


async def refused_release(world: World) -> Stage:
    """The money of a declined booking could not be released, and a person has to look."""
    stage = await authorised(world)
    async with world.sandbox_away():
        await stage.decline()
    await world.superuser.execute(
        "UPDATE app.payment_operations SET state = 'dead' WHERE kind = 'cancel'"
    )
    await reconciled(world)
    assert await findings(world) == [("park", "release_refused", "open")]
    return stage


async def test_looking_again_leaves_what_is_still_there(world: World) -> None:
    await refused_release(world)
    ada = await world.admin()
    (finding,) = await ada.sees("/admin/reconciliation")
    reply = await ada.post(f"/admin/reconciliation/{finding['id']}/replay")
    assert (reply.status, reply.json["state"]) == (200, "open")


async def test_looking_again_settles_what_is_gone(world: World) -> None:
    stage = await refused_release(world)
    ada = await world.admin()
    (finding,) = await ada.sees("/admin/reconciliation")
    charge = await stage.charge()
    await world.sandbox.cancel(charge.reference, idempotency_key="at the desk")
    reply = await ada.post(f"/admin/reconciliation/{finding['id']}/replay")
    assert (reply.status, reply.json["state"]) == (200, "done")
    assert reply.json["settled_by"] == str(ada.id)
    assert await stage.status() == ("declined", "cancelled")
    assert (await stage.charge()).state is ChargeState.CANCELLED


async def test_what_the_provider_does_not_have_stays_open(world: World) -> None:
    finding = await parked(world)
    await world.superuser.execute("DELETE FROM app.sandbox_charges")
    ada = await world.admin()
    reply = await ada.post(f"/admin/reconciliation/{finding['id']}/replay")
    assert (reply.status, reply.json["state"]) == (200, "open")
