"""Free times over HTTP: what may be asked, and when the answer may be kept."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.world import World


async def test_free_times_have_offsets_and_local_dates(world: World) -> None:
    sarah = await world.specialist(open="mon 09:00-10:00", time_zone="Asia/Dubai")
    reply = await world.anonymous.get(f"/specialists/{sarah.id}/slots")

    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert set(reply.json) == {"time_zone", "items"}
    assert reply.json["time_zone"] == "Asia/Dubai"
    first = sarah.at("mon 09:00")
    dates = {first.date() + timedelta(days=7 * n) for n in (-1, 0, 1)}
    assert {item["local_date"] for item in reply.json["items"]} <= {str(day) for day in dates}
    assert {
        "starts_at": first.isoformat(),
        "ends_at": (first + timedelta(minutes=30)).isoformat(),
        "local_date": str(first.date()),
    } in reply.json["items"]


async def test_times_come_in_the_readers_zone(world: World) -> None:
    sarah = await world.specialist(open="mon 00:30-01:00", time_zone="Asia/Dubai")
    monday = sarah.at("mon 00:30").date()
    reply = await world.anonymous.get(
        f"/specialists/{sarah.id}/slots?time_zone=America/New_York"
        f"&from={monday - timedelta(days=1)}&to={monday}"
    )
    assert reply.json["time_zone"] == "America/New_York"
    [item] = reply.json["items"]
    assert item["starts_at"] == f"{monday - timedelta(days=1)}T15:30:00-05:00"
    assert item["local_date"] == str(monday), "the date is the specialist's"


async def test_a_date_counts_in_whole_at_both_ends(world: World) -> None:
    sarah = await world.specialist(open="sun-sat 00:00-24:00", slot_minutes=720)
    monday = sarah.at("mon 12:00").date()
    reply = await world.anonymous.get(f"/specialists/{sarah.id}/slots?from={monday}&to={monday}")
    assert [item["starts_at"][:13] for item in reply.json["items"]] == [
        f"{monday}T00",
        f"{monday}T12",
    ]


async def test_an_instant_begins_and_ends_where_it_says(world: World) -> None:
    sarah = await world.specialist(open="mon 09:00-12:00")
    nine, ten = sarah.at("mon 09:00"), sarah.at("mon 10:00")
    path = f"/specialists/{sarah.id}/slots"
    for begins, ends in (
        (nine.isoformat(), ten.isoformat()),
        (nine.isoformat().replace("+", "%2B"), ten.isoformat().replace("+00:00", "Z")),
        (str(nine.date()), ten.isoformat().replace("+00:00", "Z")),
    ):
        reply = await world.anonymous.get(f"{path}?from={begins}&to={ends}")
        starts = [item["starts_at"][11:16] for item in reply.json["items"]]
        assert starts == ["09:00", "09:30"], (begins, ends)


@pytest.mark.parametrize("asked", ["", "?from=&to=&rate_id=&time_zone=&exclude_booking="])
async def test_fourteen_days_unless_said_otherwise(world: World, asked: str) -> None:
    sarah = await world.specialist(open="sun-sat 12:00-12:30")
    items = (await world.anonymous.get(f"/specialists/{sarah.id}/slots{asked}")).json["items"]
    assert len(items) == 14


async def test_the_rate_sets_the_length(world: World) -> None:
    sarah = await world.specialist(open="mon 09:00-11:00", minutes=60)
    await world.superuser.execute(
        "UPDATE app.specialist_rates SET duration_minutes = 90 WHERE id = $1",
        sarah.rates["followup"],
    )
    monday = sarah.at("mon 09:00").date()
    path = f"/specialists/{sarah.id}/slots?from={monday}&to={monday}"
    standard = (await world.anonymous.get(path)).json["items"]
    followup = (await world.anonymous.get(f"{path}&rate_id={sarah.rates['followup']}")).json
    assert [item["ends_at"][11:16] for item in standard] == ["10:00", "10:30", "11:00"]
    assert [item["ends_at"][11:16] for item in followup["items"]] == ["10:30", "11:00"]


async def test_unchanged_times_need_not_be_sent_again(world: World) -> None:
    sarah = await world.specialist()
    path = f"/specialists/{sarah.id}/slots"
    monday = sarah.at("mon 09:00")
    span = f"?from={monday.date()}&to={monday.date()}"
    first = await world.anonymous.get(path + span)
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"

    for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        kept = await world.anonymous.get(path + span, headers={"If-None-Match": sent})
        assert (kept.status, kept.content, kept.headers["etag"]) == (304, b"", etag)
        assert kept.headers["cache-control"] == "private, no-cache"
    for sent in ('"other"', "garbage", ""):
        assert (
            await world.anonymous.get(path + span, headers={"If-None-Match": sent})
        ).status == 200

    await (await world.client()).post("/holds", sarah.slot("mon 09:00"))
    changed = await world.anonymous.get(path + span, headers={"If-None-Match": etag})
    assert changed.status == 200
    assert changed.headers["etag"] != etag
    assert len(changed.json["items"]) == len(first.json["items"]) - 1


async def test_the_bytes_are_the_databases_own(world: World) -> None:
    sarah = await world.specialist()
    reply = await world.anonymous.get(f"/specialists/{sarah.id}/slots")
    text = await world.value("SELECT app.slots_json($1, NULL, NULL, NULL, NULL, NULL)", sarah.id)
    assert reply.content == text.encode()


@pytest.mark.parametrize(
    "span",
    [
        "from=2026-12-01&to=2027-02-01",
        "from=2026-12-01T00:00:00Z&to=2027-02-01T00:00:01Z",
        "from=2026-12-02&to=2026-12-01",
        "from=2026-12-01T00:00:00Z&to=2026-12-01T00:00:00Z",
        "from=2026-12-01T02:00:00%2B02:00&to=2026-12-01T00:00:00Z",
        "from=2026-12-01&to=2026-11-29T00:00:00Z",
        "from=2026-12-01&to=2027-06-01T00:00:00Z",
        "to=2099-01-01",
        "to=2020-01-01",
    ],
)
async def test_a_span_ends_after_its_beginning_and_within_62_days(world: World, span: str) -> None:
    sarah = await world.specialist()
    reply = await world.anonymous.get(f"/specialists/{sarah.id}/slots?{span}")
    assert (reply.status, reply.code) == (422, "INVALID_SPAN")


async def test_62_days_are_one_call(world: World) -> None:
    sarah = await world.specialist(open="sun-sat 12:00-12:30")
    first = sarah.today + timedelta(days=1)
    reply = await world.anonymous.get(
        f"/specialists/{sarah.id}/slots?from={first}&to={first + timedelta(days=61)}"
    )
    assert len(reply.json["items"]) == 62


@pytest.mark.parametrize(
    "wrong",
    [
        "from=yesterday", "from=2026-12-01T09:00:00", "from=2026-13-01", "from=1700000000",
        "from=9999-12-31", "to=0001-01-01", "from=2026-12-01T23:59:60Z", "time_zone=%2B04:00",
        "time_zone=Mars/Olympus", "rate_id=1", "exclude_booking=x", "from=%00", "time_zone=%00",
    ],
)  # fmt: skip
async def test_what_cannot_be_read_is_refused(world: World, wrong: str) -> None:
    sarah = await world.specialist()
    reply = await world.anonymous.get(f"/specialists/{sarah.id}/slots?{wrong}")
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


async def test_who_or_what_is_not_there_is_not_found(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    path = f"/specialists/{sarah.id}/slots?rate_id="
    for foreign in (omar.rates["standard"], uuid4()):
        reply = await world.anonymous.get(f"{path}{foreign}")
        assert (reply.status, reply.code) == (404, "RATE_NOT_FOUND")
    reply = await world.anonymous.get(f"/specialists/{uuid4()}/slots?from=2026-12-01")
    assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")
    reply = await world.anonymous.get(f"/specialists/{uuid4()}/slots?rate_id={uuid4()}")
    assert (reply.status, reply.code) == (404, "SPECIALIST_NOT_FOUND")


async def test_the_own_booking_may_be_left_out_and_a_strangers_not(world: World) -> None:
    sarah, anna = await world.specialist(open="mon 09:00-10:00"), await world.client()
    ben = await world.client("Ben")
    booking = await anna.books(sarah, "mon 09:00")
    monday = sarah.at("mon 09:00").date()
    path = f"/specialists/{sarah.id}/slots?from={monday}&to={monday}"

    for reader, count in ((anna, 2), (sarah, 2), (ben, 1), (world.anonymous, 1)):
        assert len(await reader.sees(f"{path}&exclude_booking={booking['id']}")) == count
    assert len(await anna.sees(path)) == 1
