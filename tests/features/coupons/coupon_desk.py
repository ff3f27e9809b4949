"""What the tests of coupons share: making one, and what stands behind its count."""

from typing import Any

from tests.world import Reply, Specialist, World


async def offers(sarah: Specialist, code: str = "TEN", **more: Any) -> Any:
    """A coupon of Sarah's; ten percent unless `more` says otherwise."""
    body = {"code": code, "kind": "percent", "percent": 10} | more
    if body["kind"] == "fixed":
        del body["percent"]
    reply = await sarah.post("/specialists/me/coupons", body)
    assert reply.status == 201, reply.json
    return reply.json


def fixed(amount_minor: int, currency: str = "USD") -> dict[str, Any]:
    """So much off, as `more` of `offers`."""
    amount = {"amount_minor": amount_minor, "currency": currency}
    return {"kind": "fixed", "amount": amount}


async def asks(person: Any, sarah: Specialist, code: str, *, kind: str = "standard") -> Reply:
    """What the code would take off."""
    params = {"specialist_id": sarah.id, "rate_id": sarah.rates[kind]}
    reply: Reply = await person.get(f"/coupons/{code}/validate", params=params)
    return reply


async def counted(world: World, coupon: Any) -> tuple[int, int]:
    """What the coupon says of its uses, and how many really stand."""
    row = await world.superuser.fetchrow(
        "SELECT c.used_count - (SELECT count(*) FROM app.coupon_usages u WHERE u.coupon_id = c.id"
        " AND u.state = 'returned' AND u.is_counted), (SELECT count(*) FROM app.coupon_usages u"
        " WHERE u.coupon_id = c.id AND u.state = 'used') FROM app.coupons c WHERE c.id = $1",
        coupon["id"],
    )
    assert row is not None
    return row[0], row[1]
