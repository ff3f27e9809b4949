"""What both routes that erase an account answer."""

from datetime import datetime

from consulta.platform import personal_data
from consulta.platform.http.schema import Answer
from consulta.platform.personal_data import Register


class Kept(Answer):
    """What outlives an account, and why."""

    what: str
    why: str


class ErasedOut(Answer):
    """Nobody can sign in to the account any more, and nothing says whose it was."""

    erased_at: datetime
    kept: list[Kept]

    @classmethod
    def of(cls, erased_at: datetime, register: Register) -> "ErasedOut":
        """With what the rooms of that register keep."""
        kept = personal_data.kept(register)
        return cls(
            erased_at=erased_at, kept=[Kept(what=what, why=why) for what, why in kept.items()]
        )
