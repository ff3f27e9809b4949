"""A mail as the octets of RFC 5322: text, HTML and calendar as alternatives, the file attached.

No value can begin a header of its own, and all of it is 7 bit.
"""

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from consulta.platform.letters import one_line
from consulta.providers.messages.port import Mail, MailRefused, Sender

_POLICY = SMTP.clone(cte_type="7bit")
_LONGEST_NAME = 200


def octets(mail: Mail, sender: Sender, *, at: datetime) -> bytes:
    """The mail ready to be sent. Raises `MailRefused` where the address cannot be one."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(sender.name, sender.address)
    message["To"] = _address(mail.to_name, mail.to_address)
    if sender.reply_to:
        message["Reply-To"] = _address("", sender.reply_to)
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = mail.message_id
    message["Content-Language"] = mail.language
    # Nobody's absence note should answer (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if mail.preferences_url is not None:
        message["List-Unsubscribe"] = f"<{mail.preferences_url}>"
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    if mail.invitation is not None:
        method = mail.invitation.method
        message.add_alternative(
            mail.invitation.content.decode(),
            subtype="calendar",
            cte="base64",
            params={"method": method},
        )
        message.add_attachment(
            mail.invitation.content,
            maintype="application",
            subtype="ics",
            filename="invite.ics" if method == "REQUEST" else "cancel.ics",
        )
    return message.as_bytes()


def _address(name: str, address: str) -> Address:
    try:
        return Address(one_line(name)[:_LONGEST_NAME], addr_spec=address)
    except (MessageError, ValueError, IndexError):
        # The standard library's parser says in all three ways that this is no address.
        raise MailRefused("BAD_ADDRESS") from None
