"""A client's whole way, from an account to a review, over HTTP and with real receivers."""

from datetime import timedelta

import httpx

from tests.conftest import TestDatabase
from tests.features.intake.desk import ANSWERS, asks
from tests.features.meetings.video_desk import APPS
from tests.features.recordings.studio import FILM, facts
from tests.journeys.house import good, invitation, open_house, posted
from tests.receivers.listener import listening

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


async def test_a_client_books_comes_and_looks_back(database: TestDatabase) -> None:
    async with open_house(database) as house, listening() as listener:
        world = house.world
        sarah, ada = await world.specialist("Sarah Ahmed"), await world.admin()
        zoom = {"provider": "zoom", "mode": "api", **APPS["zoom"]}
        good(await sarah.put("/specialists/me/video-config", zoom))
        await asks(sarah)
        hook = good(
            await sarah.post("/specialists/me/webhook-endpoints", {"url": listener.url}), 201
        )
        anna = await house.registers("Anna")

        # She looks for somebody, keeps a time for ten minutes, and books it.
        [card] = await anna.sees("/specialists?q=sarah&max_price=30000")
        assert card["id"] == str(sarah.id)
        starts_at = sarah.at("mon 10:00")
        span = {"from": starts_at.date().isoformat(), "to": starts_at.date().isoformat()}
        slots = f"/specialists/{sarah.id}/slots"
        rate = {"rate_id": str(sarah.rates["standard"])}
        offered = good(await anna.get(slots, params={**span, **rate}))["items"]
        assert starts_at.isoformat() in [one["starts_at"] for one in offered]
        hold = good(await anna.post("/holds", sarah.slot(starts_at)), 201)

        async with house.replica.stream(anna) as stream:
            booking = await anna.books(
                sarah,
                starts_at,
                hold_token=hold["hold_token"],
                note="My heart beats loudly at night.",
                payment_method="pm_card_authenticationRequired",
            )
            assert booking["payment"]["status"] == "requires_action"
            path = f"/bookings/{booking['id']}"
            house.stripe.control.complete_action(house.intent_of(booking))
            await house.booking(anna, booking["id"], "awaiting_confirmation")
            assert "booking_awaiting" in await house.letters(anna)
            assert (await sarah.get(path)).json["note"] == "My heart beats loudly at night."
            good(await sarah.post(f"{path}/confirm"))
            paid = await house.booking(anna, booking["id"], "confirmed")
            assert paid["payment"]["captured"]["amount_minor"] == 20_000

            mails = dict(await house.box(anna))
            assert list(mails) == ["booking_confirmed"]
            first = invitation(mails["booking_confirmed"])
            assert (first["METHOD"], first["SEQUENCE"]) == ("REQUEST", "0")
            assert house.meeting_starts() == [f"{starts_at:%Y-%m-%dT%H:%M}"]
            [meeting] = house.video.control.standing()
            assert (await anna.get(f"{path}/join")).code == "TOO_EARLY_TO_JOIN"

            # What the specialist asks beforehand.
            assert [
                one["key"] for one in good(await anna.get(f"{path}/intake"))["form"]["questions"]
            ]
            good(await anna.put(f"{path}/intake", {"answers": ANSWERS}))
            assert good(await sarah.get(f"{path}/intake"))["answers"] == ANSWERS
            assert good(await anna.get(path))["intake_completed"]

            # Two days later suits her better.
            later = starts_at + timedelta(days=2)
            good(await anna.post(f"{path}/reschedule", {"starts_at": later.isoformat()}))
            mails = dict(await house.box(anna))
            assert list(mails) == ["booking_rescheduled"]
            moved = invitation(mails["booking_rescheduled"])
            assert (moved["METHOD"], moved["UID"]) == ("REQUEST", first["UID"])
            assert int(moved["SEQUENCE"]) > int(first["SEQUENCE"])
            assert moved["DTSTART"] == f"{later:%Y%m%dT%H%M%SZ}"
            file = await anna.get(f"{path}/calendar.ics")
            assert moved["UID"].encode() in file.content
            assert house.meeting_starts() == [f"{later:%Y-%m-%dT%H:%M}"]
            assert house.video.control.standing()[0].id == meeting.id

            # Nobody reminds her of the old time, and of the new one everything does.
            for at in (starts_at - timedelta(hours=24), starts_at - timedelta(hours=1)):
                await house.travels_to(at)
                assert await house.letters(anna) == []
            await house.travels_to(later - timedelta(hours=24))
            assert await house.letters(anna) == ["reminder_24h"]
            await house.travels_to(later - timedelta(hours=1))
            assert await house.letters(anna) == ["reminder_1h"]
            assert (await anna.get(f"{path}/join")).code == "TOO_EARLY_TO_JOIN"
            await house.travels_to(later - timedelta(minutes=15))
            door = good(await anna.get(f"{path}/join"))
            assert door["join_url"].startswith(f"https://us02web.zoom.us/j/{meeting.id}")

            # Afterwards: the note, the film, and what she thinks of it.
            await house.travels_to(later + timedelta(minutes=45))
            good(await sarah.post(f"{path}/complete"))
            note = {"notes": "A healthy heart.", "follow_up_actions": "Less coffee."}
            good(await sarah.post(f"{path}/notes", note), 201)
            [read] = await anna.sees(f"{path}/notes")
            assert {name: read[name] for name in note} == note
            film = good(await ada.post(f"{path}/recordings", facts()), 201)
            async with httpx.AsyncClient(trust_env=False) as browser:
                put = await browser.put(film["upload"]["url"], content=FILM)
                assert put.is_success, put.text
                done = f"{path}/recordings/{film['id']}"
                good(await ada.post(f"{done}/complete"))
                link = good(await anna.post(f"{done}/download-link"))
                assert (await browser.get(link["url"])).content == FILM
            good(await anna.post(f"{path}/review", {"rating": 5, "comment": "She listens."}), 201)
            [review] = await world.anonymous.sees(f"/specialists/{sarah.id}/reviews")
            assert (review["rating"], review["comment"]) == (5, "She listens.")
            assert sorted(await house.letters(anna)) == ["note_written", "recording_ready"]

            # Each fact was heard once and in order, and posted once and signed.
            await house.until(lambda: posted(listener, len(HEARD)))
            await stream.hears(len(HEARD))
            await house.settles()
            assert [one.name for one in stream.events] == HEARD
            assert len({one.id for one in stream.events}) == len(HEARD)
        assert sorted(one.json["type"] for one in listener.received) == sorted(HEARD)
        assert len({one.headers["webhook-id"] for one in listener.received}) == len(HEARD)
        secrets = (b"healthy heart", b"loudly", b"KANARIENVOGEL", door["join_url"].encode())
        for one in listener.received:
            assert one.is_signed_with(hook["secret"])
            assert not [secret for secret in secrets if secret in one.body]
