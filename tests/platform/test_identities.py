"""Whom a token belongs to: told by the tables, remembered for 5 seconds, never longer."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from consulta.kernel.actor import Actor, Role
from consulta.kernel.errors import Unauthenticated
from consulta.platform.auth.identity import (
    MEMORY_SECONDS,
    EmailAlreadyRegistered,
    Identities,
)
from consulta.platform.auth.jwks import Jwks
from consulta.platform.db.work import Database
from tests.platform.issuer_fake import URL, Clock, FakeIssuer
from tests.platform.token_forge import (
    ELSEWHERE,
    OTHER_SECRET,
    our_header,
    settings,
    sign,
    their_claims,
)
from tests.world import Client, World


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database_of_world(world: World) -> Database:
    made: Database = world.app.state.database
    return made


@pytest.fixture
def replica(world: World, clock: Clock) -> Identities:
    """Another process of the same service: the same secret and tables, a memory of its own."""
    return Identities(world.app.state.database, settings=world.app.state.settings.auth, clock=clock)


@pytest.fixture
async def with_issuer(database_of_world: Database) -> AsyncIterator[Identities]:
    """A replica that trusts an external issuer's shared secret."""
    trusting = settings(external_issuer=ELSEWHERE, external_secret=SecretStr(OTHER_SECRET))
    made = Identities(database_of_world, settings=trusting)
    yield made
    await made.aclose()


def from_issuer(**claims: Any) -> str:
    return sign(our_header(), their_claims(**claims), secret=OTHER_SECRET.encode())


async def token_of(person: Client) -> str:
    assert person.token is not None
    return person.token


async def family_of(world: World, person: Client) -> uuid.UUID:
    found: uuid.UUID = await world.value(
        "SELECT family_id FROM app.user_sessions WHERE user_id = $1", person.id
    )
    return found


async def test_a_good_token_resolves_to_the_person_and_role_of_the_table(
    world: World, replica: Identities
) -> None:
    anna = await world.client()
    assert await replica.resolve(await token_of(anna)) == Actor(Role.CLIENT, anna.id)
    await world.superuser.execute("UPDATE app.users SET role = 'admin' WHERE id = $1", anna.id)
    replica.clear()
    assert await replica.resolve(await token_of(anna)) == Actor(Role.ADMIN, anna.id)


REVOCATIONS = {
    "the sign-in ends": "UPDATE app.user_sessions SET revoked_at = app.now() WHERE user_id = $1",
    "the account is disabled": "UPDATE app.users SET is_active = false WHERE id = $1",
    "the sign-in is purged": "DELETE FROM app.user_sessions WHERE user_id = $1",
}


@pytest.mark.parametrize("statement", REVOCATIONS.values(), ids=REVOCATIONS.keys())
async def test_a_revocation_elsewhere_takes_effect_within_five_seconds(
    world: World, replica: Identities, clock: Clock, statement: str
) -> None:
    anna = await world.client()
    await replica.resolve(await token_of(anna))
    await world.superuser.execute(statement, anna.id)
    clock.seconds += MEMORY_SECONDS
    with pytest.raises(Unauthenticated):
        await replica.resolve(await token_of(anna))
    with pytest.raises(Unauthenticated):
        await replica.resolve(await token_of(anna))


async def test_a_lost_role_is_lost_within_five_seconds(
    world: World, replica: Identities, clock: Clock
) -> None:
    ada = await world.admin()
    assert ada.token is not None
    await replica.resolve(ada.token)
    await world.superuser.execute("UPDATE app.users SET role = 'client' WHERE id = $1", ada.id)
    clock.seconds += MEMORY_SECONDS
    assert (await replica.resolve(ada.token)).role is Role.CLIENT


async def test_asking_often_does_not_prolong_the_memory(
    world: World, replica: Identities, clock: Clock
) -> None:
    anna = await world.client()
    await replica.resolve(await token_of(anna))
    await world.superuser.execute("UPDATE app.users SET is_active = false WHERE id = $1", anna.id)
    for _ in range(4):
        clock.seconds += 1
        assert (await replica.resolve(await token_of(anna))).id == anna.id
    clock.seconds += 1
    with pytest.raises(Unauthenticated):
        await replica.resolve(await token_of(anna))


async def test_a_token_that_ends_sooner_is_not_remembered_longer(
    world: World, replica: Identities, clock: Clock
) -> None:
    anna = await world.client()
    now = int(time.time())
    claims = {
        "iss": "consulta",
        "aud": "consulta",
        "iat": now,
        "nbf": now,
        "exp": now + 2,
        "sub": str(anna.id),
        "sid": str(await family_of(world, anna)),
        "jti": "0",
        "typ": "access",
    }
    secret = world.app.state.settings.auth.jwt_secret.get_secret_value().encode()
    token = sign(our_header(), claims, secret=secret)
    await replica.resolve(token)
    await world.superuser.execute("UPDATE app.users SET is_active = false WHERE id = $1", anna.id)
    clock.seconds += 2
    with pytest.raises(Unauthenticated):
        await replica.resolve(token)


async def test_what_is_forgotten_is_asked_for_at_once(world: World, replica: Identities) -> None:
    anna = await world.client()
    family = await family_of(world, anna)
    for forget in ({"family_id": family}, {"user_id": anna.id}):
        await world.superuser.execute("UPDATE app.users SET is_active = true")
        await replica.resolve(await token_of(anna))
        await world.superuser.execute("UPDATE app.users SET is_active = false")
        replica.forget(**forget)
        with pytest.raises(Unauthenticated):
            await replica.resolve(await token_of(anna))


async def test_forgetting_one_person_leaves_the_others_remembered(
    world: World, replica: Identities
) -> None:
    anna, ben = await world.client("Anna"), await world.client("Ben")
    await replica.resolve(await token_of(ben))
    await world.superuser.execute("UPDATE app.users SET is_active = false")
    replica.forget(user_id=anna.id)
    assert (await replica.resolve(await token_of(ben))).id == ben.id


async def test_a_look_that_a_sign_out_overtakes_is_not_remembered(
    world: World, replica: Identities
) -> None:
    anna = await world.client()
    family = await family_of(world, anna)
    async with world.database.connected() as blocker, blocker.transaction():
        # The look waits for this lock: it began before the sign-out and ends after it.
        await blocker.execute("LOCK app.user_sessions IN ACCESS EXCLUSIVE MODE")
        look = asyncio.create_task(replica.resolve(await token_of(anna)))
        await asyncio.sleep(0.2)
        replica.forget(family_id=family)
    await look
    await world.superuser.execute(REVOCATIONS["the sign-in ends"], anna.id)
    with pytest.raises(Unauthenticated):
        await replica.resolve(await token_of(anna))


async def test_the_memory_is_bounded(world: World, database_of_world: Database) -> None:
    small = Identities(database_of_world, settings=world.app.state.settings.auth, most_remembered=3)
    people = [await world.client(f"Person {number}") for number in range(5)]
    for person in people:
        await small.resolve(await token_of(person))
    await world.superuser.execute("UPDATE app.users SET is_active = false")
    for person in people[:2]:
        with pytest.raises(Unauthenticated):
            await small.resolve(await token_of(person))
    for person in people[2:]:
        assert (await small.resolve(await token_of(person))).id == person.id


async def test_a_token_for_another_persons_sign_in_is_refused(
    world: World, replica: Identities
) -> None:
    anna, ben = await world.client("Anna"), await world.client("Ben")
    assert anna.id is not None
    mixed = replica.tokens.issue(user_id=anna.id, family_id=await family_of(world, ben))
    with pytest.raises(Unauthenticated):
        await replica.resolve(mixed)


async def test_a_bad_signature_costs_no_look_at_the_tables(world: World, clock: Clock) -> None:
    database: Any = None
    blind = Identities(database, settings=world.app.state.settings.auth, clock=clock)
    for token in ("", "x", "x" * 100_000, from_issuer(), sign(our_header(), {"iss": "consulta"})):
        with pytest.raises(Unauthenticated):
            await blind.resolve(token)


async def test_the_first_token_of_an_issuers_subject_makes_a_client_with_a_profile(
    world: World, with_issuer: Identities
) -> None:
    subject = str(uuid.uuid4())
    actor = await with_issuer.resolve(from_issuer(sub=subject, role="service_role"))
    assert actor.role is Role.CLIENT
    rows = await world.rows(
        "SELECT u.email, u.role, u.issuer, u.subject, p.full_name FROM app.users u"
        " JOIN app.profiles p ON p.user_id = u.id WHERE u.id = $1",
        actor.id,
    )
    assert rows == [
        {
            "email": "anna@example.com",
            "role": "client",
            "issuer": ELSEWHERE,
            "subject": subject,
            "full_name": "Anna Weber",
        }
    ]
    assert (
        await world.value(
            "SELECT count(*) FROM app.audit_logs"
            " WHERE action = 'account_registered' AND subject_id = $1",
            actor.id,
        )
        == 1
    )


async def test_the_same_subject_is_the_same_person_whatever_else_changes(
    with_issuer: Identities,
) -> None:
    subject = str(uuid.uuid4())
    first = await with_issuer.resolve(from_issuer(sub=subject))
    again = await with_issuer.resolve(from_issuer(sub=subject, email="married@example.com"))
    without = await with_issuer.resolve(from_issuer(sub=subject, email=None))
    assert first == again == without


async def test_first_tokens_that_race_make_one_account(
    world: World, with_issuer: Identities
) -> None:
    subject = str(uuid.uuid4())
    tokens = [from_issuer(sub=subject, n=number) for number in range(20)]
    actors = await asyncio.gather(*(with_issuer.resolve(token) for token in tokens))
    assert len(set(actors)) == 1
    assert await world.value("SELECT count(*) FROM app.users") == 1


async def test_an_address_of_a_local_account_is_not_taken_over(
    world: World, with_issuer: Identities
) -> None:
    anna = await world.client()
    email = await world.value("SELECT email FROM app.users WHERE id = $1", anna.id)
    with pytest.raises(EmailAlreadyRegistered):
        await with_issuer.resolve(from_issuer(email=email.upper()))
    assert await world.value("SELECT issuer FROM app.users WHERE id = $1", anna.id) is None


async def test_two_subjects_cannot_share_an_address(with_issuer: Identities) -> None:
    await with_issuer.resolve(from_issuer())
    with pytest.raises(EmailAlreadyRegistered):
        await with_issuer.resolve(from_issuer())


async def test_a_newcomer_without_an_address_is_refused(
    world: World, with_issuer: Identities
) -> None:
    with pytest.raises(Unauthenticated):
        await with_issuer.resolve(from_issuer(email=None))
    assert await world.value("SELECT count(*) FROM app.users") == 0


async def test_a_disabled_person_stays_out_with_an_issuers_token(
    world: World, with_issuer: Identities
) -> None:
    subject = str(uuid.uuid4())
    await with_issuer.resolve(from_issuer(sub=subject))
    await world.superuser.execute("UPDATE app.users SET is_active = false")
    with pytest.raises(Unauthenticated):
        await with_issuer.resolve(from_issuer(sub=subject, n=1))


async def test_public_keys_of_an_issuer_open_the_door_too(database_of_world: Database) -> None:
    issuer = FakeIssuer()
    issuer.add_ec("one")
    identities = Identities(
        database_of_world,
        settings=settings(external_issuer=ELSEWHERE, external_jwks_url=URL),
        jwks=Jwks(URL, transport=issuer.transport),
    )
    assert (await identities.resolve(issuer.token("one", their_claims()))).role is Role.CLIENT
    await identities.aclose()
