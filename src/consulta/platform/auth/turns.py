"""Turns: how often somebody may knock, counted in the database and so for all replicas together."""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass

from fastapi import Request

from consulta.kernel.errors import RateLimited
from consulta.platform.db.work import Work

_SUBSCRIBER_BITS = 64


@dataclass(frozen=True, slots=True)
class Turn:
    """What is counted: an act, by whom, how many a minute, or in so many `minutes`; all of them may
    come at once.
    """

    act: str
    who: str
    per_minute: int
    minutes: int = 1


async def take_turns(work: Work, *turns: Turn, secret: bytes) -> None:
    """Each of `turns` is counted. Raises `RateLimited` with the seconds to wait.

    The counters survive only if the transaction commits: take turns in one of their own. Their
    names are keyed hashes, so that the table tells nobody who knocked.
    """
    for turn in turns:
        name = hmac.digest(secret, f"{turn.act}|{turn.who}".encode(), hashlib.sha256).hex()
        wait = await work.fetchval(
            "SELECT app.take_turn($1, $2::integer / $3::numeric, $2)",
            name,
            turn.per_minute,
            turn.minutes,
        )
        if wait:
            raise RateLimited(retry_after_seconds=int(wait))


def address_of(request: Request) -> str:
    """The client's address as the server saw it; an IPv6 subscriber counts as one /64."""
    if request.client is None:
        return "unknown"
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return request.client.host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((int(address), _SUBSCRIBER_BITS), strict=False))
        address = address.ipv4_mapped
    return str(address)
