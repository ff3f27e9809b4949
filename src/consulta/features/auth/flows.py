"""Signing up, in, on and out: a hash takes its time, and no transaction is open meanwhile.

A refused attempt must count and a reused token must end its family, so these acts commit even
where the answer is a refusal.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace

from starlette.responses import Response

from consulta.features.auth import queries, service
from consulta.features.auth.errors import InvalidCredentials, InvalidRefreshToken
from consulta.features.auth.schemas import Login, RegisteredOut, Registration, UserOut
from consulta.features.auth.service import NewAccount, Registered, Tokens, hash_of, tokens_for
from consulta.kernel.actor import ANONYMOUS, Actor
from consulta.kernel.ids import new_secret
from consulta.platform.auth.identity import Identities, Identity
from consulta.platform.auth.passwords import Passwords, ensure_strong
from consulta.platform.auth.turns import Turn, take_turns
from consulta.platform.db.work import Database, Work
from consulta.platform.http.idempotency import Once

GRACE_SECONDS = 10
"""How long a rotated refresh token still gives a sibling: two tabs that refresh at once are no
theft. After that its use ends the whole family.
"""

# The functions that read a password hash, and take it as proof, are the worker's: whoever could
# call them from the web pool could sign in as anybody.
_DOORKEEPER = Actor.system("auth.sign_in")

_SIGN_IN = "SELECT app.sign_in($1, $2, $3, $4, $5, $6)"
_ROTATE = "SELECT state, user_id, family_id FROM app.rotate_session($1, $2, $3, $4)"


@dataclass(frozen=True, slots=True)
class Desk:
    """What it takes to sign somebody in, and the address from which they came."""

    database: Database
    identities: Identities
    passwords: Passwords
    address: str

    @property
    def secret(self) -> bytes:
        return self.identities.settings.jwt_secret.get_secret_value().encode()

    async def take_turns(self, *turns: Turn) -> None:
        async with self.database.work(ANONYMOUS) as work:
            await take_turns(work, *turns, secret=self.secret)


async def register(desk: Desk, registration: Registration, *, once: Once) -> Response:
    """The account exists and is signed in; the same key and body get the same answer again.

    Raises `PasswordTooWeak`, `EmailTaken` and `RateLimited`.
    """
    settings = desk.identities.settings
    await desk.take_turns(Turn("register", desk.address, settings.registrations_per_minute))
    password = registration.password.get_secret_value()
    ensure_strong(password, email=registration.email)
    account = NewAccount(
        email=registration.email,
        full_name=registration.full_name,
        role=registration.role,
        time_zone=registration.time_zone,
        password_hash=await desk.passwords.hash(password),
    )
    once = replace(once, caller="anonymous:register:" + _keyed(desk, registration.email))
    async with desk.database.work(ANONYMOUS) as work:
        beginning = await once.begin(work, _unreadable(desk, registration))
        if beginning.replay is not None:
            return beginning.replay
        registered = await service.register(work, account, identities=desk.identities)
        return once.finish(
            work,
            subject_id=registered.id,
            status_code=201,
            answer=_answer(registered, account).model_dump_json().encode(),
        )


async def sign_in(desk: Desk, login: Login) -> Tokens:
    """A new sign-in. An unknown address and a wrong password look and last the same.

    Raises `InvalidCredentials`, `AccountDisabled` and `RateLimited`.
    """
    settings = desk.identities.settings
    await desk.take_turns(
        Turn("login-address", desk.address, settings.logins_per_minute_of_address),
        Turn("login-account", login.email, settings.logins_per_minute_of_account),
    )
    async with desk.database.read(_DOORKEEPER) as work:
        credential = await queries.credential_of(work, email=login.email)
    password = login.password.get_secret_value()
    stored = None if credential is None else credential.password_hash
    if not await desk.passwords.matches(password, stored) or credential is None:
        raise InvalidCredentials
    better = None
    if desk.passwords.is_outdated(credential.password_hash):
        better = await desk.passwords.hash(password)
    async with desk.database.work(_DOORKEEPER) as work:
        return await _start(work, desk, credential=credential, better_hash=better)


async def _start(
    work: Work, desk: Desk, *, credential: queries.Credential, better_hash: str | None
) -> Tokens:
    refresh_token = new_secret()
    settings = desk.identities.settings
    family_id = await work.fetchval(
        _SIGN_IN,
        credential.user_id,
        credential.password_hash,
        better_hash,
        hash_of(refresh_token),
        settings.refresh_days,
        settings.session_days,
    )
    work.audit("signed_in", subject_type="user", subject_id=credential.user_id)
    return tokens_for(
        desk.identities,
        user_id=credential.user_id,
        family_id=family_id,
        refresh_token=refresh_token,
    )


async def refresh(desk: Desk, *, refresh_token: str) -> Tokens:
    """The next pair of tokens; the one that was shown is used up.

    Whoever shows a used one again after `GRACE_SECONDS` ends the family: either they or the one
    who used it first is a thief. Raises `InvalidRefreshToken` and `RateLimited`.
    """
    settings = desk.identities.settings
    await desk.take_turns(Turn("refresh", desk.address, settings.refreshes_per_minute))
    successor = new_secret()
    async with desk.database.work(ANONYMOUS) as work:
        row = await work.fetchrow(
            _ROTATE,
            hash_of(refresh_token),
            hash_of(successor),
            settings.refresh_days,
            GRACE_SECONDS,
        )
        assert row is not None
        if row["state"] == "reused":
            work.audit(
                "refresh_token_reused",
                subject_type="user",
                subject_id=row["user_id"],
                new={"family_id": row["family_id"]},
                status="denied",
            )
    if row["state"] != "rotated":
        desk.identities.forget(family_id=row["family_id"])
        raise InvalidRefreshToken
    return tokens_for(
        desk.identities,
        user_id=row["user_id"],
        family_id=row["family_id"],
        refresh_token=successor,
    )


async def sign_out(desk: Desk, identity: Identity) -> None:
    """The sign-in that the token came from is over: here at once, elsewhere within 5 seconds. One
    of an external issuer ends there; nothing here belongs to it.
    """
    if identity.family_id is None:
        return
    async with desk.database.work(identity.actor) as work:
        await service.sign_out(work, family_id=identity.family_id)
    desk.identities.forget(family_id=identity.family_id)


def _answer(registered: Registered, account: NewAccount) -> RegisteredOut:
    return RegisteredOut(
        user=UserOut(
            id=registered.id,
            email=account.email,
            role=account.role,
            full_name=account.full_name,
            time_zone=account.time_zone,
            created_at=registered.created_at,
        ),
        access_token=registered.tokens.access_token,
        refresh_token=registered.tokens.refresh_token,
        expires_in=registered.tokens.expires_in,
    )


def _unreadable(desk: Desk, registration: Registration) -> Registration:
    """The body with the password as a keyed hash: its fingerprint is stored, and a plain one would
    be a fast hash of the password.
    """
    hidden = _keyed(desk, registration.password.get_secret_value())
    return registration.model_copy(update={"full_name": f"{registration.full_name}|{hidden}"})


def _keyed(desk: Desk, text: str) -> str:
    return hmac.digest(desk.secret, text.encode(), hashlib.sha256).hex()
