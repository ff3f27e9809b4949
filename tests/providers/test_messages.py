"""The ways of mail: a server, a folder that commands read, and the settings that choose."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from consulta import cli
from consulta.platform.calendar_file import Party, calendar_file
from consulta.providers.messages.folder import MOST_MAILS, FolderPost, mails_in
from consulta.providers.messages.port import (
    Invitation,
    Mail,
    MailInDoubt,
    MailRefused,
    PostAway,
    Sender,
)
from consulta.providers.messages.smtp import MailServer, SmtpPost
from consulta.settings import MailSettings, Settings
from tests.platform.calendar_reader import read_calendar
from tests.platform.test_calendar_file import EVENT
from tests.receivers.post_office import PostOffice, post_office

SENDER = Sender("post@consulta.test", "Consulta", reply_to="desk@consulta.test")
MAIL = Mail(
    message_id="<1@consulta.test>",
    to_address="anna@example.org",
    to_name='Anna "\r\nBcc: all@example.org" Ünal',
    subject="Your session\nBcc: all@example.org",
    text="Hello\n.\nQUIT\n" + "ä" * 2_000,
    html="<p>Hello</p>",
    language="en",
    invitation=Invitation("CANCEL", calendar_file(EVENT)),
    preferences_url="https://app.consulta.test/settings",
)


def server_at(office: PostOffice) -> MailServer:
    return MailServer("127.0.0.1", office.port, "", "", "none", timeout_seconds=2)


async def test_a_mail_arrives_whole_and_is_one_mail() -> None:
    async with post_office() as office:
        async with SmtpPost(server_at(office), SENDER).line() as line:
            await line.send(MAIL)
            with pytest.raises(MailRefused, match="BAD_ADDRESS"):
                await line.send(replace(MAIL, to_address="anna@@example.org, ben@example.org"))
            await line.send(replace(MAIL, message_id="<2@consulta.test>", invitation=None))
        first, second = office.received
    assert (office.lines, first.to, second.id) == (1, MAIL.to_address, "<2@consulta.test>")
    assert first.body().replace("\r\n", "\n").rstrip("\n") == MAIL.text
    assert first.message["Bcc"] is None
    assert first.message["Reply-To"].addresses[0].addr_spec == SENDER.reply_to
    (to,) = first.message["To"].addresses
    assert (to.display_name, to.addr_spec) == (
        'Anna " Bcc: all@example.org" Ünal',
        "anna@example.org",
    )
    assert first.invitation() is not None
    assert second.invitation() is None
    assert max(len(line) for line in first.octets.split(b"\r\n")) < 998


async def test_a_line_without_protection_is_not_used_where_it_is_asked_for() -> None:
    async with post_office() as office:
        with pytest.raises(PostAway):
            async with SmtpPost(replace(server_at(office), tls="starttls"), SENDER).line():
                pass
        with pytest.raises(PostAway):
            async with SmtpPost(
                replace(server_at(office), username="u", password="p"), SENDER
            ).line():
                pass
    with pytest.raises(PostAway):
        async with SmtpPost(replace(server_at(office), port=9), SENDER).line():
            pass
    assert office.received == []


async def says_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await asyncio.sleep(0.5)
    finally:
        writer.close()


async def test_a_server_that_says_nothing_ends_the_wait() -> None:
    silent = await asyncio.start_server(says_nothing, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    post = SmtpPost(MailServer("127.0.0.1", port, "", "", "none", timeout_seconds=0.2), SENDER)
    with pytest.raises(PostAway):
        async with post.line():
            pass
    silent.close()
    async with post_office() as office, SmtpPost(server_at(office), SENDER).line() as line:
        office.hangs_up = 1
        with pytest.raises(MailInDoubt):
            await line.send(MAIL)


def test_an_invitation_names_its_people_and_nobody_else() -> None:
    bad = Party('Dr. "A"\r\nATTENDEE:mailto:all@example.org', "post@consulta.test")
    event = replace(EVENT, organizer=bad, attendee=Party("Anna; Co: Ü", "anna+1@example.org"))
    found = read_calendar(calendar_file(event))
    assert (found["METHOD"], found["ORGANIZER"]) == ("REQUEST", "mailto:post@consulta.test")
    assert found["ATTENDEE"] == "mailto:anna+1@example.org"
    assert found["ORGANIZER of"].count('"') == 2


async def test_mail_in_a_folder_is_listed_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mail"
    async with FolderPost(folder, SENDER).line() as line:
        for number in (1, 2, 2):
            await line.send(replace(MAIL, message_id=f"<{number}@consulta.test>"))
        await line.send(replace(MAIL, message_id="<3@x>", to_address="ben@example.org"))
    assert [mail.number for mail in mails_in(folder)] == [1, 2, 3]
    assert MOST_MAILS > len(list(folder.iterdir())) == 3
    monkeypatch.setenv("MAIL_FOLDER", str(folder))
    assert cli.main(["mail", "list", "--to", "ben@example.org"]) == 0
    (listed,) = capsys.readouterr().out.splitlines()
    assert listed.split()[0] == "3"
    assert listed.endswith("ben@example.org  Your session Bcc: all@example.org")
    assert cli.main(["mail", "show", "3"]) == 0
    shown = capsys.readouterr().out
    assert "Message-ID: <3@x>" in shown
    assert "text/calendar; method=CANCEL" in shown
    assert cli.main(["mail", "show", "9"]) == 1


@pytest.mark.parametrize(
    ("mail", "sentence"),
    [
        ({}, "MAIL_HOST is not set: MAIL_DELIVERY=none says that nobody gets mail"),
        ({"folder": "mail"}, "MAIL_HOST is not set: MAIL_DELIVERY=none says that nobody gets mail"),
        ({"host": "h"}, "MAIL_FROM must be the mail address of the sender"),
        ({"delivery": "smtp", "sender": "a@b.example"}, "MAIL_HOST is not set"),
        ({"delivery": "folder"}, "MAIL_FOLDER is not set"),
        (
            {"host": "h", "sender": "a@b.example", "tls": "none", "username": "u"},
            "MAIL_TLS=none would send MAIL_PASSWORD unprotected",
        ),
        ({"reply_to": "nobody"}, "MAIL_REPLY_TO must be a mail address"),
        ({"frontend_url": "http://a"}, "FRONTEND_URL must begin with https:// in production"),
    ],
)
def test_production_refuses_mail_that_cannot_or_must_not_go_out(
    mail: dict[str, str], sentence: str
) -> None:
    given = MailSettings(**mail)  # type: ignore[arg-type]

    assert sentence in Settings(environment="production", mail=given).problems()


def test_production_takes_a_server_or_a_clear_no() -> None:
    server = MailSettings(
        host="mail.example.org", sender="a@b.example", username="u", password=SecretStr("p")
    )
    for mail in (server, MailSettings(delivery="none")):
        problems = Settings(environment="production", mail=mail).problems()
        assert not [one for one in problems if "MAIL" in one]
