"""Mail over SMTP: one connection for a batch, every wait bounded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from consulta.providers.messages.envelope import octets
from consulta.providers.messages.port import (
    Line,
    Mail,
    MailDelayed,
    MailInDoubt,
    MailRefused,
    PostAway,
    Sender,
)

Tls = Literal["starttls", "tls", "none"]
_PERMANENT = 500
_GOING_AWAY = 421
_GOODBYE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in."""

    host: str
    port: int
    username: str
    password: str
    tls: Tls
    timeout_seconds: float


class SmtpPost:
    """A server that takes mail by SMTP."""

    def __init__(self, server: MailServer, sender: Sender) -> None:
        self._server = server
        self._sender = sender

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """A connection, signed in. Raises `PostAway` where none can be had in time."""
        client = self._client()
        try:
            async with asyncio.timeout(2 * self._server.timeout_seconds):
                await client.connect()
        except (SMTPException, OSError, ValueError) as error:
            client.close()
            raise PostAway(type(error).__name__) from error
        try:
            yield _SmtpLine(client, self._sender, self._server.timeout_seconds)
        finally:
            await _hang_up(client)

    def _client(self) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password or None,
            # Ours by its address: the machine's name is nobody's business, and asking may wait.
            local_hostname=self._sender.domain,
            timeout=server.timeout_seconds,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
        )


class _SmtpLine:
    def __init__(self, client: SMTP, sender: Sender, timeout_seconds: float) -> None:
        self._client = client
        self._sender = sender
        self._timeout_seconds = timeout_seconds

    async def send(self, mail: Mail) -> None:
        content = octets(mail, self._sender, at=datetime.now(UTC))
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._client.sendmail(self._sender.address, [mail.to_address], content)
        except SMTPRecipientsRefused as error:
            raise _of_recipient(error) from error
        except SMTPSenderRefused as error:
            # Not this mail's fault: the server wants another sender, or none of ours at present.
            raise PostAway(f"SENDER_{error.code}") from error
        except SMTPServerDisconnected as error:
            raise MailInDoubt("DISCONNECTED") from error
        except SMTPResponseException as error:
            raise _of_answer(error.code) from error
        except (TimeoutError, SMTPException, OSError) as error:
            # The answer may still come, and would be taken for that to the next mail.
            self._client.close()
            raise MailInDoubt(type(error).__name__) from error
        except ValueError as error:
            raise MailRefused("BAD_ADDRESS") from error


def _of_recipient(error: SMTPRecipientsRefused) -> Exception:
    code = error.recipients[0].code if error.recipients else _PERMANENT
    if code == _GOING_AWAY:
        return PostAway("SMTP_421")
    return MailRefused(f"RECIPIENT_{code}") if code >= _PERMANENT else MailDelayed(f"SMTP_{code}")


def _of_answer(code: int) -> Exception:
    if code == _GOING_AWAY:
        return PostAway("SMTP_421")
    return MailRefused(f"SMTP_{code}") if code >= _PERMANENT else MailDelayed(f"SMTP_{code}")


async def _hang_up(client: SMTP) -> None:
    try:
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await client.quit()
    except (SMTPException, OSError, TimeoutError):
        client.close()
