"""A specialist's whole way, from an account to statistics, over HTTP and with real receivers."""

from datetime import timedelta
from typing import Any

from tests.conftest import TestDatabase
from tests.features.intake.desk import asks
from tests.features.meetings.video_desk import APPS
from tests.features.packages.shop import offer
from tests.journeys.house import House, good, invitation, open_house, posted
from tests.receivers.listener import Listener, listening
from tests.world import Specialist
from tests.world.stripe import SECRET_KEY

VISA = {"payment_method": "pm_card_visa"}
DIPLOMA = "https://files.example.org/diploma.pdf"
HOOKS = "/specialists/me/webhook-endpoints"


async def opens_a_practice(house: House, listener: Listener) -> tuple[Specialist, Any]:
    """From nothing to a page that the directory shows; and the webhook endpoint."""
    omar = await house.registers("Omar", "specialist")
    page = {"full_name": "Dr. Omar Khan", "time_zone": "UTC", "specialties": ["Cardiology"]}
    good(await omar.put("/specialists/me", {**page, "verification_documents": [DIPLOMA]}))
    price = {"amount_minor": 20_000, "currency": "USD"}
    rate = good(await omar.post("/specialists/me/rates", {"price": price}), 201)
    omar.rates["standard"] = rate["id"]
    open_ = {"starts_at": "09:00", "ends_at": "17:00"}
    week = {"rules": [{"weekday": day, **open_} for day in range(1, 6)]}
    good(await omar.put("/specialists/me/availability", week))
    teams = {"provider": "teams", "mode": "api", **APPS["teams"]}
    assert good(await omar.put("/specialists/me/video-config", teams))["state"] == "connected"
    await asks(omar)
    hook = good(await omar.post(HOOKS, {"url": listener.url}), 201)
    nobody = house.world.anonymous
    assert await nobody.sees("/specialists?q=omar") == []
    ada = await house.world.admin()
    [review] = await ada.sees("/admin/specialists?verified=false")
    assert review["verification_documents"] == [DIPLOMA]
    good(await ada.post(f"/admin/specialists/{omar.id}/verify"))
    assert [one["id"] for one in await nobody.sees("/specialists?q=omar")] == [str(omar.id)]
    return omar, hook


async def says_no(house: House, omar: Specialist, anna: Specialist) -> None:
    """What is declined costs nothing: the money was never taken."""
    booking = await anna.books(omar, "mon 11:00", **VISA)
    path = f"/bookings/{booking['id']}"
    await house.booking(omar, booking["id"], "awaiting_confirmation")
    good(await omar.post(f"{path}/decline", {"reason": "I am away that hour."}))
    assert "booking_declined" in await house.letters(anna)
    [intent] = house.stripe.control.objects("payment_intent", key=SECRET_KEY)
    assert intent["status"] == "canceled"


async def moves_and_cancels(house: House, omar: Specialist, anna: Specialist) -> str:
    """Confirmed, moved by a proposal, called off: calendar, vendor and bank follow each time."""
    booking = await anna.books(omar, "mon 12:00", **VISA)
    path, id_ = f"/bookings/{booking['id']}", booking["id"]
    await house.booking(omar, id_, "awaiting_confirmation")
    good(await omar.post(f"{path}/confirm"))
    first = invitation(dict(await house.box(anna))["booking_confirmed"])
    later = omar.at("mon 14:00")
    offered = {"starts_at": later.isoformat(), "message": "I am in theatre at noon."}
    proposal = good(await omar.post(f"{path}/proposals", offered), 201)
    assert await house.letters(anna) == ["booking_time_proposed"]
    good(await anna.post(f"{path}/proposals/{proposal['id']}/accept"))
    moved = invitation(dict(await house.box(omar))["booking_rescheduled"])
    assert (moved["UID"], moved["SEQUENCE"]) == (first["UID"], "1")
    assert f"{later:%Y-%m-%dT%H:%M}" in house.meeting_starts()

    await house.box(anna)
    good(await omar.post(f"{path}/cancel", {"reason": "Called away.", "reason_code": "emergency"}))
    gone = invitation(dict(await house.box(anna))["booking_cancelled"])
    assert (gone["METHOD"], gone["STATUS"]) == ("CANCEL", "CANCELLED")
    assert (gone["UID"], int(gone["SEQUENCE"]) > 1) == (first["UID"], True)
    assert f"{later:%Y-%m-%dT%H:%M}" not in house.meeting_starts()
    [refund] = house.stripe.control.objects("refund", key=SECRET_KEY)
    assert (refund["amount"], refund["status"]) == (20_000, "succeeded")
    payment = good(await anna.get(path))["payment"]
    assert (payment["status"], payment["refunded"]["amount_minor"]) == ("refunded", 20_000)
    return str(id_)


async def sells_a_package(house: House, omar: Specialist, anna: Specialist) -> Any:
    """Four sessions are paid at once, and the first of them needs no money."""
    package = good(await omar.post("/specialists/me/packages", offer(omar)), 201)
    bought = good(await anna.post(f"/packages/{package['id']}/purchases", VISA), 201)
    path = f"/package-purchases/{bought['id']}"

    async def active() -> bool:
        return bool((await anna.get(path)).json["status"] == "active")

    await house.until(active)
    assert "package_activated" in await house.letters(omar)
    wednesday = omar.at("mon 10:00") + timedelta(days=2)
    booking = await anna.books(omar, wednesday, package_purchase_id=bought["id"])
    good(await omar.post(f"/bookings/{booking['id']}/confirm"))
    assert good(await anna.get(path))["credits_left"] == 3
    return booking


async def agrees_to_a_series(house: House, omar: Specialist, anna: Specialist) -> str:
    """Every week from the week after; on the first day there is a conference."""
    first = (omar.at("mon 15:00") + timedelta(days=7)).date().isoformat()
    body = {"specialist_id": str(omar.id), "rate_id": str(omar.rates["standard"])}
    body |= {"frequency": "weekly", "start_date": first, "local_time": "15:00"}
    series = good(await anna.post("/recurring-bookings", body), 201)
    good(await omar.post(f"/recurring-bookings/{series['id']}/accept"))
    away = {"date": first, "reason": "conference"}
    good(await omar.post("/specialists/me/availability-exceptions", away), 201)
    return str(series["id"])


async def writes_it_down(house: House, omar: Specialist, anna: Specialist, path: str) -> None:
    """The session's note, and what is added when it cannot be changed any more."""
    starts_at = omar.at("mon 10:00")
    note = good(await omar.post(f"{path}/notes", {"notes": "A murmur."}), 201)
    one = f"{path}/notes/{note['id']}"
    assert good(await omar.patch(one, {"notes": "No murmur."}))["notes"] == "No murmur."
    await house.travels_to(starts_at + timedelta(hours=25))
    assert (await omar.patch(one, {"notes": "A murmur."})).code == "NOTE_IS_FINAL"
    good(await omar.post(f"{one}/amendments", {"text": "The echo agrees."}), 201)
    read = good(await anna.get(one))
    assert (read["notes"], read["amendments"][0]["text"]) == ("No murmur.", "The echo agrees.")


async def hears_of_the_gap(house: House, people: list[Specialist], series_id: str) -> None:
    """A date of the series falls out, and both are told; the clock may have been first."""
    good(await house.world.cron("dispatch-recurring"))
    for person in people:
        assert (await house.letters(person)).count("series_skipped") == 1
        seen = good(await person.get(f"/recurring-bookings/{series_id}"))["occurrences"]
        assert [(one["outcome"], one["reason"]) for one in seen] == [("skipped", "closed")]


async def is_reviewed(house: House, omar: Specialist, anna: Specialist, path: str) -> None:
    said = {"rating": 4, "comment": "Short, and right."}
    good(await anna.post(f"{path}/review", said), 201)
    good(await omar.post(f"{path}/review/reply", {"reply": "Thank you."}))
    [shown] = await house.world.anonymous.sees(f"/specialists/{omar.id}/reviews")
    assert (shown["comment"], shown["reply"]) == ("Short, and right.", "Thank you.")
    rating = good(await house.world.anonymous.get(f"/specialists/{omar.id}"))["rating"]
    assert (rating["average"], rating["count"]) == (4, 1)


async def counts(omar: Specialist) -> None:
    days = {"from": f"{omar.today}", "to": f"{omar.today + timedelta(days=20)}"}
    stats = good(await omar.get("/specialists/me/stats", params=days))
    told = stats["bookings"]["totals"]
    ends = {name: told[name] for name in ("completed", "cancelled", "declined")}
    assert ends == {"completed": 1, "cancelled": 1, "declined": 1}
    assert sum(stats["packages"]["sold"]) == 1
    assert stats["cancellations"]["by_reason"]["totals"]["emergency"] == 1
    assert stats["revenue"]["net"]["totals"]["USD"] == 20_000


async def test_a_specialist_opens_a_practice_and_works(database: TestDatabase) -> None:
    # Nobody takes the first webhook: it comes again.
    async with open_house(database) as house, listening(500, 200) as listener:
        omar, hook = await opens_a_practice(house, listener)
        anna, starts_at = await house.registers("Anna"), omar.at("mon 10:00")

        # Anna calls, and pays at the desk.
        called = omar.booking(starts_at, client_email="anna@example.org", by_hand=True)
        booking = good(await omar.post("/bookings", called), 201)
        assert booking["status"] == "confirmed"
        mail = dict(await house.box(anna))["booking_confirmed"]
        assert invitation(mail)["METHOD"] == "REQUEST"
        assert house.meeting_starts() == [f"{starts_at:%Y-%m-%dT%H:%M}"]
        await house.until(lambda: posted(listener, 2))
        await house.world.travel(seconds=10)

        await says_no(house, omar, anna)
        cancelled = await moves_and_cancels(house, omar, anna)
        sold = await sells_a_package(house, omar, anna)
        series_id = await agrees_to_a_series(house, omar, anna)

        await house.travels_to(starts_at + timedelta(minutes=45))
        path = f"/bookings/{booking['id']}"
        good(await omar.post(f"{path}/complete"))
        good(await omar.post(f"/payments/{booking['payment']['id']}/mark-paid"))
        await writes_it_down(house, omar, anna, path)
        await hears_of_the_gap(house, [anna, omar], series_id)
        await is_reviewed(house, omar, anna, path)
        await counts(omar)
        await log_and_replay(house, omar, hook, listener, {booking["id"], cancelled, sold["id"]})


async def log_and_replay(
    house: House, omar: Specialist, hook: Any, listener: Listener, bookings: set[str]
) -> None:
    """Everything arrived signed, once each but for the first, and can be posted once more."""
    path = f"{HOOKS}/{hook['id']}/deliveries"

    async def all_delivered() -> list[Any]:
        await house.settles()
        found = await omar.sees(f"{path}?limit=100")
        return found if {one["state"] for one in found} == {"delivered"} else []

    log = await house.until(all_delivered)
    assert {one["payload"].get("booking_id") for one in log} >= bookings
    [repeated] = [one for one in log if one["attempts"] == 2]
    assert [one["status"] for one in repeated["attempt_log"]] == [500, 200]
    ids = [one.headers["webhook-id"] for one in listener.received]
    assert (len(ids), set(ids)) == (len(log) + 1, {one["event_id"] for one in log})
    assert all(one.is_signed_with(hook["secret"]) for one in listener.received)

    latest = log[0]
    good(await omar.post(f"{path}/{latest['id']}/replay"), 202)
    await house.until(lambda: posted(listener, len(ids) + 1))
    again, before = listener.received[-1], ids.index(latest["event_id"])
    assert again.headers["webhook-id"] == latest["event_id"]
    assert again.body == listener.received[before].body
    assert again.is_signed_with(hook["secret"])
