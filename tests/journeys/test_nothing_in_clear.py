"""Neither a dump nor the log, the journal or the temporary files of a server that writes down
everything have what people confided; and a sealed row opens at its own place alone.
"""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from consulta.platform.db.dsn import Dsn
from consulta.platform.db.embedded import running_server
from consulta.settings import PaymentSettings, Settings, SubscriberSettings, VideoSettings
from consulta.wiring import SEALED_TABLES
from tests.conftest import TestDatabase, migrated_template
from tests.fakes.stripe import running_fake_stripe
from tests.fakes.video import FakeVideo, running_fake_video
from tests.features.intake.desk import ANSWERS, asks
from tests.features.meetings.video_desk import APPS
from tests.features.payment_configs.account_desk import stripe_keys
from tests.journeys.house import PASSWORD, good
from tests.journeys.leaks import TALKATIVE, dumped, found_in, left_behind, shapes, spilled
from tests.receivers.listener import Listener, listening
from tests.settings import settings_for
from tests.world import Client, Person, Specialist, World, running_world

CANARY = "KANARIENVOGEL7301"
IN_CLEAR = "SPATZ-VOM-DACH-4"
HOOKS = "/specialists/me/webhook-endpoints"


@dataclass(frozen=True, slots=True)
class Practice:
    """A specialist with secrets, and a client who confided in her."""

    specialist: Specialist
    client: Client
    booking: Any
    note: Any
    hook: Any

    @property
    def path(self) -> str:
        return f"/bookings/{self.booking['id']}"


@contextmanager
def talkative_server() -> Iterator[tuple[Dsn, Path]]:
    with running_server(durable=False, settings=TALKATIVE) as server:
        yield Dsn(server.dsn()), server.data


@asynccontextmanager
async def outside(database: TestDatabase) -> AsyncIterator[tuple[Settings, FakeVideo, Listener]]:
    """Settings of a service whose vendors are faked."""
    async with (
        running_fake_video() as (video, video_base),
        running_fake_stripe() as (_, stripe_base),
        listening() as listener,
    ):
        settings = settings_for(
            database,
            payments=PaymentSettings(provider="sandbox", stripe_api_base=stripe_base),
            subscribers=SubscriberSettings(allow_private="127.0.0.1/32"),
            video=VideoSettings(
                zoom_api_base=video_base, teams_api_base=video_base, google_api_base=video_base
            ),
        )
        yield settings, video, listener


async def confides(world: World, listener: Listener, name: str, video: dict[str, Any]) -> Practice:
    """Everything secret that one specialist and one client can say."""
    sarah = await world.specialist(f"Dr. {name}", price=0, auto_confirm=True)
    anna = await world.client(f"Friend of {name}")
    good(await sarah.put("/specialists/me/video-config", video))
    secret = {"secret_key": f"sk_test_{CANARY}{name}", "webhook_secret": f"whsec_{CANARY}{name}"}
    keys = stripe_keys(name, **secret)
    good(await sarah.put("/specialists/me/payment-configs/stripe", keys))
    price = {"amount_minor": 5_000, "currency": "USD"}
    rate = good(await sarah.post("/specialists/me/rates", {"kind": "paid", "price": price}), 201)
    sarah.rates["paid"] = rate["id"]
    good(await sarah.patch("/specialists/me", {"payment_provider": "stripe"}))
    hook = good(await sarah.post(HOOKS, {"url": listener.url}), 201)
    await asks(sarah)
    booking = await anna.books(sarah, "mon 10:00")
    path = f"/bookings/{booking['id']}"
    answers = {**ANSWERS, "why": f"Because of {CANARY}."}
    good(await anna.put(f"{path}/intake", {"answers": answers}))
    note = good(await sarah.post(f"{path}/notes", {"notes": f"{CANARY} cannot sleep."}), 201)
    change = {"metadata": {CANARY: CANARY}, "follow_up_actions": CANARY}
    good(await sarah.patch(f"{path}/notes/{note['id']}", change))
    more = f"{path}/notes/{note['id']}/amendments"
    good(await sarah.post(more, {"text": f"{CANARY} sleeps."}), 201)
    # What is refused is not written down, either.
    assert (await sarah.post(more, {"text": [CANARY]})).status == 422
    await world.work_off("outbox.deliver", "meetings.arrange", "outbox.deliver")
    await world.work_off("subscribers.deliver")
    return Practice(sarah, anna, booking, note, hook)


async def is_refused(one: Practice) -> None:
    """The database itself refuses a note, and a server may write down what it refused."""
    while (
        reply := await one.specialist.post(f"{one.path}/notes", {"notes": CANARY})
    ).status == 201:
        continue
    assert reply.code == "TOO_MANY_NOTES"


async def signs_in(world: World) -> dict[str, bytes]:
    """Tokens and a password of somebody with an account, and the token of a hold."""
    nobody = world.anonymous
    account = {"email": "eve@example.org", "password": f"{PASSWORD} {CANARY}"}
    made = good(await nobody.post("/auth/register", {**account, "full_name": "Eve"}, key=None), 201)
    tokens = good(await nobody.post("/auth/login", account, key=None))
    wrong = {**account, "password": f"{CANARY} is wrong"}
    assert (await nobody.post("/auth/login", wrong, key=None)).status == 401
    body = {"refresh_token": tokens["refresh_token"]}
    fresh = good(await nobody.post("/auth/refresh", body, key=None))
    omar = await world.specialist("Dr. Hold")
    hold = good(await nobody.post("/holds", omar.slot("mon 11:00")), 201)
    eve = Person(world.http, token=fresh["access_token"])
    good(await eve.get("/me"))
    return {
        "token of a hold": hold["hold_token"].encode(),
        **{
            f"{kind} of {way}": one[kind].encode()
            for way, one in (("registering", made), ("login", tokens), ("refresh", fresh))
            for kind in ("access_token", "refresh_token")
        },
    }


async def write_in_clear(world: World) -> None:
    """The control: a table that keeps what it is told, in every shape."""
    await world.superuser.execute("CREATE TABLE testing.in_clear (shape text, said bytea)")
    await world.superuser.execute("GRANT SELECT ON testing.in_clear TO PUBLIC")
    insert = "INSERT INTO testing.in_clear VALUES ($1, $2)"
    for name, spelled in shapes(IN_CLEAR.encode()).items():
        await world.superuser.execute(insert, name, spelled)
    await world.superuser.execute(insert, IN_CLEAR, IN_CLEAR.encode())


async def test_nothing_is_left_in_the_clear_and_nothing_opens_elsewhere(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with talkative_server() as (cluster, folder):
        database = TestDatabase(await migrated_template(cluster))
        async with outside(database) as (settings, video, listener):
            async with running_world(database, settings) as world:
                zoom = {"provider": "zoom", "mode": "api", **APPS["zoom"]}
                sarah = await confides(world, listener, "Sarah", zoom)
                await is_refused(sarah)
                link = f"https://zoom.us/j/555?pwd={CANARY}"
                fixed = {
                    "provider": "zoom",
                    "mode": "static",
                    "link": link,
                    "passcode": CANARY[:10],
                }
                practices = [sarah, await confides(world, listener, "Omar", fixed)]
                secrets = await signs_in(world)
                await write_in_clear(world)
                await look_for(world, secrets, practices, video, folder, capfd)
            # A process that has not opened anything yet.
            async with running_world(database, settings) as world:
                await nothing_opens_elsewhere(world, practices, capfd)


async def look_for(
    world: World,
    secrets: dict[str, bytes],
    practices: list[Practice],
    video: FakeVideo,
    folder: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """None of it is anywhere; what was written in the clear, in contrast, is everywhere."""
    [meeting] = video.control.zoom.meetings.values()
    secrets |= {
        "what people said": CANARY.encode(),
        "secret of the app": video.control.zoom.secret.encode(),
        "address of the meeting": meeting["join_url"].encode(),
        "passcode of the meeting": meeting["password"].encode(),
    }
    for one in practices:
        text = one.hook["secret"].removeprefix("whsec_")
        secrets[f"hook of {one.specialist.name}"] = text.encode()
        secrets[f"hook of {one.specialist.name}, raw"] = base64.b64decode(text)
    control = {"control": IN_CLEAR.encode()}
    await world.superuser.execute("CHECKPOINT")
    async with spilled(world.superuser):
        places = left_behind(folder)
    places["dump"] = dumped(Dsn(world.database.dsn("consulta_backup")))
    output = "".join(capfd.readouterr()).encode()
    assert b"/bookings/{booking_id}/notes" in output
    assert b"temporary file: path" in left_behind(folder)["log"]

    seen = {place: found_in(octets, secrets) for place, octets in places.items()}
    assert {place: found for place, found in seen.items() if found} == {}
    assert found_in(output, secrets) == set()
    for place, octets in places.items():
        told = {shape for _, shape in found_in(octets, control)}
        assert told >= {"as it is", "hex"}, place
    assert {shape for _, shape in found_in(places["data"], control)} == set(shapes(b"any"))
    for place in ("dump", "temporary", "log"):
        assert practices[0].note["id"].encode() in places[place], "the rows of the service, too"


async def reads_note(world: World, one: Practice) -> str | None:
    return (await one.client.get(f"{one.path}/notes/{one.note['id']}")).code


async def reads_answers(world: World, one: Practice) -> str | None:
    return (await one.specialist.get(f"{one.path}/intake")).code


async def joins(world: World, one: Practice) -> str | None:
    return (await one.client.get(f"{one.path}/join")).code


async def checks_video(world: World, one: Practice) -> str | None:
    return (await one.specialist.post("/specialists/me/video-config/check")).code


async def is_paid(world: World, one: Practice) -> str | None:
    """The booking waits for its money, and the call that should reserve it knows why."""
    body = one.specialist.booking("mon 15:00", kind="paid", payment_method="pm_card_visa")
    booking = good(await one.client.post("/bookings", body), 201)
    assert (booking["status"], booking["payment"]["status"]) == ("pending_payment", "pending")
    code: str = await world.value(
        "SELECT last_error FROM app.payment_operations WHERE payment_id = $1",
        booking["payment"]["id"],
    )
    return code


async def is_posted_to(world: World, one: Practice) -> str | None:
    hook = f"{HOOKS}/{one.hook['id']}"
    good(await one.specialist.post(f"{hook}/test"), 202)
    await world.work_off("subscribers.deliver")
    [delivery] = await one.specialist.sees(f"{hook}/deliveries?limit=1")
    code: str = delivery["last_error"]
    return code


READ_BY: dict[str, tuple[Callable[[World, Practice], Awaitable[str | None]], str]] = {
    "session_notes": (reads_note, "UNREADABLE"),
    "session_note_amendments": (reads_note, "UNREADABLE"),
    "intake_answers": (reads_answers, "UNREADABLE"),
    "meeting_links": (joins, "UNREADABLE"),
    "video_config_keys": (checks_video, "UNREADABLE"),
    "payment_config_keys": (is_paid, "PAYMENT_PROVIDER_UNAVAILABLE"),
    "webhook_endpoint_secrets": (is_posted_to, "NO_SECRET"),
}


async def nothing_opens_elsewhere(
    world: World, practices: list[Practice], capfd: pytest.CaptureFixture[str]
) -> None:
    """Two rows of each table have exchanged what is sealed in them: neither is read any more, and
    somebody is told.
    """
    assert set(READ_BY) == {one.table for one in SEALED_TABLES}
    await world.stop_clock(practices[0].specialist.at("mon 10:00") - timedelta(minutes=5))
    for one in practices:
        one.specialist.http = one.client.http = world.http
    for sealed in SEALED_TABLES:
        reads, code = READ_BY[sealed.table]
        await exchange(world, sealed.table, sealed.keys[0])
        capfd.readouterr()
        assert [await reads(world, one) for one in practices] == [code, code], sealed.table
        said = "".join(capfd.readouterr())
        assert "cannot be opened" in said
        assert "Traceback" not in said
        await exchange(world, sealed.table, sealed.keys[0])
    # At home again, what was sealed opens as before.
    assert [await reads_note(world, one) for one in practices] == [None, None]


async def exchange(world: World, table: str, key: str) -> None:
    """The first row and the last one have each other's envelopes; done twice, all is as it was."""
    columns = await world.rows(
        "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'app'"
        " AND table_name = $1 AND (data_type = 'bytea' OR column_name = 'key_id')",
        table,
    )
    swapped = ", ".join(f"{one['name']} = other.{one['name']}" for one in columns)
    first, *_, last = await world.rows(f"SELECT {key} FROM app.{table} ORDER BY {key}")
    # Neither guards nor foreign keys stand in the way of whoever owns the disk.
    await world.superuser.execute("SET session_replication_role = replica")
    await world.superuser.execute(
        f"UPDATE app.{table} t SET {swapped} FROM app.{table} other WHERE t.{key} IN ($1, $2)"
        f" AND other.{key} IN ($1, $2) AND t.{key} <> other.{key}",
        first[key],
        last[key],
    )
    await world.superuser.execute("SET session_replication_role = DEFAULT")
