"""Ids, cursors, limits and headers that must not be: refused as documented, with nothing changed;
and what belongs to others looks exactly as if it did not exist.
"""

import base64
import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.surface.asks import ASKS
from tests.surface.ledger import unchanged
from tests.surface.refusals import DOCUMENT, ensure_refused
from tests.surface.town import Town, build_town
from tests.surface.wire import raw
from tests.world import Person, Reply, World

GARBAGE = (
    "0",
    "-1",
    "null",
    "undefined",
    "9223372036854775808",
    "00000000-0000-0000-0000-00000000000g",
    "00000000-0000-0000-0000-000000000000'--",
    "%00",
    "%27%20OR%201=1",
    "%F0%9F%98%80",
    "%ED%A0%80",
    "%FF",
    "..%2F..%2Fadmin",
    "%2e%2e",
    "a" * 300,
    "canary-7d1f",
)
WITH_ID = [door for door, ask in ASKS.items() if ask.about]
LISTS = [
    f"{method.upper()} {path}"
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if any(parameter["name"] == "cursor" for parameter in operation.get("parameters", ()))
]
FOREIGN = {
    "GET /api/v1/specialists/me/coupons/{coupon_id}": ("other specialist",),
    "PATCH /api/v1/specialists/me/coupons/{coupon_id}": ("other specialist",),
    "GET /api/v1/specialists/me/coupons/{coupon_id}/usages": ("other specialist",),
    "PATCH /api/v1/specialists/me/rates/{rate_id}": ("other specialist",),
    "DELETE /api/v1/specialists/me/availability-exceptions/{exception_id}": ("other specialist",),
    "DELETE /api/v1/holds/{hold_id}": ("anonymous", "other client", "specialist"),
    "GET /api/v1/bookings/{booking_id}": ("other client", "other specialist"),
    "GET /api/v1/bookings/{booking_id}/calendar.ics": ("other client", "other specialist"),
    "GET /api/v1/bookings/{booking_id}/history": ("other client", "other specialist"),
    "POST /api/v1/bookings/{booking_id}/confirm": ("other specialist",),
    "POST /api/v1/bookings/{booking_id}/decline": ("other specialist",),
    "POST /api/v1/bookings/{booking_id}/cancel": ("other client", "other specialist"),
    "GET /api/v1/bookings/{booking_id}/cancellation-quote": ("other client", "other specialist"),
    "POST /api/v1/bookings/{booking_id}/complete": ("other specialist",),
    "POST /api/v1/bookings/{booking_id}/no-show": ("other specialist",),
    "POST /api/v1/bookings/{booking_id}/reschedule": ("other client", "other specialist"),
    "POST /api/v1/bookings/{booking_id}/proposals": ("other specialist",),
    "GET /api/v1/bookings/{booking_id}/proposals": ("other client", "other specialist"),
    "POST /api/v1/bookings/{booking_id}/proposals/{proposal_id}/accept": (
        "other client",
        "other specialist",
    ),
    "POST /api/v1/bookings/{booking_id}/proposals/{proposal_id}/decline": (
        "other client",
        "other specialist",
    ),
    "POST /api/v1/bookings/{booking_id}/payments": ("other client", "other specialist"),
    "GET /api/v1/recurring-bookings/{series_id}": ("other client", "other specialist"),
    "PATCH /api/v1/recurring-bookings/{series_id}": ("other client", "other specialist"),
    "POST /api/v1/recurring-bookings/{series_id}/accept": ("other specialist",),
    "POST /api/v1/recurring-bookings/{series_id}/pause": ("other client", "other specialist"),
    "POST /api/v1/recurring-bookings/{series_id}/resume": ("other client", "other specialist"),
    "DELETE /api/v1/recurring-bookings/{series_id}": ("other client", "other specialist"),
    "PATCH /api/v1/specialists/me/packages/{own_package_id}": ("other specialist",),
    "GET /api/v1/package-purchases/{purchase_id}": ("other client", "other specialist"),
    "POST /api/v1/package-purchases/{purchase_id}/payments": ("other client", "other specialist"),
    "GET /api/v1/package-purchases/{purchase_id}/refund-quote": (
        "other client",
        "other specialist",
    ),
    "POST /api/v1/package-purchases/{purchase_id}/refund": ("other specialist",),
    "GET /api/v1/payments/{payment_id}": ("other client", "other specialist"),
    "POST /api/v1/payments/{payment_id}/refunds": ("other specialist",),
    "GET /api/v1/payments/{payment_id}/refunds": ("other client", "other specialist"),
    "POST /api/v1/payments/{payment_id}/mark-paid": ("other specialist",),
    "POST /api/v1/payments/{payment_id}/mark-returned": ("other specialist",),
    "POST /api/v1/saved-methods/{method_id}/refresh": ("other client", "specialist"),
    "DELETE /api/v1/saved-methods/{method_id}": ("other client", "specialist"),
    "POST /api/v1/sandbox/saved-methods/{method_id}/method": ("other client", "specialist"),
    "POST /api/v1/me/notifications/{notification_id}/read": ("other client", "specialist"),
    "GET /api/v1/bookings/{booking_id}/join": ("other client", "other specialist"),
    "GET /api/v1/bookings/{booking_id}/meeting": ("other client", "other specialist"),
    "POST /api/v1/bookings/{booking_id}/meeting/retry": ("other specialist",),
    "POST /api/v1/bookings/{booking_id}/notes": ("other specialist",),
    "GET /api/v1/bookings/{booking_id}/notes": ("other client", "other specialist"),
    "GET /api/v1/bookings/{booking_id}/notes/{note_id}": ("other client", "other specialist"),
    "PATCH /api/v1/bookings/{booking_id}/notes/{note_id}": ("other specialist",),
    "POST /api/v1/bookings/{booking_id}/notes/{note_id}/amendments": ("other specialist",),
    "DELETE /api/v1/specialists/me/intake-forms/{form_id}": ("other specialist",),
    "GET /api/v1/bookings/{booking_id}/intake": ("other client", "other specialist"),
    "PUT /api/v1/bookings/{booking_id}/intake": ("other client", "other specialist"),
    "GET /api/v1/bookings/{booking_id}/recordings": ("other client", "other specialist"),
    "POST /api/v1/bookings/{booking_id}/recordings/{recording_id}/download-link": (
        "other client",
        "other specialist",
    ),
    "POST /api/v1/bookings/{booking_id}/review": ("other client", "other specialist"),
    "GET /api/v1/bookings/{booking_id}/review": ("other client", "other specialist"),
    "PATCH /api/v1/bookings/{booking_id}/review": ("other client", "other specialist"),
    "POST /api/v1/bookings/{booking_id}/review/reply": ("other specialist",),
    "GET /api/v1/receipts/{receipt_id}": ("other client", "other specialist"),
    "GET /api/v1/receipts/{receipt_id}/html": ("other client", "other specialist"),
    "GET /api/v1/bookings/{booking_id}/receipts": ("other client", "other specialist"),
    "GET /api/v1/package-purchases/{purchase_id}/receipts": ("other client", "other specialist"),
    **dict.fromkeys(
        (
            f"{method} /api/v1/specialists/me/webhook-endpoints/{{endpoint_id}}{path}"
            for method, path in (
                *(("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/deliveries")),
                *(("POST", "/secret/rotate"), ("POST", "/test"), ("POST", "/replay")),
                ("POST", "/deliveries/{delivery_id}/replay"),
            )
        ),
        ("other specialist",),
    ),
    "POST /api/v1/sandbox/payments/{payment_id}/method": ("other client", "specialist"),
    "POST /api/v1/sandbox/payments/{payment_id}/action": ("other client", "specialist"),
}
"""Routes about what belongs to somebody, and to whom it does not."""
SHARED = {
    "specialist_id": "the directory is public",
    "package_id": "what is on offer is public",
    "review_id": "only admins get there, who see everybody",
    "token": "a signature, not an id",
    "user_id": "only admins get there, who see everybody",
    "job": "a word, not an id",
    "code": "a word, not an id",
    "provider": "a word, not an id",
}
"""Names in addresses behind which nothing is anybody's own."""


@pytest.fixture(scope="module")
async def town(surface: World) -> Town:
    """One for all of these tests: what is refused changes nothing."""
    return await build_town(surface)


def test_every_id_in_an_address_is_looked_at() -> None:
    # What belongs to nobody who may knock there: admins see everything.
    asked = {door: ask for door, ask in ASKS.items() if ask.about and ask.who != "admin"}
    owned = {door for door, ask in asked.items() if not SHARED.keys() & ask.about.keys()}

    assert owned == FOREIGN.keys()


@pytest.mark.parametrize(
    ("door", "who"), [(door, who) for door, strangers in FOREIGN.items() for who in strangers]
)
async def test_what_is_anothers_looks_as_if_it_did_not_exist(
    town: Town, door: str, who: str
) -> None:
    stranger = town.identity(who)

    async with unchanged(town.world):
        real = await _ask(town, door, stranger)
        never = await _ask(town, door, stranger, **dict.fromkeys(ASKS[door].about, uuid4()))

    assert real.status == never.status == 404
    assert _comparable(real) == _comparable(never)
    ensure_refused(door, real.status, real.headers, real.content, why=f"the id as {who}")


async def test_what_is_anothers_in_a_body_looks_as_if_it_did_not_exist(town: Town) -> None:
    valid = town.sarah.booking(town.next_start())
    foreign = [
        {"rate_id": str(town.omar.rates["standard"])},
        {"specialist_id": str(town.omar.id)},
        {"specialist_id": str(town.anna.id)},
    ]
    absent = [{"rate_id": str(uuid4())}, {"rate_id": str(uuid4())}, {"specialist_id": str(uuid4())}]

    async with unchanged(town.world):
        for path in ("/bookings", "/holds"):
            for theirs, nobodys in zip(foreign, absent, strict=True):
                real = await town.ben.post(path, {**valid, **theirs})
                never = await town.ben.post(path, {**valid, **nobodys})
                assert real.status == never.status == 404, (theirs, real.json)
                assert _comparable(real) == _comparable(never)


async def test_somebody_elses_hold_token_is_worth_no_more_than_an_invented_one(
    town: Town,
) -> None:
    wanted = {**town.sarah.booking(town.next_start()), "starts_at": town.hold["starts_at"]}

    async with unchanged(town.world):
        reply = await town.ben.post("/bookings", {**wanted, "hold_token": "A" * 43})
        without = await town.ben.post("/bookings", wanted)

    assert (reply.status, without.status, without.code) == (404, 409, "SLOT_TAKEN")


@pytest.mark.parametrize("door", WITH_ID)
async def test_garbage_in_place_of_an_id_is_refused(town: Town, door: str) -> None:
    person = town.identity(ASKS[door].who)

    async with unchanged(town.world):
        for name in ASKS[door].about:
            for garbage in GARBAGE:
                reply = await _ask(town, door, person, **{name: garbage})
                if reply.status in {404, 405} and "%2" in garbage:
                    continue  # Another address, or none: its slashes and dots were meant.
                ensure_refused(
                    door, reply.status, reply.headers, reply.content, why=garbage, unsaid="canary"
                )


@pytest.mark.parametrize("door", WITH_ID)
async def test_other_spellings_of_an_id_are_the_same_id(town: Town, door: str) -> None:
    for name, of in ASKS[door].about.items():
        if name in {"job", "provider", "account", "code", "token"}:
            continue
        id_ = UUID(str(of(town)))
        stranger = town.identity(FOREIGN[door][0]) if door in FOREIGN else town.ben
        for spelling in (str(id_).upper(), id_.hex, id_.urn, f"{{{id_}}}"):
            plain = await _ask(town, door, stranger)
            odd = await _ask(town, door, stranger, **{name: spelling})
            assert odd.status in {plain.status, 422}, (door, spelling)


@pytest.mark.parametrize("door", LISTS)
async def test_cursors_that_are_not_ours_are_refused(town: Town, door: str) -> None:
    person = town.identity(ASKS[door].who)
    ours = town.world.app.state.cursor_key
    assert ours
    other_list = await town.ada.get("/admin/users", params={"limit": 1})
    cursor = other_list.json["next_cursor"]
    twisted = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    bare = base64.urlsafe_b64encode(json.dumps(["2026-01-01", str(uuid4())]).encode()).decode()
    cursors = [twisted, cursor[:10], bare.rstrip("="), "A", "AAAA", "=", "🌊", "\x00", "a" * 601]
    cursors += [""] if not door.endswith("/admin/users") else []
    cursors += [cursor] if not door.endswith("/admin/users") else []

    async with unchanged(town.world):
        for sent in cursors:
            reply = await _ask(town, door, person, params={"cursor": sent})
            problem = ensure_refused(
                door, reply.status, reply.headers, reply.content, why=f"the cursor {sent!r}"
            )
            assert problem["code"] in {"INVALID_CURSOR", "INVALID_REQUEST"}


@pytest.mark.parametrize("door", LISTS)
async def test_pages_have_a_largest_size(town: Town, door: str) -> None:
    person = town.identity(ASKS[door].who)
    for limit in ("1000000000", "101", "0", "-1", "1.5", "NaN", "1e400", "9" * 5000, "", "\x00"):
        reply = await _ask(town, door, person, params={"limit": limit})
        ensure_refused(door, reply.status, reply.headers, reply.content, why=f"limit {limit[:20]}")

    assert (await _ask(town, door, person, params={"limit": "100"})).status == 200


async def test_ten_thousand_filters_are_one_answer(town: Town) -> None:
    many = "&".join(["status=confirmed"] * 10_000)

    reply = await raw(
        town.world,
        "GET",
        "/api/v1/bookings",
        headers=[_authorization(town.anna)],
        query=many.encode(),
    )

    ensure_refused("GET /api/v1/bookings", reply.status, reply.headers, reply.body, why="filters")


HEADERS: list[tuple[str, bytes]] = [
    ("x-request-id", b"abcdefgh\n"),
    ("x-request-id", b"abcdefgh\r\nset-cookie: a=b"),
    ("x-request-id", b"\x00" * 20),
    ("x-request-id", b"\xff" * 20),
    ("x-request-id", b"a" * 70_000),
    ("x-hold-token", b"\x00"),
    ("x-hold-token", b"\xff\xfe"),
    ("x-hold-token", b"a" * 70_000),
    ("if-none-match", b"\x00\xff"),
    ("if-none-match", b'"a",' * 10_000),
    ("accept", b"\x00"),
    ("accept-language", b"\xff" * 5_000),
    ("x-forwarded-for", b"'; DROP TABLE users"),
    ("x-forwarded-proto", b"\x00"),
    ("x-http-method-override", b"DELETE"),
    ("user-agent", b"\x00\x1b[31m"),
    ("host", b"evil.example\r\n"),
    ("cookie", b"a=\x00; b=\xff"),
    ("origin", b"\x00"),
    ("origin", b"\xff"),
    ("access-control-request-method", b"\x00"),
]


@pytest.mark.parametrize(("name", "value"), HEADERS)
async def test_odd_headers_change_nothing_and_are_not_repeated(
    town: Town, name: str, value: bytes
) -> None:
    async with unchanged(town.world):
        for door in (
            "GET /api/v1/me",
            f"GET /api/v1/specialists/{town.sarah.id}/slots",
            f"DELETE /api/v1/holds/{uuid4()}",
            "GET /livez",
        ):
            method, _, path = door.partition(" ")
            headers = [_authorization(town.anna), (name, value)]
            reply = await raw(town.world, method, path, headers=headers)
            assert reply.status < 500, (door, reply)
            assert reply.headers["x-request-id"].encode() != value
            assert not {"\r", "\n", "\x00"} & set("".join(reply.headers.values()))


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer \x00",
        b"Bearer \xff\xff",
        b"Bearer a.b.c",
        b"Bearer " + b"a" * 70_000,
        b"Bearer " + b"." * 10_000,
        b"Basic YTpi",
        b"bearer\tx",
        b"\x00",
        b"Bearer eyJhbGciOiJub25lIn0.e30.",
    ],
)
@pytest.mark.parametrize("door", [door for door, ask in ASKS.items() if ask.who != "anonymous"])
async def test_tokens_that_are_none_let_nobody_in(town: Town, door: str, value: bytes) -> None:
    method, _, path = door.partition(" ")
    address = ASKS[door].address(path, town)

    reply = await raw(town.world, method, address, headers=[("authorization", value)])

    problem = ensure_refused(door, reply.status, reply.headers, reply.body, why=repr(value))
    assert (problem["status"], problem["code"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    "keys",
    [[b""], [b" "], [b"a" * 256], [b"a b"], [b'"quoted"'], [b"a\r\nb"], [b"\xff"], [b"a", b"b"]],
)
async def test_idempotency_keys_have_a_shape(town: Town, keys: list[bytes]) -> None:
    body = json.dumps(town.sarah.booking(town.next_start())).encode()
    headers = [_authorization(town.anna), ("content-type", b"application/json")]
    headers += [("idempotency-key", key) for key in keys]

    async with unchanged(town.world):
        reply = await raw(town.world, "POST", "/api/v1/bookings", headers=headers, chunks=[body])

    assert (reply.status, reply.json["code"]) == (400, "IDEMPOTENCY_KEY_INVALID")


def _authorization(person: Person) -> tuple[str, bytes]:
    return ("authorization", f"Bearer {person.token}".encode())


async def _ask(town: Town, door: str, person: Person, params: Any = None, **other: Any) -> Reply:
    # Who asks a hundred times is not what is tested here.
    await town.world.superuser.execute("DELETE FROM app.rate_limits")
    method, _, path = door.partition(" ")
    ask = ASKS[door]
    address = ask.address(path, town, **other)
    body = ask.body(town) if ask.body else None
    if not address.startswith("/api/"):
        address = f"/{address}"
    return await person.request(method, address, body, params=params)


def _comparable(reply: Reply) -> Any:
    headers = {name: value for name, value in reply.headers.items() if name != "x-request-id"}
    return {**reply.json, "request_id": None}, headers
