"""The same key and body get the same answer, and the effect happens once."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.features.bookings.stages import authorised
from tests.world import Client, Reply, Specialist, World

REPLAYED = "idempotent-replayed"
VISA = {"payment_method": "pm_sandbox_visa"}


async def book(
    anna: Client, sarah: Specialist, *, key: str | None, when: str = "mon 10:00", **more: Any
) -> Reply:
    return await anna.post("/bookings", sarah.booking(when, **more), key=key)


async def kept(world: World) -> int:
    count: int = await world.value("SELECT count(*) FROM app.idempotency_keys")
    return count


async def test_the_same_request_again_gets_the_same_bytes(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    first = await book(anna, sarah, key="k1", **VISA)
    assert (first.status, first.headers.get(REPLAYED)) == (201, None)
    for _ in range(10):
        again = await book(anna, sarah, key="k1", **VISA)
        assert (again.status, again.content) == (201, first.content)
        assert again.headers[REPLAYED] == "true"
        assert again.headers["content-type"] == first.headers["content-type"]
    assert len(await anna.sees("/bookings")) == 1
    assert await world.value("SELECT count(*) FROM app.sandbox_charges") == 1


async def test_also_when_the_booking_has_moved_on(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    first = await book(anna, sarah, key="k1", **VISA)
    await anna.post(f"/bookings/{first.json['id']}/cancel")
    again = await book(anna, sarah, key="k1", **VISA)
    assert (again.status, again.content) == (201, first.content)


async def test_the_same_meaning_is_the_same_request(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    body = sarah.booking("mon 10:00", note="Hi.")
    first = await anna.post("/bookings", body, key="k1")
    same = dict(reversed(body.items()))
    same["starts_at"] = same["starts_at"].replace("+00:00", "Z")
    same["specialist_id"] = same["specialist_id"].upper()
    same |= {"payment_method": "", "client_id": None}
    again = await anna.post("/bookings", same, key="k1")
    assert (again.status, again.content) == (201, first.content)


@pytest.mark.parametrize("change", [{"note": "Other."}, VISA, {"kind": "followup"}])
async def test_another_body_under_the_same_key_is_refused(
    world: World, change: dict[str, Any]
) -> None:
    sarah, anna = await world.specialist(), await world.client()
    await book(anna, sarah, key="k1")
    reply = await book(anna, sarah, key="k1", **change)
    assert (reply.status, reply.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(await anna.sees("/bookings")) == 1


async def test_keys_belong_to_their_caller_and_route(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    hers = await book(anna, sarah, key="k1")
    his = await book(ben, sarah, key="k1", when="mon 11:00")
    assert (hers.status, his.status) == (201, 201)
    assert hers.json["id"] != his.json["id"]
    cancelled = await anna.post(f"/bookings/{hers.json['id']}/cancel", key="k1")
    assert (cancelled.status, cancelled.json["status"]) == (200, "cancelled")


@pytest.mark.parametrize(
    "path", ["", "/{id}/confirm", "/{id}/decline", "/{id}/cancel", "/{id}/payments"]
)
async def test_what_books_or_moves_money_needs_a_key(world: World, path: str) -> None:
    stage = await authorised(world)
    who = stage.sarah if path.endswith(("confirm", "decline")) else stage.anna
    body = stage.sarah.booking("tue 10:00") if not path else {}
    reply = await who.post(f"/bookings{path.format(id=stage.id)}", body or None, key=None)
    if path.endswith("payments"):
        reply = await who.post(f"/bookings{path.format(id=stage.id)}", {}, key=None)
    assert (reply.status, reply.code) == (400, "IDEMPOTENCY_KEY_REQUIRED")
    assert await stage.status() == ("awaiting_confirmation", "authorized")


@pytest.mark.parametrize("key", ["", "x" * 256, 'a"b', "a b", "ключ", "a\tb", "\x7f"])
async def test_a_key_is_a_short_printable_word(world: World, key: str) -> None:
    sarah, anna = await world.specialist(), await world.client()
    headers = {"Idempotency-Key": key.encode()}
    reply = await anna.post("/bookings", sarah.booking("mon 10:00"), key=None, headers=headers)
    assert (reply.status, reply.code) == (400, "IDEMPOTENCY_KEY_INVALID")
    assert await kept(world) == 0


async def test_the_longest_key_is_as_good_as_any(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    assert (await book(anna, sarah, key="~" * 255)).status == 201
    assert (await book(anna, sarah, key="~" * 255)).headers[REPLAYED] == "true"


async def test_two_keys_are_none(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    answer = await world.http.post(
        "/api/v1/bookings",
        json=sarah.booking("mon 10:00"),
        headers=[
            ("Authorization", f"Bearer {anna.token}"),
            ("Idempotency-Key", "k1"),
            ("Idempotency-Key", "k2"),
        ],
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_INVALID")


async def test_a_refusal_that_changed_nothing_keeps_no_key(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    theirs = await ben.books(sarah, "mon 10:00")
    before = await kept(world)
    reply = await book(anna, sarah, key="k1")
    assert (reply.status, reply.code) == (409, "SLOT_TAKEN")
    assert await kept(world) == before
    await ben.post(f"/bookings/{theirs['id']}/cancel")
    reply = await book(anna, sarah, key="k1")
    assert (reply.status, reply.headers.get(REPLAYED)) == (201, None)


async def test_a_declined_card_is_an_answer_like_any(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    first = await book(anna, sarah, key="k1", payment_method="pm_sandbox_declined")
    assert (first.status, first.json["payment"]["last_error"]) == (201, "card_declined")
    again = await book(anna, sarah, key="k1", payment_method="pm_sandbox_declined")
    assert (again.status, again.content) == (201, first.content)


async def test_many_at_once_under_one_key_have_one_effect(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    replies = await asyncio.gather(*(book(anna, sarah, key="k1", **VISA) for _ in range(20)))
    made = [reply for reply in replies if reply.status == 201]
    waiting = [reply for reply in replies if reply.status != 201]
    assert made
    assert len({reply.content for reply in made}) == 1
    assert sum(REPLAYED not in reply.headers for reply in made) == 1
    for reply in waiting:
        assert (reply.status, reply.code) == (409, "IDEMPOTENCY_IN_PROGRESS")
        assert 1 <= int(reply.headers["retry-after"]) <= 2
    assert len(await anna.sees("/bookings")) == 1
    assert await world.value("SELECT count(*) FROM app.sandbox_charges") == 1


async def test_answers_are_kept_sealed_and_for_three_days(world: World) -> None:
    sarah, anna = await world.specialist(), await world.client()
    reply = await book(anna, sarah, key="k1", note="Palpitations.")
    (row,) = await world.rows("SELECT * FROM app.idempotency_keys")
    assert row["answer"].startswith(b"v1.k1.")
    for plain in (b"Palpitations", b"_secret_", reply.json["id"].encode()):
        assert plain not in row["answer"]
    assert (row["expires_at"] - row["created_at"]).total_seconds() == 72 * 3600
    await world.travel(hours=72)
    again = await book(anna, sarah, key="k1", note="Palpitations.")
    # Forgotten by then: a new request, and the time is taken or gone.
    assert again.headers.get(REPLAYED) is None


async def test_an_answer_opens_in_its_own_row_only(world: World) -> None:
    sarah, anna, ben = await world.specialist(), await world.client(), await world.client("Ben")
    await book(anna, sarah, key="k1", note="Palpitations.")
    await book(ben, sarah, key="k1", when="mon 11:00")
    await world.superuser.execute(
        "UPDATE app.idempotency_keys SET answer = (SELECT answer FROM app.idempotency_keys"
        " WHERE caller = $1) WHERE caller = $2",
        str(anna.id),
        str(ben.id),
    )
    with capture_logs() as logs:
        reply = await book(ben, sarah, key="k1", when="mon 11:00")
    assert (reply.status, reply.code) == (410, "IDEMPOTENCY_ANSWER_LOST")
    assert "Palpitations" not in str(logs)
    assert b"Palpitations" not in reply.content
