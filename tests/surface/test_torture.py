"""Bodies that must not be: every route answers them with a documented refusal, and nothing in the
tables has changed afterwards.
"""

import copy
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.surface.asks import ASKS, Ask
from tests.surface.ledger import marks, unchanged
from tests.surface.refusals import ensure_refused, is_older, said_at
from tests.surface.town import Town, build_town
from tests.surface.wire import raw
from tests.world import World

WITH_BODY = [door for door, ask in ASKS.items() if ask.body and "webhooks" not in door]
CANARY = "canary-7d1f"
_JSON = ("content-type", b"application/json")
_MOST_BYTES = 262_144

# Raw JSON, each of which fits no field of any body; the last ones are no JSON at all.
MISFITS = {
    "NUL": f'"{CANARY}\\u0000"',
    "a lone surrogate": f'"{CANARY}\\ud800"',
    "an object": f'{{"{CANARY}": "{CANARY}"}}',
    "a list in a list": f'[["{CANARY}"]]',
    "2^63": str(2**63),
    "a huge number": "9" * 400,
    "a number of 5000 digits": "9" * 5000,
    "1e400": "1e400",
    "-1e400": "-1e400",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "a long text": json.dumps(CANARY * 1000),
}
UNREADABLE = {
    "half an object": b'{"a": ',
    "no JSON": b"nonsense",
    "a list": b"[]",
    "a text": b'"text"',
    "a number": b"1",
    "a deep list": b"[" * 10_000 + b"]" * 10_000,
    "a deep object": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "bytes that are no UTF-8": b'{"a": "\xff\xfe"}',
    "two documents": b"{}{}",
    "a comma too many": b'{"a": 1,}',
    "single quotes": b"{'a': 1}",
    "a bare NUL": b'{"a": "\x00"}',
}


@pytest.fixture(scope="module")
async def town(surface: World) -> Town:
    """One for all of these tests: what is refused changes nothing."""
    return await build_town(surface)


@pytest.mark.parametrize("door", WITH_BODY)
async def test_what_fits_no_field_is_refused(town: Town, door: str) -> None:
    valid = _valid(ASKS[door], town)

    async with unchanged(town.world):
        for field, parent in _fields(valid):
            for why, misfit in MISFITS.items():
                parent[0][field] = _MARK
                body = json.dumps(valid).replace(f'"{_MARK}"', misfit).encode()
                parent[0][field] = parent[1]
                await _refused(town, door, body, why=f"{why} as {field}", unsaid=CANARY)


@pytest.mark.parametrize("door", WITH_BODY)
async def test_what_cannot_be_read_is_refused(town: Town, door: str) -> None:
    async with unchanged(town.world):
        for why, body in UNREADABLE.items():
            await _refused(town, door, body, why=why)
        if not ASKS[door].body_optional:
            await _refused(town, door, b"null", why="null")
            await _refused(town, door, b"", why="nothing")


@pytest.mark.parametrize("door", [door for door in WITH_BODY if not is_older(door)])
async def test_unknown_fields_are_refused_even_if_they_are_columns(town: Town, door: str) -> None:
    valid = _valid(ASKS[door], town)
    columns = await town.world.rows(
        "SELECT DISTINCT attname FROM pg_attribute"
        " WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'app'::regnamespace)"
        " AND attnum > 0 AND NOT attisdropped"
    )
    names = {row["attname"] for row in columns} - valid.keys() - _other_fields(door)
    assert len(names) > 100

    async with unchanged(town.world):
        for name in [*sorted(names), CANARY, "__proto__", "\x00", "\ud800", "😀" * 100]:
            body = json.dumps({**valid, name: None}).encode()
            problem = await _refused(town, door, body, why=f"the field {name!r}", unsaid=CANARY)
            assert problem["code"] == "INVALID_REQUEST"


@pytest.mark.parametrize("door", [door for door in ASKS if door.split(" ")[0] != "GET"])
async def test_too_large_a_body_is_not_read(town: Town, door: str) -> None:
    padding = b" " * 65_536
    many = [b"{", *[padding] * 5, b"}"]
    async with unchanged(town.world):
        for why, headers, chunks in (
            ("no length", [_JSON], many),
            ("a length that lies", [_JSON, ("content-length", b"10")], many),
            ("a length that is too large", [_JSON, ("content-length", b"262145")], [b"{}"]),
            ("an absurd length", [_JSON, ("content-length", b"9" * 400)], [b"{}"]),
            ("a negative length", [_JSON, ("content-length", b"-1")], [b"{}"]),
            ("a length that is no number", [_JSON, ("content-length", b"0x10")], [b"{}"]),
        ):
            if len(chunks) > 1 and not ASKS[door].body:
                continue  # Nobody reads the body there, so it is never taken in.
            problem = await _refused(town, door, *chunks, why=why, headers=headers)
            assert problem["code"] == said_at(door, "BODY_TOO_LARGE")


@pytest.mark.parametrize("door", WITH_BODY)
async def test_only_plain_json_is_read(town: Town, door: str) -> None:
    body = json.dumps(_valid(ASKS[door], town)).encode()
    async with unchanged(town.world):
        for media_type in (
            b"text/plain",
            b"application/x-www-form-urlencoded",
            b"multipart/form-data; boundary=x",
            b"application/xml",
            b"application/json5",
            b"*/*",
            b"\x00\xff",
            b"",
        ):
            if is_older(door) and not media_type:
                continue  # Old callers do not say what they send.
            headers = [("content-type", media_type)]
            await _refused(town, door, body, why=f"a body of {media_type!r}", headers=headers)
        for encoding in (b"gzip", b"br", b"GZIP", b"gzip, identity", b"\x00"):
            headers = [_JSON, ("content-encoding", encoding)]
            problem = await _refused(
                town, door, gzip.compress(body), why=f"encoded as {encoding!r}", headers=headers
            )
            assert problem["code"] == said_at(door, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
async def test_only_utf_8_is_read(town: Town, encoding: str) -> None:
    body = json.dumps({"full_name": "Änna"}, ensure_ascii=False).encode(encoding)

    async with unchanged(town.world):
        problem = await _refused(town, "PATCH /api/v1/me", body, why=encoding)

    assert problem["code"] == "UNSUPPORTED_MEDIA_TYPE"


async def test_a_small_bomb_is_not_unpacked(town: Town) -> None:
    bomb = gzip.compress(b" " * 100_000_000)
    assert len(bomb) < _MOST_BYTES
    headers = [_JSON, ("content-encoding", b"gzip")]

    await _refused(town, "PATCH /api/v1/me", bomb, why="a bomb", headers=headers)


@pytest.mark.parametrize(
    "text",
    [
        "שָׁלוֹם עולם \u202e abc \u202c",
        "👩🏽\u200d⚕️ 🏥 𠜎 𐍈",
        "a\u0301 \u00e1 \ufb01 \u212b",
        "<script>alert('x')</script> \" \\ ' -- ; DROP TABLE",
        "=1+1 \t @x",
        "%00 %s {0} ${x} \\u0000",
        "\u200b\ufeff zero \uffff",
    ],
)
async def test_text_of_any_script_is_kept_exactly(town: Town, text: str) -> None:
    reply = await town.anna.patch("/me", {"full_name": text})
    assert (reply.status, reply.json["full_name"]) == (200, text)
    booking = await town.books(note=text)

    assert (await town.anna.get("/me")).json["full_name"] == text
    seen = (await town.sarah.get(f"/bookings/{booking['id']}")).json
    assert (seen["note"], seen["client_name"]) == (text, text)


async def test_what_is_accepted_does_leave_a_mark(town: Town) -> None:
    before = await marks(town.world)

    reply = await _raw(town, "PATCH /api/v1/me", b'{"locale": "en-GB"}')

    assert reply.status == 200
    after = await marks(town.world)
    assert {table for table in after if after[table] != before[table]} == {"profiles"}


async def test_of_a_field_that_comes_twice_the_last_one_counts(town: Town) -> None:
    body = b'{"full_name": "First", "locale": "de", "full_name": "Last"}'

    reply = await _raw(town, "PATCH /api/v1/me", body)

    assert (reply.status, reply.json["full_name"]) == (200, "Last")


async def test_a_byte_order_mark_is_no_part_of_the_text(town: Town) -> None:
    reply = await _raw(town, "PATCH /api/v1/me", b'\xef\xbb\xbf{"full_name": "Anna"}')

    assert (reply.status, reply.json["full_name"]) == (200, "Anna")


_MARK = "the misfit stands here"


def _valid(ask: Ask, town: Town) -> Any:
    assert ask.body is not None
    return copy.deepcopy(ask.body(town))


def _fields(body: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Every field with the object that it stands in and its value, however deep."""
    for name, value in list(body.items()):
        yield name, (body, value)
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            yield from _fields(inner)


def _other_fields(door: str) -> set[str]:
    """What the body of that route knows beside what the example says."""
    if door == "PUT /api/v1/specialists/me/video-config":
        return {"client_id", "host"}
    return {"kind"} if "rates" in door and "POST" in door else set()


async def _raw(town: Town, door: str, *chunks: bytes, headers: Any = (_JSON,)) -> Any:
    # Who asks a hundred times is not what is tested here.
    await town.world.superuser.execute("DELETE FROM app.rate_limits")
    ask = ASKS[door]
    method, _, path = door.partition(" ")
    token = town.identity(ask.who).token
    all_headers = [*headers, ("idempotency-key", b"a-key-of-the-torture")]
    if token is not None:
        all_headers.append(("authorization", f"Bearer {token}".encode()))
    return await raw(
        town.world, method, ask.address(path, town), headers=all_headers, chunks=chunks
    )


async def _refused(
    town: Town, door: str, *chunks: bytes, why: str, headers: Any = (_JSON,), unsaid: str = "\0"
) -> Any:
    reply = await _raw(town, door, *chunks, headers=headers)
    return ensure_refused(door, reply.status, reply.headers, reply.body, why=why, unsaid=unsaid)
