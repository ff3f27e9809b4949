"""The post as we speak of it: a mail, the line on which many are sent, and how it can fail."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Invitation:
    """A calendar file (RFC 5546) that mail programs act upon."""

    method: Literal["REQUEST", "CANCEL"]
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one person. `message_id` is the same whenever the same mail is sent again."""

    message_id: str
    to_address: str
    to_name: str
    subject: str
    text: str
    html: str
    language: str
    invitation: Invitation | None = None
    preferences_url: str | None = None
    """Where its kind can be switched off; None for what is told in any case."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes, and who is answered."""

    address: str
    name: str
    reply_to: str = ""

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


class MailFailed(Exception):
    """The mail did not go out, or nobody knows; `code` is safe to store."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class MailRefused(MailFailed):
    """For good: trying again would be refused again."""


class MailDelayed(MailFailed):
    """Not now; the line is still of use for other mail."""


class MailInDoubt(MailFailed):
    """The line broke while the mail was on it: it may have arrived. The line is of no more use."""


class PostAway(MailFailed):
    """Nothing can be sent at present, whichever mail it is."""


class Line(Protocol):
    """An open line to the post."""

    async def send(self, mail: Mail) -> None:
        """The post has taken the mail. Raises `MailFailed`."""
        ...


class Post(Protocol):
    """Takes mail."""

    def line(self) -> AbstractAsyncContextManager[Line]:
        """An open line for a batch. Raises `PostAway`."""
        ...
