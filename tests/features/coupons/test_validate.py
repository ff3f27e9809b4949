"""Trying a code: what it would take off, or the refusal that a booking would meet."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from consulta.features.coupons.rules import CODES_PER_MINUTE
from tests.features.coupons.coupon_desk import asks, fixed, offers
from tests.world import World


def usd(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "USD"}


async def test_a_code_says_what_it_takes_off(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await offers(sarah, valid_until="2099-01-01T00:00:00Z")
    await offers(sarah, "FIVE", **fixed(500))

    ten, five = await asks(anna, sarah, "ten"), await asks(anna, sarah, "FIVE", kind="followup")

    assert (ten.status, ten.json) == (
        200,
        {
            "code": "TEN",
            "kind": "percent",
            "percent": 10,
            "price": usd(20_000),
            "discount": usd(2_000),
            "total": usd(18_000),
            "valid_until": "2099-01-01T00:00:00Z",
        },
    )
    assert five.json == {
        "code": "FIVE",
        "kind": "fixed",
        "percent": None,
        "price": usd(15_000),
        "discount": usd(500),
        "total": usd(14_500),
        "valid_until": None,
    }
    # It takes no use.
    assert await world.value("SELECT sum(used_count) FROM app.coupons") == 0


async def test_it_takes_somebody_signed_in(world: World) -> None:
    sarah, ada = await world.specialist(), await world.admin()
    await offers(sarah)
    assert (await asks(world.anonymous, sarah, "TEN")).status == 401
    assert [(await asks(one, sarah, "TEN")).status for one in (sarah, ada)] == [200, 200]


async def test_a_code_is_worth_nothing_elsewhere(world: World) -> None:
    sarah, omar, anna = (
        await world.specialist(),
        await world.specialist("Dr. Omar"),
        await world.client(),
    )
    await offers(sarah)
    coupon = await offers(sarah, "ENDED")
    await sarah.patch(f"/specialists/me/coupons/{coupon['id']}", {"is_active": False})
    elsewhere, never = await asks(anna, omar, "TEN"), await asks(anna, omar, "NEVER")
    ended = await asks(anna, sarah, "ENDED")
    for reply in (elsewhere, never, ended):
        assert (reply.status, reply.code) == (404, "COUPON_NOT_FOUND")
        assert reply.json["detail"] == never.json["detail"]


@pytest.mark.parametrize("code", ["%00", "%27%20OR%20true", "_", "%25", "N%C3%84HE", "A" * 41])
async def test_odd_codes_are_no_codes(world: World, code: str) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await offers(sarah)
    reply = await asks(anna, sarah, code)
    assert (reply.status, reply.code) in {(404, "COUPON_NOT_FOUND"), (422, "INVALID_REQUEST")}


async def test_what_cannot_be_booked_has_no_price(world: World) -> None:
    sarah, omar, anna = (
        await world.specialist(),
        await world.specialist("Dr. Omar", verified=False),
        await world.client(),
    )
    away = await world.specialist("Dr. Away", accepting=False)
    for one in (sarah, omar, away):
        await offers(one)
    path = "/coupons/TEN/validate"
    for specialist, rate, expected in (
        (sarah.id, omar.rates["standard"], (404, "RATE_NOT_FOUND")),
        (sarah.id, uuid4(), (404, "RATE_NOT_FOUND")),
        (uuid4(), sarah.rates["standard"], (404, "SPECIALIST_NOT_FOUND")),
        (omar.id, omar.rates["standard"], (404, "SPECIALIST_NOT_FOUND")),
        (away.id, away.rates["standard"], (409, "NOT_ACCEPTING")),
    ):
        reply = await anna.get(path, params={"specialist_id": specialist, "rate_id": rate})
        assert (reply.status, reply.code) == expected
    missing = await anna.get(path, params={"specialist_id": sarah.id})
    assert (missing.status, missing.code) == (422, "INVALID_REQUEST")


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "early": ({"valid_from": "2098-01-01T00:00:00Z"}, "COUPON_NOT_YET_VALID"),
    "late": (
        {"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2021-01-01T00:00:00Z"},
        "COUPON_EXPIRED",
    ),
    "currency": (fixed(500, "EUR"), "COUPON_NOT_APPLICABLE"),
    "minimum in another currency": (
        {"minimum": {"amount_minor": 1, "currency": "EUR"}},
        "COUPON_NOT_APPLICABLE",
    ),
    "minimum": ({"minimum": usd(20_001)}, "COUPON_MINIMUM_NOT_REACHED"),
    "absent": ({"is_active": False}, "COUPON_NOT_FOUND"),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_a_booking_is_refused_as_the_code_was(world: World, case: str) -> None:
    sarah, anna = await world.specialist(), await world.client()
    terms, code = REFUSALS[case]
    await offers(sarah, **terms)
    tried = await asks(anna, sarah, "TEN")
    body = sarah.booking("mon 10:00", coupon_code="TEN")
    refused = await anna.post("/bookings", body)
    assert tried.code == refused.code == code
    assert tried.status == refused.status == (404 if case == "absent" else 409)
    assert await world.value("SELECT count(*) FROM app.bookings") == 0
    assert await world.value("SELECT count(*) FROM app.slots") == 0


async def test_the_edges_of_its_time(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    begins = datetime.fromisoformat("2030-06-03T00:00:00+00:00")
    ends = begins + timedelta(days=1)
    await offers(sarah, valid_from=begins.isoformat(), valid_until=ends.isoformat())
    moment = timedelta(microseconds=1)
    day = begins.replace(hour=10)
    for at, code in (
        (begins - moment, "COUPON_NOT_YET_VALID"),
        (begins, None),
        (ends - moment, None),
        (ends, "COUPON_EXPIRED"),
    ):
        await world.stop_clock(at)
        day += timedelta(days=1)
        tried = await asks(anna, sarah, "TEN")
        assert (tried.status == 200, tried.json["code"]) == (code is None, code or "TEN")
        reply = await anna.post("/bookings", sarah.booking(day, coupon_code="TEN"))
        assert reply.code == code, at


async def test_guessing_has_an_end_at_both_doors(world: World) -> None:
    sarah, anna, ben = (
        await world.specialist(),
        await world.client("Anna"),
        await world.client("Ben"),
    )
    await offers(sarah)
    await world.stop_clock(await world.value("SELECT app.now()"))
    for number in range(CODES_PER_MINUTE - 1):
        assert (await asks(anna, sarah, f"GUESS-{number}")).status == 404
    wrong = sarah.booking("mon 10:00", coupon_code="GUESS")
    assert (await anna.post("/bookings", wrong)).code == "COUPON_NOT_FOUND"

    refused = [await asks(anna, sarah, "TEN"), await anna.post("/bookings", wrong)]

    for reply in refused:
        assert (reply.status, reply.code) == (429, "RATE_LIMITED")
        assert reply.headers["Retry-After"] == "2"
    assert (await asks(ben, sarah, "TEN")).status == 200
    # Whoever types no code is not concerned.
    assert (await anna.post("/bookings", sarah.booking("mon 10:00"))).status == 201
