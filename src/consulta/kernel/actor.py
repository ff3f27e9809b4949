"""Actor: on whose behalf a transaction runs."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person is to the service; `SYSTEM` is the service itself at work."""

    ANONYMOUS = "anonymous"
    CLIENT = "client"
    SPECIALIST = "specialist"
    ADMIN = "admin"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. A specialist may also book as a client; an admin acts for others, on the record."""

    role: Role
    id: UUID | None = None
    name: str = ""
    """For `SYSTEM`: which part of the service acts, as it will stand in the audit log."""

    @classmethod
    def anonymous(cls) -> "Actor":
        return ANONYMOUS

    @classmethod
    def system(cls, name: str) -> "Actor":
        """The service at work: jobs, the inbox, the recording of a provider's answer."""
        return cls(Role.SYSTEM, None, name)

    @property
    def is_person(self) -> bool:
        return self.id is not None

    @property
    def label(self) -> str:
        """How the actor is named in the audit log: a role, and the part of the service."""
        return f"{self.role}:{self.name}" if self.name else str(self.role)


ANONYMOUS = Actor(Role.ANONYMOUS)
