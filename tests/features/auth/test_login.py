"""Signing in: the right password and nothing else, and no hint about who has an account."""

import asyncio
from typing import Any

import pytest

from consulta.features.auth import service as accounts
from consulta.features.auth.errors import AccountNotFound, EmailTaken
from consulta.kernel.actor import Actor, Role
from consulta.platform.auth.passwords import Passwords
from tests.conftest import TestDatabase
from tests.settings import JWT_SECRET, settings_for
from tests.world import Person, Reply, World, running_world

EMAIL = "anna@example.com"
PASSWORD = "correct horse battery"


async def register(world: World, **changes: Any) -> Reply:
    body = {"email": EMAIL, "password": PASSWORD, "full_name": "Anna"} | changes
    reply = await world.anonymous.post("/auth/register", body)
    assert reply.status == 201, reply.json
    return reply


async def login(world: World, password: str = PASSWORD, *, email: str = EMAIL) -> Reply:
    return await world.anonymous.post("/auth/login", {"email": email, "password": password})


async def test_the_right_password_signs_in(world: World) -> None:
    await register(world)
    reply = await login(world)
    assert reply.status == 200
    assert set(reply.json) == {"access_token", "refresh_token", "token_type", "expires_in"}
    me = await Person(world.http, token=reply.json["access_token"]).get("/me")
    assert me.json["email"] == EMAIL


async def test_the_address_counts_in_any_spelling(world: World) -> None:
    await register(world)
    assert (await login(world, email=" ANNA@example.COM ")).status == 200


@pytest.mark.parametrize(
    "kept", ["  spaces at both ends  ", "x" * 72 + "-and the end counts", "ünïcödé-wörter"]
)
async def test_the_password_counts_as_it_was_typed(world: World, kept: str) -> None:
    await register(world, password=kept)
    assert (await login(world, kept)).status == 200
    for other in (kept.strip()[:-1], kept[:72], kept.upper(), kept + " ", kept.lstrip()[1:]):
        if other != kept:
            assert (await login(world, other)).code == "INVALID_CREDENTIALS"


async def test_an_unknown_address_and_a_wrong_password_look_the_same(world: World) -> None:
    await register(world)
    async with world.app.state.database.work(Actor.system("test")) as work:
        await accounts.create_account(work, email="nopassword@example.com", full_name="N")
    replies = [
        await login(world, "wrong horse battery"),
        await login(world, email="nobody@example.com"),
        await login(world, email="nopassword@example.com"),
    ]
    bodies = [{k: v for k, v in reply.json.items() if k != "request_id"} for reply in replies]
    assert bodies[0] == bodies[1] == bodies[2]
    assert [reply.status for reply in replies] == [401, 401, 401]
    assert bodies[0]["code"] == "INVALID_CREDENTIALS"


async def test_an_unknown_address_costs_the_same_work_as_a_wrong_password(world: World) -> None:
    counted = Counted(memory_kib=8, passes=1)
    world.app.state.passwords = counted
    await register(world)
    counted.compared.clear()
    await login(world, "wrong horse battery")
    await login(world, email="nobody@example.com")
    with_account, without = counted.compared
    # The same parameters, so the same work: algorithm, version, memory, passes, lanes.
    assert with_account.split("$")[:4] == without.split("$")[:4]


class Counted(Passwords):
    """The real thing, which notes against what it compares."""

    def __init__(self, **parameters: int) -> None:
        super().__init__(**parameters)
        self.compared: list[str] = []

    def _verify(self, password_hash: str, password: str) -> bool:
        self.compared.append(password_hash)
        return super()._verify(password_hash, password)


async def test_a_disabled_account_is_told_so_only_with_the_right_password(world: World) -> None:
    await register(world)
    await world.superuser.execute("UPDATE app.users SET is_active = false")
    wrong, right = await login(world, "wrong horse battery"), await login(world)
    assert (wrong.status, wrong.code) == (401, "INVALID_CREDENTIALS")
    assert (right.status, right.code) == (403, "ACCOUNT_DISABLED")


async def test_a_hash_of_old_parameters_is_renewed_at_sign_in(world: World) -> None:
    await register(world)
    world.app.state.passwords = Passwords(memory_kib=16, passes=1)
    assert (await login(world)).status == 200
    assert "$m=16,t=1,p=1$" in await world.value("SELECT password_hash FROM app.credentials")
    assert (await login(world)).status == 200


async def test_a_password_changed_meanwhile_does_not_sign_in(world: World) -> None:
    await register(world)
    slow = Slow(memory_kib=8, passes=1)
    world.app.state.passwords = slow
    signing_in = asyncio.create_task(login(world))
    await slow.compared.wait()
    await world.superuser.execute("UPDATE app.credentials SET password_hash = 'another'")
    slow.go_on.set()
    assert (await signing_in).code == "INVALID_CREDENTIALS"


class Slow(Passwords):
    """The real thing, which waits after comparing until it is told to go on."""

    def __init__(self, **parameters: int) -> None:
        super().__init__(**parameters)
        self.compared, self.go_on = asyncio.Event(), asyncio.Event()

    async def matches(self, password: str, password_hash: str | None) -> bool:
        is_same = await super().matches(password, password_hash)
        self.compared.set()
        await self.go_on.wait()
        return is_same


async def test_a_lapsed_token_does_not_hinder_signing_in(world: World) -> None:
    await register(world)
    stranger = Person(world.http, token="lapsed.long.ago")
    reply = await stranger.post("/auth/login", {"email": EMAIL, "password": PASSWORD})
    assert reply.status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": EMAIL},
        {"email": EMAIL, "password": ""},
        {"email": EMAIL, "password": "x" * 129},
        {"email": EMAIL, "password": "a\x00bcdefghij"},
        {"email": EMAIL, "password": ["correct horse"]},
        {"email": {"$ne": ""}, "password": PASSWORD},
        {"email": EMAIL, "password": PASSWORD, "role": "admin"},
        [],
        "anna",
    ],
)
async def test_a_body_of_another_shape_is_refused(world: World, body: object) -> None:
    reply = await world.anonymous.post("/auth/login", body)
    assert (reply.status, reply.code) == (422, "INVALID_REQUEST")


async def test_a_password_of_a_megabyte_is_not_even_read(world: World) -> None:
    reply = await login(world, "x" * 1_048_576)
    assert (reply.status, reply.code) == (413, "BODY_TOO_LARGE")


def with_limits(database: TestDatabase, **limits: int) -> Any:
    settings = settings_for(database)
    auth = settings.auth.model_copy(update=limits)
    return running_world(database, settings.model_copy(update={"auth": auth}))


async def test_an_account_is_tried_so_often_a_minute_and_no_more(database: TestDatabase) -> None:
    async with with_limits(database, logins_per_minute_of_account=3) as world:
        await register(world)
        tries = [await login(world, "wrong horse battery") for _ in range(5)]
        assert [reply.status for reply in tries] == [401, 401, 401, 429, 429]
        assert tries[-1].code == "RATE_LIMITED"
        assert int(tries[-1].headers["Retry-After"]) == 20
        # Other spellings are the same account; other accounts have turns of their own.
        assert (await login(world, email="ANNA@example.com")).status == 429
        assert (await login(world, email="ben@example.com")).status == 401
        await world.travel(seconds=60)
        assert (await login(world)).status == 200


async def test_an_address_tries_so_often_a_minute_and_no_more(database: TestDatabase) -> None:
    async with with_limits(database, logins_per_minute_of_address=4) as world:
        tries = [await login(world, email=f"p{number}@example.com") for number in range(6)]
        assert [reply.status for reply in tries] == [401] * 4 + [429] * 2


async def test_registrations_are_counted_per_address(database: TestDatabase) -> None:
    async with with_limits(database, registrations_per_minute=2) as world:
        bodies = [
            {"email": f"p{number}@example.com", "password": PASSWORD, "full_name": "P"}
            for number in range(4)
        ]
        tries = [await world.anonymous.post("/auth/register", body) for body in bodies]
        assert [reply.status for reply in tries] == [201, 201, 429, 429]


async def test_the_counters_tell_nobody_who_knocked(world: World) -> None:
    await login(world)
    names = [row["key"] for row in await world.rows("SELECT key FROM app.rate_limits")]
    assert len(names) == 2
    for told in (EMAIL, "127.0.0.1", JWT_SECRET):
        assert told not in str(names)


async def test_the_service_makes_accounts_of_any_role(world: World) -> None:
    database, identities = world.app.state.database, world.app.state.identities
    kept = await world.app.state.passwords.hash(PASSWORD)
    async with database.work(Actor.system("test")) as work:
        ada = await accounts.create_account(
            work, email="Ada@example.com", full_name="Ada", role=Role.ADMIN, password_hash=kept
        )
        tokens = await accounts.start_session(work, user_id=ada, identities=identities)
    assert (await login(world, email="ada@example.com")).status == 200
    me = await Person(world.http, token=tokens.access_token).get("/me")
    assert (me.json["role"], me.json["id"]) == ("admin", str(ada))
    with pytest.raises(EmailTaken):
        async with database.work(Actor.system("test")) as work:
            await accounts.create_account(work, email="ada@example.com", full_name="A")


async def test_the_service_makes_somebody_an_admin(world: World) -> None:
    await register(world)
    database = world.app.state.database
    async with database.work(Actor.system("test")) as work:
        await accounts.make_admin(work, email="ANNA@example.com")
    assert await world.value("SELECT role FROM app.users") == "admin"
    with pytest.raises(AccountNotFound):
        async with database.work(Actor.system("test")) as work:
            await accounts.make_admin(work, email="nobody@example.com")
