"""Saving cards: whose they are, who can save one, what becomes of those that nobody finishes."""

from tests.features.recurring.standing import asks, created
from tests.features.saved_methods.cards import ROUND_THE_CLOCK, begun, presents, saved
from tests.world import World


async def test_a_card_is_its_clients_alone(world: World) -> None:
    sarah, anna = await world.specialist(open=ROUND_THE_CLOCK), await world.client()
    omar, ben = await world.specialist("Omar", open=ROUND_THE_CLOCK), await world.client("Ben")
    card = await begun(anna, sarah)
    assert card["next_action"]["client_secret"]
    path = f"/saved-methods/{card['id']}"
    for stranger in (ben, sarah):
        assert await stranger.sees("/saved-methods") == []
        assert (await stranger.delete(path)).code == "SAVED_METHOD_NOT_FOUND"
        assert (await stranger.post(f"{path}/refresh")).code == "SAVED_METHOD_NOT_FOUND"
        assert (await presents(stranger, card)).code == "SAVED_METHOD_NOT_FOUND"

    declined = await presents(anna, card, "pm_sandbox_declined")
    assert (declined.json["status"], declined.json["last_error"]) == ("pending", "card_declined")
    assert (await presents(anna, card, "pm_sandbox_3ds")).json["label"] == "Sandbox 3ds"
    again = await presents(anna, card)
    assert (again.status, again.code) == (402, "PAYMENT_STATE_CONFLICT")

    named = {"payment_mode": "saved_card", "saved_method_id": card["id"]}
    refused = [
        await asks(ben, sarah, **named),
        await asks(anna, omar, **named),
        # Whose card it is, and nobody else, says what it pays for.
        await asks(sarah, sarah, client_id=anna.id, **named),
        await asks(anna, sarah, payment_mode="per_session", saved_method_id=card["id"]),
    ]
    assert [reply.code for reply in refused] == [
        "SAVED_METHOD_NOT_FOUND",
        "SAVED_METHOD_NOT_FOUND",
        "SAVED_METHOD_NOT_FOUND",
        "SAVED_METHOD_MISPLACED",
    ]
    series = await created(anna, sarah, **named)
    assert series["saved_method"]["id"] == card["id"]
    [listed] = await anna.sees(f"/saved-methods?specialist_id={sarah.id}")
    assert (listed["status"], listed["next_action"]) == ("ready", None)
    assert await anna.sees(f"/saved-methods?specialist_id={omar.id}") == []


async def test_a_specialist_begins_and_only_the_client_can_finish(world: World) -> None:
    sarah, anna = await world.specialist(open=ROUND_THE_CLOCK), await world.client()
    series = await created(sarah, sarah, payment_mode="saved_card", client_id=anna.id)
    card = series["saved_method"]
    assert (card["status"], card["next_action"]) == ("pending", None)
    [own] = await anna.sees("/saved-methods")
    assert (own["id"], own["next_action"]["kind"]) == (card["id"], "client_secret")


async def test_what_cannot_save_a_card_says_so(world: World) -> None:
    anna = await world.client()
    for provider in ("manual", "razorpay", "paytabs"):
        sold_by = await world.specialist(open=ROUND_THE_CLOCK, provider=provider)
        for dry_run in (True, False):
            reply = await asks(anna, sold_by, payment_mode="saved_card", dry_run=dry_run)
            assert (reply.status, reply.code) == (422, "SAVED_CARD_NOT_AVAILABLE")
        reply = await anna.post("/saved-methods", {"specialist_id": str(sold_by.id)})
        assert reply.code == "SAVED_CARD_NOT_AVAILABLE"
    hidden = await world.specialist("Uma", verified=False)
    sarah = await world.specialist()
    for person, specialist, code in (
        (anna, hidden, "SPECIALIST_NOT_FOUND"),
        (sarah, sarah, "CANNOT_PAY_YOURSELF"),
    ):
        reply = await person.post("/saved-methods", {"specialist_id": str(specialist.id)})
        assert reply.code == code
    assert await world.rows("SELECT 1 FROM app.saved_methods") == []


async def test_a_pair_has_twenty_cards_at_most_and_what_is_never_finished_fails(
    world: World,
) -> None:
    sarah, anna = await world.specialist(open=ROUND_THE_CLOCK), await world.client()
    kept = await saved(anna, sarah)
    await world.superuser.execute(
        "INSERT INTO app.saved_methods (client_id, specialist_id, provider)"
        " SELECT $1, $2, 'sandbox' FROM generate_series(1, 19)",
        anna.id,
        sarah.id,
    )
    body = {"specialist_id": str(sarah.id)}
    reply = await anna.post("/saved-methods", body)
    assert (reply.status, reply.code) == (409, "TOO_MANY_SAVED_METHODS")
    await world.travel(days=7, seconds=1)
    await world.work_off("saved_methods.give_up")
    assert await world.rows(
        "SELECT status, count(*) FROM app.saved_methods GROUP BY status ORDER BY status"
    ) == [{"status": "failed", "count": 19}, {"status": "ready", "count": 1}]
    key = "the-same"
    made = [await anna.post("/saved-methods", body, key=key) for _ in range(2)]
    assert made[0].content == made[1].content
    assert made[0].json["id"] != kept["id"]


async def test_a_provider_that_never_answers_is_given_up_with_its_key(world: World) -> None:
    sarah, anna = await world.specialist(open=ROUND_THE_CLOCK), await world.client()
    async with world.sandbox_away():
        card = await begun(anna, sarah)
        assert (card["status"], card["next_action"]) == ("pending", None)
        assert (await presents(anna, card)).code == "SAVED_METHOD_NOT_READY"
        await world.travel(hours=20)
        await world.work_off("saved_methods.call")
    [given_up] = await anna.sees("/saved-methods")
    assert (given_up["status"], given_up["last_error"]) == (
        "failed",
        "PAYMENT_PROVIDER_UNAVAILABLE",
    )
    assert (await anna.delete(f"/saved-methods/{card['id']}")).status == 204
    assert await anna.sees("/saved-methods") == []
