"""Sending: due notifications are claimed, written from the truth, carried by the post, recorded."""

from consulta.features.notifications.flows.account_letters import AccountMail
from consulta.features.notifications.flows.mailroom import Mailroom, Sent
from consulta.features.notifications.flows.written import WORDS, Links, Writer

__all__ = ["WORDS", "AccountMail", "Links", "Mailroom", "Sent", "Writer"]
