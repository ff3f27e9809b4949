"""Looking at purchases: the parties' own, page by page, with their ledger."""

from uuid import uuid4

import pytest

from tests.features.packages.shop import VISA, bought, offered
from tests.world import World


async def test_each_party_sees_the_own_and_an_admin_all(world: World) -> None:
    hers = await bought(world)
    his = await bought(world, method=None)
    ben, ada = await world.client("Ben"), await world.admin()

    assert [one["id"] for one in await hers.anna.sees("/package-purchases")] == [hers.id]
    assert [one["id"] for one in await his.sarah.sees("/package-purchases")] == [his.id]
    assert await ben.sees("/package-purchases") == []
    assert [one["id"] for one in await ada.sees("/package-purchases")] == [his.id, hers.id]
    for who, status in (
        (hers.anna, 200),
        (hers.sarah, 200),
        (ada, 200),
        (ben, 404),
        (his.sarah, 404),
    ):
        reply = await who.get(f"/package-purchases/{hers.id}")
        assert reply.status == status
        if status == 200:
            assert [one["kind"] for one in reply.json["credits"]] == ["granted"]
        else:
            assert reply.code == "PACKAGE_PURCHASE_NOT_FOUND"
    assert (await world.anonymous.get("/package-purchases")).status == 401
    assert (await ben.get(f"/package-purchases/{uuid4()}")).status == 404


async def test_filters_by_status_specialist_and_role(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    paid = await bought(world, sarah=sarah, anna=omar)
    open_one = await bought(world, sarah=omar, method=None)
    elsewhere = await bought(world, anna=omar)

    async def ids(query: str) -> list[str]:
        return [one["id"] for one in await omar.sees(f"/package-purchases?{query}")]

    assert await ids("") == [elsewhere.id, open_one.id, paid.id]
    assert await ids("role=client") == [elsewhere.id, paid.id]
    assert await ids("role=specialist") == [open_one.id]
    assert await ids("status=pending_payment") == [open_one.id]
    assert await ids("status=active&status=expired") == [elsewhere.id, paid.id]
    assert await ids(f"specialist_id={sarah.id}") == [paid.id]
    assert await ids(f"specialist_id={sarah.id}&role=specialist") == []
    assert (await omar.get("/package-purchases?status=lost")).status == 422


async def test_page_by_page(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    package = await offered(sarah)
    made = []
    for _ in range(5):
        reply = await anna.post(f"/packages/{package['id']}/purchases", {"payment_method": VISA})
        made.append(reply.json["id"])
    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        reply = await anna.get("/package-purchases", params=params)
        seen += [one["id"] for one in reply.json["items"]]
        cursor = reply.json["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


async def test_the_payers_secret_is_the_payers_alone_and_not_for_lists(world: World) -> None:
    purchase = await bought(world, method=None)
    assert (await purchase.seen())["payment"]["next_action"]["client_secret"]
    for who in (purchase.anna, purchase.sarah):
        (listed,) = await who.sees("/package-purchases")
        assert listed["payment"]["next_action"] is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE app.package_purchases SET status = 'active', activated_at = now() WHERE id = $1",
        "UPDATE app.package_purchases SET credits_left = 4 WHERE id = $1",
        "INSERT INTO app.package_credits (purchase_id, specialist_id, client_id, kind, credits)"
        " SELECT id, specialist_id, client_id, 'granted', 4 FROM app.package_purchases"
        " WHERE id = $1",
    ],
)
async def test_nobody_helps_himself_by_sql(world: World, statement: str) -> None:
    purchase = await bought(world, method=None)
    async with world.database.connected("consulta_api") as connection:
        for who in (purchase.anna, purchase.sarah):
            async with connection.transaction():
                await connection.execute(
                    "SELECT set_config('role', 'consulta_user', true),"
                    " set_config('app.user_id', $1, true)",
                    str(who.id),
                )
                with pytest.raises(Exception, match="permission denied"):
                    async with connection.transaction():
                        await connection.execute(statement, purchase.id)
    assert await purchase.status() == ("pending_payment", "pending", 0)
