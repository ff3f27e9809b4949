"""Letters about accounts: a forgotten password is replaced and an address confirmed by whoever
reads the mail, once, in time; nobody learns who has an account.
"""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import TestDatabase
from tests.features.notifications.desk import Desk, opened
from tests.receivers.post_office import Received
from tests.world import Person, Reply

OLD, NEW = "correct horse battery", "another staple entirely"
ANNA, GENERIC = "anna@example.com", {"expires_in": 3600}


@pytest.fixture
async def desk(database: TestDatabase) -> AsyncIterator[Desk]:
    async with opened(database) as made:
        yield made


async def ask(desk: Desk, path: str, **body: Any) -> Reply:
    return await desk.world.anonymous.post(f"/auth/{path}", body)


async def register(desk: Desk, email: str = ANNA) -> Person:
    reply = await ask(desk, "register", email=email, password=OLD, full_name="Anna")
    assert reply.status == 201, reply.json
    return Person(desk.world.http, id=reply.json["user"]["id"], token=reply.json["access_token"])


async def letters(desk: Desk, email: str = ANNA) -> list[Received]:
    """What has come for that address since the last look."""
    await desk.world.work_off("notifications.account_letters")
    found = desk.office.to(email)
    desk.office.received.clear()
    return found


async def token_in(mail: Received, page: str) -> str:
    links = re.findall(rf"https://app\.consulta\.test/{page}#token=([\w-]+)", mail.body())
    (token,) = links
    assert f"#token={token}" in mail.body("html")
    assert token not in mail.subject
    return str(token)


async def forgotten(desk: Desk) -> str:
    """The token of a letter that Anna has asked for."""
    reply = await ask(desk, "password/forgot", email=ANNA)
    assert (reply.status, reply.json) == (202, GENERIC)
    (mail,) = await letters(desk)
    return await token_in(mail, "reset-password")


async def reset(desk: Desk, token: str, password: str = NEW) -> Reply:
    return await ask(desk, "password/reset", token=token, password=password)


async def test_a_forgotten_password_is_replaced_once(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    anna = await register(desk)
    await letters(desk)
    other = (await ask(desk, "login", email=ANNA, password=OLD)).json
    token = await forgotten(desk)
    weak = await reset(desk, token, "anna@example.com")
    assert (weak.status, weak.code) == (422, "PASSWORD_TOO_WEAK")
    done = await reset(desk, token)
    assert (done.status, done.content) == (204, b"")

    for lost in (anna, Person(desk.world.http, token=other["access_token"])):
        assert (await lost.get("/me")).status == 401
    late = await ask(desk, "refresh", refresh_token=other["refresh_token"])
    assert late.code == "INVALID_REFRESH_TOKEN"
    assert (await ask(desk, "login", email=ANNA, password=OLD)).code == "INVALID_CREDENTIALS"
    assert (await ask(desk, "login", email=ANNA, password=NEW)).status == 200
    again = await reset(desk, token, OLD)
    assert (again.status, again.code) == (400, "RESET_TOKEN_INVALID")
    assert (await reset(desk, "never sent")).code == "RESET_TOKEN_INVALID"

    (told,) = await letters(desk)
    assert "was changed" in told.subject
    assert "token=" not in told.everything()
    acts = await desk.world.rows(
        "SELECT action, subject_id FROM app.audit_logs WHERE action LIKE 'password%' ORDER BY id"
    )
    assert [(act["action"], str(act["subject_id"])) for act in acts] == [
        ("password_reset_asked", "None"),
        ("password_reset", anna.id),
    ]
    await nothing_remembers(desk, token, capsys)


async def nothing_remembers(desk: Desk, token: str, capsys: pytest.CaptureFixture[str]) -> None:
    tables = await desk.world.rows(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'app'::regnamespace"
        " AND relkind = 'r'"
    )
    for table in tables:
        dumped = await desk.world.rows(f"SELECT t::text FROM app.{table['relname']} t")
        assert token not in str(dumped), table
    logged = capsys.readouterr()
    assert "/auth/password/reset" in logged.out
    assert token not in logged.out + logged.err


async def test_an_address_is_confirmed_once(desk: Desk) -> None:
    anna = await register(desk)
    (mail,) = await letters(desk)
    first = await token_in(mail, "verify-email")
    # What confirms an address changes no password, and the other way round.
    assert (await reset(desk, first)).code == "RESET_TOKEN_INVALID"
    reply = await anna.post("/auth/verify-email/send")
    assert (reply.status, reply.json) == (202, {"expires_in": 86_400})
    (mail,) = await letters(desk)
    second = await token_in(mail, "verify-email")
    codes = [(await ask(desk, "verify-email", token=one)).code for one in (first, second, second)]
    assert codes == ["VERIFICATION_TOKEN_INVALID", None, "VERIFICATION_TOKEN_INVALID"]
    assert await desk.world.value("SELECT email_verified_at <= app.now() FROM app.users")
    acts = await desk.world.rows(
        "SELECT subject_id FROM app.audit_logs WHERE action = 'email_verified'"
    )
    assert [str(act["subject_id"]) for act in acts] == [anna.id]
    assert (await anna.post("/auth/verify-email/send")).status == 202
    assert not await letters(desk)
    await anna.post("/auth/verify-email/send")
    wait = await anna.post("/auth/verify-email/send")
    assert (wait.status, wait.code) == (429, "RATE_LIMITED")
    assert (await anna.delete("/me", json={"password": OLD})).status == 200
    assert await desk.world.value("SELECT count(*) FROM app.account_letters") == 0


async def test_nobody_learns_who_has_an_account(desk: Desk) -> None:
    for email in (ANNA, "off@example.com", "far@example.com"):
        await register(desk, email)
    execute = desk.world.superuser.execute
    await execute("UPDATE app.users SET is_active = false WHERE email LIKE 'off%'")
    await execute(
        "DELETE FROM app.credentials WHERE user_id = (SELECT id FROM app.users"
        " WHERE email LIKE 'far%')"
    )
    await execute("DELETE FROM app.account_letters")
    for email in ("ANNA@example.com", "off@example.com", "far@example.com", "no@example.com"):
        replies = [await ask(desk, "password/forgot", email=email) for _ in range(4)]
        assert [reply.status for reply in replies] == [202, 202, 202, 429]
        assert {reply.content for reply in replies[:3]} == {b'{"expires_in":3600}'}
    await desk.world.work_off("notifications.account_letters")
    assert [mail.to for mail in desk.office.received] == [ANNA]
    asked = "SELECT count(*) FROM app.audit_logs WHERE action = 'password_reset_asked'"
    assert await desk.world.value(asked) == 12


async def test_links_lapse_and_the_post_may_be_late(desk: Desk) -> None:
    await register(desk)
    (mail,) = await letters(desk)
    token, verification = await forgotten(desk), await token_in(mail, "verify-email")
    await desk.world.travel(minutes=61)
    assert (await reset(desk, token)).code == "RESET_TOKEN_INVALID"
    # The hour begins when the letter is sent; the one before is good until then.
    desk.office.delayed.add(ANNA)
    await ask(desk, "password/forgot", email=ANNA)
    assert not await letters(desk)
    await desk.world.travel(minutes=59)
    desk.office.delayed.clear()
    desk.office.hangs_up = 1
    (lost,) = await letters(desk)
    await desk.world.travel(minutes=59)
    (mail,) = await letters(desk)
    assert mail.id != lost.id
    assert (await reset(desk, await token_in(lost, "reset-password"))).status == 400
    await desk.world.travel(minutes=59)
    assert (await reset(desk, await token_in(mail, "reset-password"))).status == 204
    await desk.world.travel(hours=24)
    late = await ask(desk, "verify-email", token=verification)
    assert (late.status, late.code) == (400, "VERIFICATION_TOKEN_INVALID")


async def test_a_disabled_account_gets_no_letter_and_loses_its_link(desk: Desk) -> None:
    await register(desk)
    await letters(desk)
    token = await forgotten(desk)
    await ask(desk, "password/forgot", email=ANNA)
    await desk.world.superuser.execute("UPDATE app.users SET is_active = false")
    assert not await letters(desk)
    assert (await reset(desk, token)).code == "RESET_TOKEN_INVALID"
    rows = await desk.world.rows(
        "SELECT state, last_error FROM app.account_letters WHERE kind = 'reset_password'"
    )
    assert [tuple(row.values()) for row in rows] == [("failed", "NO_ACCOUNT")]
