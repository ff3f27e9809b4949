"""Sending: due notifications are claimed, written from the truth, carried by the post, recorded."""

from consulta.features.notifications.flows.mailroom import Mailroom, Sent
from consulta.features.notifications.flows.written import WORDS, Links, Writer

__all__ = ["WORDS", "Links", "Mailroom", "Sent", "Writer"]
