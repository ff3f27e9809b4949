"""A client reviews a session that was held; the specialist replies; an admin may hide it."""

from tests.features.reviews.opinions import held, rating_of
from tests.world import World

PUBLIC = {
    "id", "rating", "comment", "reviewer", "reply", "replied_at", "created_at", "edited_at",
}  # fmt: skip


async def test_a_review_from_the_session_to_the_directory(world: World) -> None:
    sarah = await world.specialist(price=0, auto_confirm=True)
    anna, ben = await world.client("Anna Maria Weber"), await world.client("Ben")
    waiting = await anna.books(sarah, "fri 10:00")
    early = await anna.post(f"/bookings/{waiting['id']}/review", {"rating": 5})
    assert (early.status, early.code) == (409, "BOOKING_NOT_COMPLETED")
    (booking,) = await held(world, anna, (sarah, "mon 10:00"))
    path = f"/bookings/{booking['id']}/review"
    assert (await anna.get(path)).code == "REVIEW_NOT_FOUND"
    for nobody in (ben, await world.specialist("Dr. Omar")):
        reply = await nobody.post(path, {"rating": 1})
        assert (reply.status, reply.code) == (404, "BOOKING_NOT_FOUND")
        assert (await nobody.get(path)).code == "BOOKING_NOT_FOUND"
    own = await sarah.post(path, {"rating": 5})
    assert (own.status, own.code) == (403, "FORBIDDEN")
    for bad in ({"rating": 0}, {"rating": 6}, {"rating": 5, "comment": "x" * 2001}, {}):
        assert (await anna.post(path, bad)).status == 422

    said = {"rating": 4, "comment": "She listened."}
    made = await anna.post(path, said, key="once")
    assert (made.status, made.json["rating"], made.json["shows_name"]) == (201, 4, False)
    assert (await anna.post(path, said, key="once")).json == made.json
    again = await anna.post(path, said)
    assert (again.status, again.code) == (409, "REVIEW_EXISTS")
    assert await rating_of(world, sarah) == (4.0, 1)
    (told,) = await world.rows("SELECT payload FROM app.outbox WHERE topic = 'review.posted'")
    assert made.json["id"] in told["payload"]

    public = f"/specialists/{sarah.id}/reviews"
    (shown,) = await world.anonymous.sees(public)
    assert shown.keys() == PUBLIC
    assert (shown["comment"], shown["reviewer"], shown["reply"]) == (
        "She listened.",
        "Client",
        None,
    )
    same = await anna.patch(path, {"comment": "She listened."})
    assert (same.status, same.json["edited_at"]) == (200, None)
    changed = await anna.patch(path, {"rating": 2, "shows_name": True})
    assert (changed.json["rating"], changed.json["comment"]) == (2, "She listened.")
    assert await rating_of(world, sarah) == (2.0, 1)
    (shown,) = await world.anonymous.sees(public)
    assert (shown["reviewer"], shown["edited_at"] is None) == ("Anna W.", False)

    assert (await anna.post(f"{path}/reply", {"reply": "I?"})).status == 403
    assert (await sarah.patch(path, {"rating": 5})).status == 403
    answered = await sarah.post(f"{path}/reply", {"reply": "Thank you."})
    assert (answered.status, answered.json["reply"]) == (200, "Thank you.")
    twice = await sarah.post(f"{path}/reply", {"reply": "And again."})
    assert (twice.status, twice.code) == (409, "REVIEW_REPLIED")
    actions = await world.rows(
        "SELECT action FROM app.audit_logs WHERE subject_type = 'review' ORDER BY id"
    )
    assert [row["action"].removeprefix("review.") for row in actions] == [
        "posted", "changed", "replied",
    ]  # fmt: skip


async def test_a_review_is_hidden_and_shown_and_becomes_final(world: World) -> None:
    sarah = await world.specialist(price=0, auto_confirm=True)
    anna, ada = await world.client(), await world.admin()
    booking, other = await held(world, anna, (sarah, "mon 10:00"), (sarah, "tue 10:00"))
    path = f"/bookings/{booking['id']}/review"
    made = await anna.post(path, {"rating": 2})
    public = f"/specialists/{sarah.id}/reviews"

    desk = f"/admin/reviews/{made.json['id']}"
    hidden = await ada.post(f"{desk}/hide", {"reason": "It names a third person."})
    assert (hidden.status, hidden.json["is_hidden"]) == (200, True)
    assert await world.anonymous.sees(public) == []
    assert await rating_of(world, sarah) == (None, 0)
    assert (await anna.get(path)).json["hidden_reason"] == "It names a third person."
    shown_again = await ada.post(f"{desk}/unhide")
    assert (shown_again.json["is_hidden"], shown_again.json["hidden_reason"]) == (False, None)
    assert await rating_of(world, sarah) == (2.0, 1)
    assert (await ada.post(f"/admin/reviews/{ada.id}/unhide")).code == "REVIEW_NOT_FOUND"

    await world.travel(days=30, seconds=1)
    late = await anna.patch(path, {"rating": 5})
    assert (late.status, late.code) == (409, "REVIEW_FINAL")
    late = await sarah.post(f"/bookings/{other['id']}/review/reply", {"reply": "To nothing."})
    assert (late.status, late.code) == (404, "REVIEW_NOT_FOUND")
    actions = await world.rows(
        "SELECT action FROM app.audit_logs WHERE subject_type = 'review' ORDER BY id"
    )
    assert [row["action"].removeprefix("review.") for row in actions] == [
        "posted", "hidden", "shown",
    ]  # fmt: skip


async def test_a_public_list_is_paged_and_sorts_the_directory(world: World) -> None:
    sarah = await world.specialist("Dr. Sarah", price=0, auto_confirm=True)
    omar = await world.specialist("Dr. Omar", price=0, auto_confirm=True)
    new = await world.specialist("Dr. New", verified=False)
    anna = await world.client("Anna")
    days = ("mon", "tue", "wed")
    sessions = [(sarah, f"{day} 10:00") for day in days]
    *bookings, last = await held(world, anna, *sessions, (omar, "thu 10:00"))
    for booking, day, rating in zip(bookings, days, (5, 4, 4), strict=True):
        await anna.post(f"/bookings/{booking['id']}/review", {"rating": rating, "comment": day})
    await anna.post(f"/bookings/{last['id']}/review", {"rating": 5})

    path = f"/specialists/{sarah.id}/reviews"
    first = (await world.anonymous.get(f"{path}?limit=2")).json
    rest = (await world.anonymous.get(f"{path}?limit=2&cursor={first['next_cursor']}")).json
    assert [one["comment"] for one in first["items"] + rest["items"]] == ["wed", "tue", "mon"]
    assert rest["next_cursor"] is None
    assert await rating_of(world, sarah) == (4.33, 3)
    best = await world.anonymous.sees("/specialists?sort=-rating")
    assert [one["id"] for one in best] == [str(omar.id), str(sarah.id)]
    unseen = await world.anonymous.get(f"/specialists/{new.id}/reviews")
    assert (unseen.status, unseen.code) == (404, "SPECIALIST_NOT_FOUND")
    assert await new.sees(f"/specialists/{new.id}/reviews") == []
    assert (await world.anonymous.get(f"{path}?cursor=abc")).code == "INVALID_CURSOR"
