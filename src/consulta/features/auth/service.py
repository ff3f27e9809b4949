"""Use cases about accounts inside one transaction."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from consulta.features.auth.errors import AccountNotFound
from consulta.kernel.actor import Role
from consulta.kernel.ids import UserId, new_secret
from consulta.platform.auth.identity import Identities
from consulta.platform.db.work import Work

RESET_FOR = timedelta(hours=1)
VERIFICATION_FOR = timedelta(hours=24)
"""How long the link in a letter is good, from the moment it is sent."""

_REGISTER = """
SELECT user_id, family_id, created_at FROM app.register($1, $2, $3, $4, $5, $6, $7, $8)
"""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gives: a short-lived access token and a refresh token for one use."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is known about an account before it exists; the password already as its hash."""

    email: str
    full_name: str
    role: str
    time_zone: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class Registered:
    id: UUID
    created_at: datetime
    tokens: Tokens


async def register(work: Work, account: NewAccount, *, identities: Identities) -> Registered:
    """The account exists, has a profile, and is signed in. Raises `EmailTaken`."""
    refresh_token = new_secret()
    row = await work.fetchrow(
        _REGISTER,
        account.email,
        account.password_hash,
        account.full_name,
        account.role,
        account.time_zone,
        hash_of(refresh_token),
        identities.settings.refresh_days,
        identities.settings.session_days,
    )
    assert row is not None
    _audit_registration(work, user_id=row["user_id"], role=account.role)
    tokens = tokens_for(
        identities,
        user_id=row["user_id"],
        family_id=row["family_id"],
        refresh_token=refresh_token,
    )
    return Registered(row["user_id"], row["created_at"], tokens)


async def create_account(
    work: Work,
    *,
    email: str,
    full_name: str,
    role: Role = Role.CLIENT,
    time_zone: str = "UTC",
    password_hash: str | None = None,
) -> UserId:
    """An account of any role, for seeds and the command line; `work` is the service's own. Without
    a hash nobody can sign in to it. Raises `EmailTaken`.
    """
    user_id: UUID = await work.fetchval(
        "SELECT app.create_account($1, $2, $3, $4, $5)",
        email.lower(),
        password_hash,
        full_name,
        str(role),
        time_zone,
    )
    _audit_registration(work, user_id=user_id, role=str(role))
    return UserId(user_id)


async def make_admin(work: Work, *, email: str) -> UserId:
    """The account is an admin's within 5 seconds; `work` is the service's own. Raises
    `AccountNotFound`.
    """
    user_id: UUID | None = await work.fetchval("SELECT app.make_admin($1)", email.lower())
    if user_id is None:
        raise AccountNotFound
    work.audit("role_changed", subject_type="user", subject_id=user_id, new={"role": "admin"})
    return UserId(user_id)


async def start_session(work: Work, *, user_id: UUID, identities: Identities) -> Tokens:
    """That person is signed in without a password: for walk-throughs and tests; `work` is the
    service's own.
    """
    refresh_token = new_secret()
    family_id: UUID = await work.fetchval(
        "SELECT app.start_session($1, $2, $3, $4)",
        user_id,
        hash_of(refresh_token),
        identities.settings.refresh_days,
        identities.settings.session_days,
    )
    work.audit("signed_in", subject_type="user", subject_id=user_id)
    return tokens_for(identities, user_id=user_id, family_id=family_id, refresh_token=refresh_token)


async def sign_out(work: Work, *, family_id: UUID) -> bool:
    """That sign-in of the caller is over, its refresh tokens included; False if it was before."""
    is_over: bool = await work.fetchval("SELECT app.end_session($1)", family_id)
    if is_over:
        work.audit("signed_out", subject_type="user", subject_id=work.actor.id)
    return is_over


def tokens_for(
    identities: Identities, *, user_id: UUID, family_id: UUID, refresh_token: str
) -> Tokens:
    tokens = identities.tokens
    return Tokens(
        access_token=tokens.issue(user_id=user_id, family_id=family_id),
        refresh_token=refresh_token,
        expires_in=tokens.lifetime_seconds,
    )


def hash_of(token: str) -> bytes:
    """What is stored of a token: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _audit_registration(work: Work, *, user_id: UUID, role: str) -> None:
    work.audit("account_registered", subject_type="user", subject_id=user_id, new={"role": role})
