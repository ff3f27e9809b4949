"""Identity: from the Authorization header to an actor, with a short memory of what was found."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from fastapi import Request

from consulta.kernel.actor import ANONYMOUS, Actor, Role
from consulta.kernel.errors import Unauthenticated
from consulta.platform.auth.external import ExternalClaims, ExternalTokens
from consulta.platform.auth.jwks import Jwks
from consulta.platform.auth.tokens import MOST_TOKEN_BYTES, AccessClaims, AccessTokens, read_token
from consulta.platform.db.work import Database
from consulta.settings import AuthSettings

MEMORY_SECONDS = 5
"""Whatever is revoked, disabled or demoted anywhere takes effect here within this time."""

_MOST_REMEMBERED = 10_000
_IDENTITY = "SELECT role, is_active, is_revoked FROM app.identity($1, $2)"
_EXTERNAL = "SELECT user_id, role, is_active, is_new FROM app.identity_of_external($1, $2, $3, $4)"


class EmailAlreadyRegistered(Unauthenticated):
    """This e-mail address belongs to an account with a password: sign in with that."""

    # An issuer's word about an address must not open an account that somebody else made here.
    code = "EMAIL_ALREADY_REGISTERED"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token belongs to. `family_id` is our own sign-in, None for an external issuer's;
    `expires_at` is the token's end in seconds since 1970.
    """

    actor: Actor
    family_id: UUID | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class _Remembered:
    identity: Identity
    good_until: float
    """On the monotonic clock."""


class Identities:
    """Resolves tokens: signature first, then one look at the tables, remembered for 5 seconds."""

    def __init__(
        self,
        database: Database,
        *,
        settings: AuthSettings,
        jwks: Jwks | None = None,
        most_remembered: int = _MOST_REMEMBERED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.tokens = AccessTokens(settings)
        self._external = ExternalTokens(settings, jwks=jwks) if settings.external_issuer else None
        self._jwks = jwks
        self._database = database
        self._clock = clock
        self._most_remembered = most_remembered
        self._remembered: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._forgotten = 0

    @classmethod
    def from_settings(cls, database: Database, settings: AuthSettings) -> Self:
        """With the external issuer's public keys, where the settings name their address."""
        jwks = Jwks(settings.external_jwks_url) if settings.external_jwks_url else None
        return cls(database, settings=settings, jwks=jwks)

    async def resolve(self, token: str) -> Actor:
        """On whose behalf a bearer of this token acts. Raises `Unauthenticated`."""
        return (await self.identify(token)).actor

    async def identify(self, token: str) -> Identity:
        """The same, with the sign-in that the token came from. Raises `Unauthenticated`."""
        if len(token) > MOST_TOKEN_BYTES:
            raise Unauthenticated
        key = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        now = self._clock()
        found = self._remembered.get(key)
        if found is not None and now < found.good_until:
            self._remembered.move_to_end(key)
            return found.identity
        self._remembered.pop(key, None)
        forgotten = self._forgotten
        identity = await self._look(token)
        # The clock was read before the look, and a sign-out meanwhile must not be overwritten.
        if forgotten == self._forgotten:
            left = min(MEMORY_SECONDS, identity.expires_at - time.time())
            self._remember(key, _Remembered(identity, now + left))
        return identity

    def forget(self, *, family_id: UUID | None = None, user_id: UUID | None = None) -> None:
        """That sign-in, or everything of that person, is asked for anew in this process at once."""
        self._forgotten += 1
        gone = [
            key
            for key, one in self._remembered.items()
            if (family_id is not None and one.identity.family_id == family_id)
            or (user_id is not None and one.identity.actor.id == user_id)
        ]
        for key in gone:
            del self._remembered[key]

    def clear(self) -> None:
        """Nothing is remembered."""
        self._forgotten += 1
        self._remembered.clear()

    async def aclose(self) -> None:
        if self._jwks is not None:
            await self._jwks.aclose()

    def _remember(self, key: bytes, one: _Remembered) -> None:
        self._remembered[key] = one
        while len(self._remembered) > self._most_remembered:
            self._remembered.popitem(last=False)

    async def _look(self, token: str) -> Identity:
        read = read_token(token)
        if read.issuer == self.tokens.issuer:
            return await self._own(self.tokens.verify(read))
        if self._external is not None and read.issuer == self._external.issuer:
            return await self._of_issuer(await self._external.verify(read))
        raise Unauthenticated

    async def _own(self, claims: AccessClaims) -> Identity:
        async with self._database.read(ANONYMOUS) as work:
            row = await work.fetchrow(_IDENTITY, claims.user_id, claims.family_id)
        if row is None or row["is_revoked"] or not row["is_active"]:
            raise Unauthenticated
        actor = Actor(Role(row["role"]), claims.user_id)
        return Identity(actor, claims.family_id, claims.expires_at)

    async def _of_issuer(self, claims: ExternalClaims) -> Identity:
        """The first sight of a subject makes a client's account with a profile."""
        async with self._database.work(ANONYMOUS) as work:
            row = await work.fetchrow(
                _EXTERNAL, claims.issuer, claims.subject, claims.email, claims.full_name
            )
            assert row is not None
            if row["is_new"]:
                work.audit(
                    "account_registered",
                    subject_type="user",
                    subject_id=row["user_id"],
                    new={"role": row["role"], "issuer": claims.issuer},
                )
        if not row["is_active"]:
            raise Unauthenticated
        return Identity(Actor(Role(row["role"]), row["user_id"]), None, claims.expires_at)


async def identity_of(request: Request) -> Identity | None:
    """Who sent this request; None where no token came. Raises `Unauthenticated`: whoever shows a
    token must show a good one.
    """
    sent = request.headers.getlist("authorization")
    if not sent:
        return None
    scheme, _, token = sent[0].partition(" ")
    if len(sent) > 1 or scheme.lower() != "bearer":
        raise Unauthenticated
    identities: Identities = request.app.state.identities
    return await identities.identify(token)


async def actor_of(request: Request) -> Actor:
    """On whose behalf this request acts: nobody's where no token came. Raises `Unauthenticated`."""
    identity = await identity_of(request)
    return ANONYMOUS if identity is None else identity.actor
