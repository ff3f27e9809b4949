"""A client's whole way, from an account to a review, over HTTP and with real receivers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from tests.conftest import TestDatabase
from tests.features.intake.desk import ANSWERS, asks
from tests.features.live.replicas import Stream
from tests.features.meetings.video_desk import APPS
from tests.features.recordings.studio import FILM, facts
from tests.journeys.house import House, good, invitation, open_house, posted
from tests.receivers.listener import Listener, listening
from tests.world import Specialist

HEARD = [
    "booking.requested",
    "booking.awaiting_confirmation",
    "booking.confirmed",
    "meeting.ready",
    "intake.completed",
    "booking.rescheduled",
    "booking.completed",
    "session_note.created",
    "recording.ready",
    "review.posted",
]
NOTE = "My heart beats loudly at night."
WORDS = {"notes": "A healthy heart.", "follow_up_actions": "Less coffee."}


@dataclass(slots=True)
class Way:
    """Anna's way to a session with Sarah and beyond; `door` is where she was let in."""

    house: House
    sarah: Specialist
    anna: Specialist
    starts_at: datetime
    later: datetime
    path: str = ""
    door: str = ""

    async def finds_a_time(self) -> str:
        """She looks for somebody and keeps a time; the token of the hold."""
        [card] = await self.anna.sees("/specialists?q=sarah&max_price=30000")
        assert card["id"] == str(self.sarah.id)
        day = self.starts_at.date().isoformat()
        span = {"from": day, "to": day, "rate_id": str(self.sarah.rates["standard"])}
        slots = good(await self.anna.get(f"/specialists/{self.sarah.id}/slots", params=span))
        assert self.starts_at.isoformat() in [one["starts_at"] for one in slots["items"]]
        hold = good(await self.anna.post("/holds", self.sarah.slot(self.starts_at)), 201)
        taken = good(await self.anna.get(f"/specialists/{self.sarah.id}/slots", params=span))
        assert self.starts_at.isoformat() not in [one["starts_at"] for one in taken["items"]]
        return str(hold["hold_token"])

    async def books(self, hold_token: str) -> None:
        """Her bank asks her once; then it is paid, confirmed, in her calendar, and has a room."""
        house, anna, method = self.house, self.anna, "pm_card_authenticationRequired"
        more = {"hold_token": hold_token, "note": NOTE, "payment_method": method}
        booking = await anna.books(self.sarah, self.starts_at, **more)
        assert booking["payment"]["status"] == "requires_action"
        self.path = f"/bookings/{booking['id']}"
        house.stripe.control.complete_action(house.intent_of(booking))
        await house.booking(anna, booking["id"], "awaiting_confirmation")
        assert "booking_awaiting" in await house.letters(anna)
        assert good(await self.sarah.get(self.path))["note"] == NOTE
        good(await self.sarah.post(f"{self.path}/confirm"))
        paid = await house.booking(anna, booking["id"], "confirmed")
        assert paid["payment"]["captured"]["amount_minor"] == 20_000

    async def prepares(self) -> None:
        """She answers what the specialist asks beforehand, and cannot come in yet."""
        form = good(await self.anna.get(f"{self.path}/intake"))["form"]
        assert {one["key"] for one in form["questions"]} == set(ANSWERS)
        good(await self.anna.put(f"{self.path}/intake", {"answers": ANSWERS}))
        assert good(await self.sarah.get(f"{self.path}/intake"))["answers"] == ANSWERS
        assert good(await self.anna.get(self.path))["intake_completed"]
        assert (await self.anna.get(f"{self.path}/join")).code == "TOO_EARLY_TO_JOIN"

    async def moves(self) -> None:
        """Two days later suits her better: the same event of her calendar, and the same room."""
        house, mails = self.house, dict(await self.house.box(self.anna))
        assert list(mails) == ["booking_confirmed"]
        first = invitation(mails["booking_confirmed"])
        assert (first["METHOD"], first["SEQUENCE"]) == ("REQUEST", "0")
        assert house.meeting_starts() == [f"{self.starts_at:%Y-%m-%dT%H:%M}"]
        [room] = house.video.control.standing()

        there = {"starts_at": self.later.isoformat()}
        good(await self.anna.post(f"{self.path}/reschedule", there))
        mails = dict(await house.box(self.anna))
        assert list(mails) == ["booking_rescheduled"]
        moved = invitation(mails["booking_rescheduled"])
        assert (moved["METHOD"], moved["UID"]) == ("REQUEST", first["UID"])
        assert int(moved["SEQUENCE"]) > int(first["SEQUENCE"])
        assert moved["DTSTART"] == f"{self.later:%Y%m%dT%H%M%SZ}"
        file = await self.anna.get(f"{self.path}/calendar.ics")
        assert moved["UID"].encode() in file.content
        assert house.meeting_starts() == [f"{self.later:%Y-%m-%dT%H:%M}"]
        assert [one.id for one in house.video.control.standing()] == [room.id]

    async def comes(self) -> None:
        """Nobody reminds her of the old time, and of the new one everything does."""
        house, anna = self.house, self.anna
        for at in (self.starts_at - timedelta(hours=24), self.starts_at - timedelta(hours=1)):
            await house.travels_to(at)
            assert await house.letters(anna) == []
        await house.travels_to(self.later - timedelta(hours=24))
        assert await house.letters(anna) == ["reminder_24h"]
        await house.travels_to(self.later - timedelta(hours=1))
        assert await house.letters(anna) == ["reminder_1h"]
        assert (await anna.get(f"{self.path}/join")).code == "TOO_EARLY_TO_JOIN"
        await house.travels_to(self.later - timedelta(minutes=15))
        self.door = good(await anna.get(f"{self.path}/join"))["join_url"]
        [room] = house.video.control.standing()
        assert self.door.startswith(f"https://us02web.zoom.us/j/{room.id}")

    async def looks_back(self) -> None:
        """The note, the film, and what she thinks of it."""
        house, anna = self.house, self.anna
        await house.travels_to(self.later + timedelta(minutes=45))
        good(await self.sarah.post(f"{self.path}/complete"))
        good(await self.sarah.post(f"{self.path}/notes", WORDS), 201)
        [read] = await anna.sees(f"{self.path}/notes")
        assert {name: read[name] for name in WORDS} == WORDS
        await self.is_shown_the_film()
        said = {"rating": 5, "comment": "She listens."}
        good(await anna.post(f"{self.path}/review", said), 201)
        [review] = await house.world.anonymous.sees(f"/specialists/{self.sarah.id}/reviews")
        assert {name: review[name] for name in said} == said
        assert sorted(await house.letters(anna)) == ["note_written", "recording_ready"]

    async def is_shown_the_film(self) -> None:
        ada = await self.house.world.admin()
        film = good(await ada.post(f"{self.path}/recordings", facts()), 201)
        done = f"{self.path}/recordings/{film['id']}"
        async with httpx.AsyncClient(trust_env=False) as browser:
            brought = await browser.put(film["upload"]["url"], content=FILM)
            assert brought.is_success, brought.text
            good(await ada.post(f"{done}/complete"))
            link = good(await self.anna.post(f"{done}/download-link"))
            assert (await browser.get(link["url"])).content == FILM


async def test_a_client_books_comes_and_looks_back(database: TestDatabase) -> None:
    async with open_house(database) as house, listening() as listener:
        sarah = await house.world.specialist("Sarah Ahmed")
        zoom = {"provider": "zoom", "mode": "api", **APPS["zoom"]}
        good(await sarah.put("/specialists/me/video-config", zoom))
        await asks(sarah)
        address = {"url": listener.url}
        hook = good(await sarah.post("/specialists/me/webhook-endpoints", address), 201)
        anna, starts_at = await house.registers("Anna"), sarah.at("mon 10:00")
        way = Way(house, sarah, anna, starts_at, starts_at + timedelta(days=2))
        hold_token = await way.finds_a_time()
        async with house.replica.stream(anna) as stream:
            await way.books(hold_token)
            await house.settles()
            await way.prepares()
            await way.moves()
            await way.comes()
            await way.looks_back()
            await each_was_told_once(way, stream, listener, hook)


async def each_was_told_once(way: Way, stream: Stream, listener: Listener, hook: Any) -> None:
    """Each fact was heard once and in order, and posted once, signed, and without a word of it."""
    await way.house.until(lambda: posted(listener, len(HEARD)))
    await stream.hears(len(HEARD))
    await way.house.settles()
    assert [one.name for one in stream.events] == HEARD
    assert len({one.id for one in stream.events}) == len(HEARD)
    assert sorted(one.json["type"] for one in listener.received) == sorted(HEARD)
    assert len({one.headers["webhook-id"] for one in listener.received}) == len(HEARD)
    secrets = (WORDS["notes"].encode(), NOTE.encode(), b"KANARIENVOGEL", way.door.encode())
    for one in listener.received:
        assert one.is_signed_with(hook["secret"])
        assert not [secret for secret in secrets if secret in one.body]
