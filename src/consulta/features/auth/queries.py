"""What signing in reads."""

from dataclasses import dataclass
from uuid import UUID

from consulta.platform.db.work import Work


@dataclass(frozen=True, slots=True)
class Credential:
    """An account, and the hash that its password is compared with."""

    user_id: UUID
    password_hash: str


async def credential_of(work: Work, *, email: str) -> Credential | None:
    """The credential of that address; None where there is no account, or one without a password."""
    row = await work.fetchrow("SELECT user_id, password_hash FROM app.credential_of($1)", email)
    return None if row is None else Credential(row["user_id"], row["password_hash"])


async def address_of_reset(work: Work, token_hash: bytes) -> str | None:
    """The address to which the token of a reset was sent; None where the token is not good."""
    found: str | None = await work.fetchval("SELECT app.address_of_reset($1)", token_hash)
    return found
