"""Signing up, in, on and out: a hash takes its time, and no transaction is open meanwhile.

A refused attempt must count and a reused token must end its family, so these acts commit even
where the answer is a refusal.
"""

import hashlib
import hmac
from dataclasses import dataclass, replace

from starlette.responses import Response

from consulta.features.auth import queries, service
from consulta.features.auth.errors import (
    InvalidCredentials,
    InvalidRefreshToken,
    ResetTokenInvalid,
    VerificationTokenInvalid,
)
from consulta.features.auth.schemas import Login, RegisteredOut, Registration, Reset, UserOut
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

LETTERS_PER_HOUR = 3
"""Of each kind, to one address, whether there is an account or not."""

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


async def forgot(desk: Desk, *, email: str) -> None:
    """A letter with a link is due, if an active account of ours has that address. Nobody learns
    whether: the same is counted, done and recorded either way. Raises `RateLimited`.
    """
    await desk.take_turns(
        Turn("letter-address", desk.address, desk.identities.settings.letters_per_minute),
        Turn("reset-letter", email, LETTERS_PER_HOUR, minutes=60),
    )
    async with desk.database.work(ANONYMOUS) as work:
        await work.execute("SELECT app.ask_for_reset($1)", email)
        work.audit("password_reset_asked", subject_type="user", subject_id=None)


async def reset_password(desk: Desk, reset: Reset) -> None:
    """The account has the new password, and every sign-in of it is over: here at once, elsewhere
    within 5 seconds. The token is used up, unless the password is too weak.

    Raises `ResetTokenInvalid`, `PasswordTooWeak` and `RateLimited`.
    """
    await desk.take_turns(
        Turn("letter-token", desk.address, desk.identities.settings.letters_per_minute)
    )
    token_hash = hash_of(reset.token.get_secret_value())
    # Before the hash of a password, which is work that only a good token may cause.
    async with desk.database.read(ANONYMOUS) as work:
        email = await queries.address_of_reset(work, token_hash)
    if email is None:
        raise ResetTokenInvalid
    password = reset.password.get_secret_value()
    ensure_strong(password, email=email)
    password_hash = await desk.passwords.hash(password)
    async with desk.database.work(ANONYMOUS) as work:
        user_id = await work.fetchval(
            "SELECT app.reset_password($1, $2)", token_hash, password_hash
        )
        if user_id is None:
            raise ResetTokenInvalid
        work.audit("password_reset", subject_type="user", subject_id=user_id)
    desk.identities.forget(user_id=user_id)


async def ask_for_verification(desk: Desk, actor: Actor) -> None:
    """A letter with a link is due, unless the address is confirmed. Raises `RateLimited`."""
    await desk.take_turns(Turn("verification-letter", str(actor.id), LETTERS_PER_HOUR, minutes=60))
    async with desk.database.work(actor) as work:
        await work.execute("SELECT app.ask_for_verification()")
        work.audit("email_verification_asked", subject_type="user", subject_id=actor.id)


async def verify_email(desk: Desk, *, token: str) -> None:
    """The address of the account is confirmed; the token is used up.

    Raises `VerificationTokenInvalid` and `RateLimited`.
    """
    await desk.take_turns(
        Turn("letter-token", desk.address, desk.identities.settings.letters_per_minute)
    )
    async with desk.database.work(ANONYMOUS) as work:
        user_id = await work.fetchval("SELECT app.verify_email($1)", hash_of(token))
        if user_id is None:
            raise VerificationTokenInvalid
        work.audit("email_verified", subject_type="user", subject_id=user_id)


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
