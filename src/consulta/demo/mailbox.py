"""The mail of the demo, and of whoever lets mail lie in a folder: listed and shown."""

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from consulta.demo.run import FOLDER, MAIL
from consulta.providers.messages.folder import KeptMail, mails_in
from consulta.settings import MailSettings


class NoSuchMail(Exception):
    """There is no mail of that number."""


def folder_of(settings: MailSettings) -> Path:
    """Where mail lies: where the settings say, or where the demo puts it."""
    return Path(settings.folder) if settings.folder else FOLDER / MAIL


def listed(folder: Path, *, to: str | None) -> Iterator[str]:
    """A line a mail, the oldest first: number, moment, address, subject."""
    mails = mails_in(folder, to=to)
    if not mails:
        yield f"No mail in {folder}"
    for mail in mails:
        subject = mail.header("Subject")
        yield f"{mail.number:>4}  {_sent(mail):%Y-%m-%d %H:%M}  {_address(mail)}  {subject}"


def shown(folder: Path, number: int) -> Iterator[str]:
    """Its headers, its text, and what else is in it. Raises `NoSuchMail`."""
    for mail in mails_in(folder):
        if mail.number == number:
            break
    else:
        raise NoSuchMail(f"There is no mail {number} in {folder}")
    for name in ("From", "To", "Date", "Subject", "Message-ID"):
        yield f"{name}: {mail.header(name)}"
    yield ""
    yield mail.text().rstrip()
    yield ""
    yield f"({', '.join(mail.parts())})"


def _sent(mail: KeptMail) -> datetime:
    return parsedate_to_datetime(mail.header("Date"))


def _address(mail: KeptMail) -> str:
    (one, *_) = mail.message["To"].addresses
    return str(one.addr_spec)
