"""A post office: a real SMTP server on the loopback that keeps what it takes, and can misbehave."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from consulta.settings import MailSettings

SENDER = "post@consulta.test"


@dataclass(frozen=True, slots=True)
class Received:
    """One mail as it arrived."""

    to: str
    octets: bytes
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def id(self) -> str:
        return str(self.message["Message-ID"])

    def body(self, subtype: str = "plain") -> str:
        """The text, or with `html` the HTML."""
        part = self.message.get_body((subtype,))
        assert part is not None
        return str(part.get_content())

    def everything(self) -> str:
        """Headers, text, HTML and calendar, decoded."""
        parts = [part.get_content() for part in self.message.walk() if not part.is_multipart()]
        texts = [part.decode() if isinstance(part, bytes) else str(part) for part in parts]
        headers = [f"{name}: {value}" for name, value in self.message.items()]
        return "\n".join([*headers, *texts])

    def invitation(self) -> tuple[str, bytes] | None:
        """The method and the content of its calendar; the attached file must be the same."""
        inline = [
            part for part in self.message.walk() if part.get_content_type() == "text/calendar"
        ]
        files = list(self.message.iter_attachments())
        if not inline:
            assert not files
            return None
        (part,), (file,) = inline, files
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        assert file.get_content() == content
        return str(part.get_param("method")), content


@dataclass(slots=True)
class PostOffice:
    """What came in, and how it behaves: each trouble holds for the addresses named, or once."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    delayed: set[str] = field(default_factory=set)
    hangs_up: int = 0
    """How many mails are taken without a word: the line breaks instead."""
    lines: int = 0
    pause_seconds: float = 0
    """Between a mail that has come and the word that it was taken."""

    @property
    def settings(self) -> MailSettings:
        """Settings of a service that hands its mail in here."""
        return MailSettings(
            host="127.0.0.1",
            port=self.port,
            tls="none",
            sender=SENDER,
            timeout_seconds=5,
            frontend_url="https://app.consulta.test",
        )

    def to(self, address: str) -> list[Received]:
        return [one for one in self.received if one.to == address]

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.lines += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 there is nobody of that name"
        if address in self.delayed:
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        (to,) = envelope.rcpt_tos
        self.received.append(Received(to, envelope.content, message))
        await asyncio.sleep(self.pause_seconds)
        if self.hangs_up:
            self.hangs_up -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 OK"


@asynccontextmanager
async def post_office() -> AsyncIterator[PostOffice]:
    """An open post office."""
    office = PostOffice()
    loop = asyncio.get_running_loop()
    lines: list[SMTP] = []

    def answer() -> SMTP:
        lines.append(SMTP(office, hostname="post.consulta.test", enable_SMTPUTF8=False))
        return lines[-1]

    server = await loop.create_server(answer, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        for line in lines:
            if isinstance(line.transport, asyncio.Transport):
                line.transport.abort()
        await asyncio.sleep(0)  # So that the lines are gone when the office is.
