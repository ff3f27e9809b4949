"""Keys at rest: sealed for one row, opened by the worker alone, under keys that rotate."""

import asyncio
import base64
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from consulta.platform.crypto import Undecipherable, Vault
from consulta.providers.payments.registry import ProviderNotConfigured
from consulta.settings import SecuritySettings
from tests.conftest import TestDatabase
from tests.features.payment_configs.account_desk import (
    MINE,
    paytabs_keys,
    puts,
    razorpay_keys,
    stripe_keys,
)
from tests.settings import KEYS, settings_for
from tests.world import Specialist, World, running_world

OTHER_KEY = "k2:" + base64.b64encode(bytes(range(64, 96))).decode()
PUBLIC = {"publishable_key", "key_id", "profile_id", "region", "is_live"}


async def opened(world: World, config: Any) -> Any:
    """What a call to that account would carry."""
    accounts = world.app.state.safe.accounts
    accounts.forget(config["provider"], config["account"])
    async with accounts.lent(config["provider"], config["account"]) as adapter:
        return adapter


def with_keys(database: TestDatabase, text: str) -> Any:
    security = SecuritySettings(encryption_keys=SecretStr(text))
    return settings_for(database, security=security)


async def test_a_dump_of_the_database_holds_no_key(world: World) -> None:
    sarah = await world.specialist()
    brought = [("stripe", stripe_keys("a")), ("stripe", stripe_keys("b"))]
    brought += [("stripe", stripe_keys("b", webhook_secret="whsec_the_following_one"))]
    brought += [("razorpay", razorpay_keys()), ("paytabs", paytabs_keys())]
    for provider, keys in brought:
        await puts(sarah, provider, keys)

    tables = await world.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'app'")
    assert len(tables) > 40
    lines = [
        row["line"]
        for table in tables
        for row in await world.rows(f"SELECT t::text AS line FROM app.{table['tablename']} t")
    ]
    dump = "\n".join(lines)
    assert "pk_test_a_of_hers" in dump, "the dump has the rows"
    for name, secret in ((n, str(s)) for _, keys in brought for n, s in keys.items()):
        if name not in PUBLIC:
            plain = secret.encode()
            shapes = (secret, plain.hex(), base64.b64encode(plain).decode().rstrip("="))
            assert not [shape for shape in shapes if shape in dump], name


async def test_sealed_keys_of_one_row_open_in_no_other(world: World) -> None:
    sarah, omar = await world.specialist(), await world.specialist("Dr. Omar")
    mine = await puts(sarah, "stripe", stripe_keys("sarah"))
    his = await puts(omar, "stripe", stripe_keys("omar"))
    assert (await opened(world, mine)).publishable_key == "pk_test_sarah_of_hers"
    await world.superuser.execute(
        "UPDATE app.payment_config_keys t SET wrapped_key = f.wrapped_key,"
        " sealed_keys = f.sealed_keys FROM app.payment_config_keys f"
        " WHERE t.config_id = $1 AND f.config_id = $2",
        mine["id"],
        his["id"],
    )
    with pytest.raises(ProviderNotConfigured):
        await opened(world, mine)
    assert (await opened(world, his)).publishable_key == "pk_test_omar_of_hers"

    # She is not locked out by that: new keys take the place of what nobody can open.
    await puts(sarah, "stripe", stripe_keys("sarah"))
    assert (await opened(world, mine)).publishable_key == "pk_test_sarah_of_hers"


@pytest.mark.parametrize(
    "change", ["provider = 'razorpay'", "is_live = true, hints = '{}'", "account = account || 'x'"]
)
async def test_keys_belong_to_the_words_beside_them(world: World, change: str) -> None:
    sarah = await world.specialist()
    made = await puts(sarah, "stripe", stripe_keys("sarah"))
    await world.superuser.execute(f"UPDATE app.payment_configs SET {change}")
    (row,) = await world.rows("SELECT provider, account FROM app.payment_configs")
    if row["account"] != made["account"]:
        # The address may change; whoever knows the old one finds nothing.
        assert (await opened(world, row)).publishable_key == "pk_test_sarah_of_hers"
    with pytest.raises(ProviderNotConfigured):
        await opened(world, made if row["account"] != made["account"] else row)


@pytest.mark.parametrize("login", ["consulta_api", "consulta_admin"])
async def test_the_worker_alone_reads_sealed_keys(
    world: World, database: TestDatabase, login: str
) -> None:
    sarah = await world.specialist()
    await puts(sarah, "stripe", stripe_keys("sarah"))
    async with database.connected(login) as connection:
        roles = ["consulta_user", "consulta_anonymous"] if login == "consulta_api" else [login]
        for role in roles:
            async with connection.transaction():
                await connection.execute("SELECT set_config('role', $1, true)", role)
                await connection.execute(
                    "SELECT set_config('app.user_id', $1, true)", str(sarah.id)
                )
                for column in ("*", "sealed_keys", "wrapped_key", "config_id"):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        async with connection.transaction():
                            await connection.fetch(f"SELECT {column} FROM app.payment_config_keys")
    async with database.connected("consulta_worker") as connection:
        assert len(await connection.fetch("SELECT sealed_keys FROM app.payment_config_keys")) == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM app.payment_config_keys")


async def many(world: World, count: int) -> list[tuple[Specialist, Any]]:
    """Accounts of as many specialists."""
    people = [await world.specialist(f"Dr. {number}") for number in range(count)]
    return [
        (one, await puts(one, "stripe", stripe_keys(f"n{number}")))
        for number, one in enumerate(people)
    ]


async def under(world: World) -> dict[str, int]:
    rows = await world.rows(
        "SELECT key_id, count(*)::int AS n FROM app.payment_config_keys GROUP BY key_id"
    )
    return {row["key_id"]: row["n"] for row in rows}


async def test_rotation_wraps_anew_and_leaves_the_secrets_alone(database: TestDatabase) -> None:
    async with running_world(database) as world:
        ((_, config),) = await many(world, 1)
        before = await world.rows("SELECT * FROM app.payment_config_keys")
    async with running_world(database, with_keys(database, f"{OTHER_KEY},{KEYS}")) as world:
        assert (await opened(world, config)).publishable_key == "pk_test_n0_of_hers"
        await world.work_off("keys.rewrap")
        after = await world.rows("SELECT * FROM app.payment_config_keys")
        assert after[0]["key_id"] == "k2"
        assert after[0]["sealed_keys"] == before[0]["sealed_keys"]
        assert after[0]["wrapped_key"] != before[0]["wrapped_key"]
        await world.work_off("keys.rewrap")
        assert await world.rows("SELECT * FROM app.payment_config_keys") == after
    async with running_world(database, with_keys(database, OTHER_KEY)) as world:
        assert (await opened(world, config)).publishable_key == "pk_test_n0_of_hers"


async def test_a_rotation_that_was_killed_goes_on(database: TestDatabase) -> None:
    async with running_world(database) as world:
        configs = await many(world, 12)
    keys = with_keys(database, f"{OTHER_KEY},{KEYS}")
    async with running_world(database, keys) as world:
        # The connection dies under the seventh, as if the process had.
        await world.superuser.execute(
            """
            CREATE SEQUENCE testing.writes;
            GRANT USAGE ON SEQUENCE testing.writes TO PUBLIC;
            CREATE FUNCTION testing.dies() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER AS $$
            BEGIN
                IF nextval('testing.writes') = 7 THEN
                    PERFORM pg_terminate_backend(pg_backend_pid());
                END IF;
                RETURN NEW;
            END
            $$;
            CREATE TRIGGER dies BEFORE UPDATE ON app.payment_config_keys
                FOR EACH ROW EXECUTE FUNCTION testing.dies();
            """
        )
        await world.work_off("keys.rewrap")
        assert await under(world) == {"k1": 6, "k2": 6}
    async with running_world(database, keys) as world:
        await world.travel(minutes=10)  # The lease of the run that died has lapsed.
        await world.work_off("keys.rewrap")
        assert await under(world) == {"k2": 12}
    async with running_world(database, with_keys(database, OTHER_KEY)) as world:
        for number, (_, config) in enumerate(configs):
            adapter = await opened(world, config)
            assert adapter.publishable_key == f"pk_test_n{number}_of_hers"


async def test_a_rotation_disturbs_nobody(database: TestDatabase) -> None:
    async with running_world(database) as world:
        configs = await many(world, 15)
    async with running_world(database, with_keys(database, f"{OTHER_KEY},{KEYS}")) as world:

        async def uses(number: int) -> None:
            for _ in range(10):
                adapter = await opened(world, configs[number][1])
                assert adapter.publishable_key == f"pk_test_n{number}_of_hers"

        async def changes(number: int) -> None:
            rolled = stripe_keys(f"n{number}", secret_key=f"sk_test_rolled{number}")
            await puts(world_person(world, configs[number][0]), "stripe", rolled)

        await asyncio.gather(
            world.work_off("keys.rewrap"),
            *(uses(number) for number in range(10)),
            *(changes(number) for number in range(10, 15)),
        )
        await world.work_off("keys.rewrap")
        assert await under(world) == {"k2": 15}


def world_person(world: World, person: Specialist) -> Specialist:
    """The same person, at the service that runs now."""
    return Specialist(world.http, id=person.id, token=person.token, name=person.name)


async def test_what_cannot_be_opened_does_not_stop_the_others(database: TestDatabase) -> None:
    async with running_world(database) as world:
        configs = await many(world, 3)
    third = "k3:" + base64.b64encode(bytes(range(100, 132))).decode()
    async with running_world(database, with_keys(database, f"{third},{KEYS}")) as world:
        await world.work_off("keys.rewrap")
    async with running_world(database, with_keys(database, f"{third},{KEYS}")) as world:
        await world.superuser.execute(
            "UPDATE app.payment_config_keys SET wrapped_key = '\\x00' WHERE config_id = $1",
            configs[1][1]["id"],
        )
    both = f"{OTHER_KEY},{third}"
    async with running_world(database, with_keys(database, both)) as world:
        outcome = await world.app.state.jobs.run_now("keys.rewrap", triggered_by="test")
        assert (outcome.counts.done, outcome.counts.failed) == (2, 1)
        assert await under(world) == {"k2": 2, "k3": 1}


async def test_live_keys_are_not_used_outside_of_production(world: World) -> None:
    """As after production's database was copied for a trial."""
    sarah = await world.specialist()
    made = await puts(sarah, "stripe", stripe_keys("sarah"))
    vault: Vault = world.app.state.vault
    (row,) = await world.rows(
        "SELECT c.id, c.specialist_id, k.* FROM app.payment_configs c"
        " JOIN app.payment_config_keys k ON k.config_id = c.id"
    )
    place = f"payment_config_keys|{row['id']}|{row['specialist_id']}|stripe|live"
    sealed = vault.enclose(b'{"publishable_key": "pk_live_hers"}', place=place)
    with pytest.raises(Undecipherable):
        vault.disclose(sealed, place=place.replace("live", "test"))
    await world.superuser.execute("UPDATE app.payment_configs SET is_live = true")
    await world.superuser.execute(
        "UPDATE app.payment_config_keys SET wrapped_key = $1, sealed_keys = $2",
        sealed.wrapped_key,
        sealed.sealed,
    )
    with pytest.raises(ProviderNotConfigured):
        await opened(world, made)
    assert (await sarah.get(MINE)).json["items"][0]["is_live"] is True
