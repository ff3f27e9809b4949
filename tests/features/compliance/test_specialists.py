"""A specialist who is erased: not before everything is over, and then the page is nobody's."""

import asyncio

import pytest

from tests.features.compliance.lives import ANNAS, PASSWORD, registered
from tests.features.compliance.test_lives import places_of
from tests.features.recurring.standing import many_series, purchase
from tests.world import Client, Specialist, World

_GATEWAY = """
INSERT INTO app.payment_configs
    (specialist_id, provider, account, is_live, publishable_key, hints)
VALUES ($1, 'razorpay', 'acc_1234567890abcdef', false, 'rzp_test_1', '{}')
"""
_ENDED = "UPDATE app.recurring_bookings SET status = 'ended', ended_at = now()"
_USED = "UPDATE app.package_purchases SET valid_until = now() - interval '1 day'"


async def furnished(world: World) -> Specialist:
    """A specialist who said a word in every room."""
    who, email = await registered(world, ANNAS, role="specialist")
    sarah = Specialist(world.http, id=who.id, token=who.token, name=ANNAS)
    page = {
        "full_name": ANNAS,
        "headline": ANNAS,
        "bio": ANNAS,
        "qualifications": [ANNAS],
        "specialties": [ANNAS],
        "languages": ["de"],
        "time_zone": "UTC",
        "photo_url": f"https://example.org/{ANNAS}.jpg",
        "email": email,
        "phone": "+49309999999",
        "verification_documents": [f"https://example.org/{ANNAS}.pdf"],
        "auto_confirm": True,
    }
    rate = {"kind": "standard", "name": "Session", "duration_minutes": 60}
    rule = {"weekday": 1, "starts_at": "09:00", "ends_at": "17:00", "slot_minutes": 60}
    now = await world.value("SELECT app.now()")
    day = {"date": str(now.date()), "reason": "personal", "note": ANNAS, "is_available": False}
    coupon = {"code": "TEN", "kind": "percent", "percent": 10}
    video = {
        "provider": "zoom",
        "mode": "static",
        "link": f"https://zoom.us/j/5551112222?pwd={ANNAS}",
    }
    hook = {"url": f"https://93.184.215.14/{ANNAS}", "topics": ["booking.confirmed"]}
    mine = "/specialists/me"
    made = await sarah.put(mine, page)
    assert made.status in (200, 201), made.json
    price = {"price": {"amount_minor": 5_000, "currency": "USD"}}
    rated = await sarah.post(f"{mine}/rates", {**rate, **price})
    assert rated.status == 201, rated.json
    sarah.rates = {"standard": rated.json["id"]}
    done = [
        await sarah.put(f"{mine}/availability", {"time_zone": "UTC", "rules": [rule]}),
        await sarah.post(f"{mine}/availability-exceptions", day),
        await sarah.post(f"{mine}/coupons", coupon),
        await sarah.put(f"{mine}/video-config", video),
        await sarah.post(f"{mine}/webhook-endpoints", hook),
    ]
    assert all(reply.status in (200, 201) for reply in done), [one.json for one in done]
    await (await world.admin()).post(f"/admin/specialists/{sarah.id}/verify")
    await world.superuser.execute(_GATEWAY, sarah.id)
    return sarah


_PASSWORD = {"password": PASSWORD}


async def test_a_page_ends_when_all_is_over(world: World) -> None:
    sarah = await furnished(world)
    ben = await world.client("Ben")
    assert (await world.anonymous.get(f"/specialists/{sarah.id}")).status == 200
    await many_series(world, sarah, ben, 1)
    await purchase(world, sarah, ben)
    blocked = await sarah.delete("/me", json=_PASSWORD)
    assert (blocked.status, blocked.code) == (409, "ERASURE_BLOCKED"), blocked.json
    assert blocked.json["blocking"] == {"series": 1, "packages_owed": 1}
    await world.superuser.execute(f"{_ENDED}; {_USED}")

    erased = await sarah.delete("/me", json=_PASSWORD)

    assert erased.status == 200, erased.json
    assert await places_of(world, ANNAS) == set()
    assert (await world.anonymous.get(f"/specialists/{sarah.id}")).status == 404
    assert await world.value("SELECT count(*) FROM app.video_config_keys") == 0
    assert await world.value("SELECT count(*) FROM app.webhook_endpoint_secrets") == 0
    standing = "SELECT count(*) FROM app.{} WHERE is_active"
    for table in ("payment_configs", "video_configs", "webhook_endpoints", "coupons"):
        assert await world.value(standing.format(table)) == 0
    ben_books = await ben.post(
        "/bookings",
        {
            "specialist_id": str(sarah.id),
            "rate_id": str(sarah.rates["standard"]),
            "starts_at": "2027-03-01T09:00:00Z",
        },
    )
    assert (ben_books.status, ben_books.code) == (404, "SPECIALIST_NOT_FOUND"), ben_books.json


async def test_money_in_motion_is_waited_for(world: World) -> None:
    """And somebody without a password is asked for the address instead."""
    sarah, anna = await world.specialist(), await world.client()
    await anna.books(sarah, "mon 10:00", payment_method="pm_sandbox_visa")
    mail = await world.value("SELECT email FROM app.users WHERE id = $1", anna.id)
    for person, address in ((anna, mail), (sarah, None)):
        email = address or await world.value("SELECT email FROM app.users WHERE id = $1", sarah.id)
        reply = await person.delete("/me", json={"email": email})
        assert reply.json["blocking"] == {"sessions_to_come": 1, "payments_in_motion": 1}
    booking = (await anna.sees("/bookings"))[0]
    assert (await anna.post(f"/bookings/{booking['id']}/cancel", {"reason": "no"})).status == 200
    await world.work_off()
    assert (await anna.delete("/me", json={"email": "x" + mail})).code == "NOT_CONFIRMED"
    assert (await anna.delete("/me", json={"email": mail.upper()})).status == 200


SABOTAGE = {
    "the lock": ("begin_erasure", "PERFORM 1 FROM app.users u WHERE u.id = me FOR UPDATE;"),
    "the second look": ("parties_are_there", "gone IS NOT NULL"),
}
ASLEEP = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event = 'PgSleep'
"""


async def _without(world: World, function: str, text: str, instead: str) -> None:
    body: str = await world.value(f"SELECT pg_get_functiondef('app.{function}'::regproc)")
    assert body.count(text) == 1
    await world.superuser.execute(body.replace(text, instead))


@pytest.mark.parametrize("left_out", [None, *SABOTAGE])
async def test_nobody_books_while_being_erased(world: World, left_out: str | None) -> None:
    """With controls: without the lock, or without the second look, the erased have a booking."""
    sarah = await world.specialist(price=0, auto_confirm=True)
    anna: Client = await world.client()
    await _without(
        world, "erase_words", "BEGIN\n", "BEGIN\n    PERFORM pg_catalog.pg_sleep(0.5);\n"
    )
    if left_out is not None:
        function, text = SABOTAGE[left_out]
        await _without(world, function, text, "" if text.endswith(";") else "false")
    mail = await world.value("SELECT email FROM app.users WHERE id = $1", anna.id)
    erasing = asyncio.create_task(anna.delete("/me", json={"email": mail}))
    while not erasing.done() and not await world.value(ASLEEP):
        await asyncio.sleep(0.01)
    booked = await anna.post("/bookings", sarah.booking("mon 10:00"))
    assert (await erasing).status == 200
    if left_out is None:
        assert (booked.status, booked.code) == (401, "UNAUTHORIZED"), booked.json
    live = await world.value("SELECT count(*) FROM app.bookings WHERE client_id = $1", anna.id)
    assert live == (0 if left_out is None else 1)
