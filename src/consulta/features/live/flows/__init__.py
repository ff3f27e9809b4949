"""Following the outbox in this process, and telling each person what is theirs."""

from consulta.features.live.flows.feed import Feed
from consulta.features.live.flows.stream import EventStream

__all__ = ["EventStream", "Feed"]
