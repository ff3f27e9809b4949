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
