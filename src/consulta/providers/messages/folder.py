"""Mail into a folder, for development: one file a mail, and reading them again."""

import asyncio
import contextlib
import email
import email.policy
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from consulta.providers.messages.envelope import octets
from consulta.providers.messages.port import Line, Mail, PostAway, Sender

MOST_MAILS = 1_000
"""Older ones make room."""


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail in the folder; `number` counts from the oldest."""

    number: int
    message: EmailMessage

    def header(self, name: str) -> str:
        # A long one begins on a line of its own, and keeps the blank of that.
        return str(self.message.get(name, "")).strip()

    def text(self) -> str:
        """Its plain text."""
        body = self.message.get_body(("plain",))
        return str(body.get_content()) if body is not None else ""

    def parts(self) -> list[str]:
        """The media types of its parts, with the method of a calendar."""
        found = []
        for part in self.message.walk():
            if not part.is_multipart():
                method = part.get_param("method")
                found.append(part.get_content_type() + (f"; method={method}" if method else ""))
        return found


class FolderPost:
    """A folder that takes mail and sends none on."""

    def __init__(self, folder: Path, sender: Sender) -> None:
        self._folder = folder
        self._sender = sender

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """The folder is there. Raises `PostAway`."""
        try:
            await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise PostAway(type(error).__name__) from error
        yield self

    async def send(self, mail: Mail) -> None:
        at = datetime.now(UTC)
        content = octets(mail, self._sender, at=at)
        # Of one that is sent again there is still one file.
        name = mail.message_id.strip("<>").partition("@")[0]
        try:
            await asyncio.to_thread(self._keep, f"{name}.eml", content)
        except OSError as error:
            raise PostAway(type(error).__name__) from error

    def _keep(self, name: str, content: bytes) -> None:
        part = self._folder / f".{name}.part"
        part.write_bytes(content)
        part.chmod(0o600)
        part.rename(self._folder / name)
        for old in _by_age(self._folder)[:-MOST_MAILS]:
            old.unlink(missing_ok=True)


def mails_in(folder: Path, *, to: str | None = None) -> Sequence[KeptMail]:
    """What lies in the folder, the oldest first; only what went to that address, if one is named.

    A mail keeps its number whoever is asked for.
    """
    found = []
    for number, path in enumerate(_by_age(folder), start=1):
        with contextlib.suppress(FileNotFoundError):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            assert isinstance(message, EmailMessage)
            kept = KeptMail(number, message)
            if to is None or to.lower() in kept.header("To").lower():
                found.append(kept)
    return found


def _by_age(folder: Path) -> list[Path]:
    aged = []
    for path in folder.glob("*.eml"):
        with contextlib.suppress(FileNotFoundError):
            aged.append((path.stat().st_mtime_ns, path.name, path))
    return [path for _, _, path in sorted(aged)]
