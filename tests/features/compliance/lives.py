"""People who left their words everywhere: what is exported, and what erasure has to find."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.features.intake.desk import ANSWERS, asks
from tests.features.saved_methods.cards import saved
from tests.features.session_notes.desk import WORDS
from tests.world import Client, Reply, Specialist, World

PASSWORD = "a sentence that nobody else would type"
ANNAS = "KANARIENVOGEL"
BENS = "WELLENSITTICH"


@dataclass(slots=True)
class Life:
    """Somebody who registered, booked with Sarah, and wrote a word wherever one can be written."""

    world: World
    who: Client
    sarah: Specialist
    email: str
    word: str
    bookings: list[Any]

    async def erases(self, **body: Any) -> Reply:
        return await self.who.delete("/me", json=body or {"password": PASSWORD})


async def registered(world: World, word: str, **more: Any) -> tuple[Client, str]:
    """Somebody whose name, address and telephone number are of that word, and the address."""
    email = f"{word.lower()}@example.org"
    body = {"email": email, "password": PASSWORD, "full_name": f"Dr. {word}", **more}
    reply = await world.anonymous.post("/auth/register", body)
    assert reply.status == 201, reply.json
    id_ = UUID(reply.json["user"]["id"])
    who = Client(world.http, id=id_, token=reply.json["access_token"], name=word)
    phone = "+49301" + str(sum(map(ord, word))).zfill(6)
    details = {"phone": phone, "photo_url": f"https://example.org/{word}.jpg"}
    assert (await who.patch("/me", details)).status == 200
    return who, email


async def begun(world: World, sarah: Specialist, word: str, *, days: str) -> Life:
    """Two paid sessions on the first of `days`, one of them called off and one moved; answers, a
    saved card, consent and wishes."""
    who, email = await registered(world, word)
    paid = {"payment_method": "pm_sandbox_visa", "note": f"{word} in a note"}
    bookings = [await who.books(sarah, f"{days} {at}", **paid) for at in ("09:00", "10:00")]
    called_off = await who.books(sarah, f"{days} 11:00", **paid)
    for booking in bookings:
        assert (await sarah.post(f"/bookings/{booking['id']}/confirm")).status == 200
    reason = {"reason": f"{word} has a cold", "reason_code": "illness"}
    done = [
        await who.post(f"/bookings/{called_off['id']}/cancel", reason),
        await who.post(
            f"/bookings/{bookings[1]['id']}/reschedule",
            {"starts_at": sarah.at(f"{days} 13:00").isoformat(), "reason": f"{word} is late"},
        ),
        await who.put(
            f"/bookings/{bookings[0]['id']}/intake",
            {"answers": {**ANSWERS, "why": f"{word} cannot sleep"}},
        ),
        await who.put(
            "/me/consents", {"purpose": "recording", "version": "2026-11", "granted": True}
        ),
        await who.put("/me/notification-preferences", {"language": "de", "reminders": False}),
    ]
    assert [reply.status for reply in done] == [200] * len(done), [one.json for one in done]
    await saved(who, sarah)
    await world.work_off()
    return Life(world, who, sarah, email, word, bookings)


async def held(life: Life) -> None:
    """What follows the sessions: notes, and a review with its answer."""
    for booking in life.bookings:
        assert (await life.sarah.post(f"/bookings/{booking['id']}/complete")).status == 200
    path = f"/bookings/{life.bookings[0]['id']}"
    note = await life.sarah.post(f"{path}/notes", {**WORDS, "notes": f"{life.word} sleeps"})
    assert note.status == 201, note.json
    more = {"text": f"{life.word} slept well"}
    done = [
        await life.sarah.post(f"{path}/notes/{note.json['id']}/amendments", more),
        await life.who.post(f"{path}/review", {"rating": 4, "comment": f"{life.word} was there"}),
        await life.sarah.post(f"{path}/review/reply", {"reply": f"Thank you, {life.word}"}),
    ]
    assert all(reply.status in (200, 201) for reply in done), [one.json for one in done]
    await life.world.work_off()


async def two_lives(world: World) -> tuple[Life, Life]:
    """Anna's and Ben's, begun; both with the same specialist, who puts questions."""
    sarah = await world.specialist()
    await asks(sarah)
    anna = await begun(world, sarah, ANNAS, days="mon")
    return anna, await begun(world, sarah, BENS, days="tue")
