"""Posting over HTTP to the very address that was checked: a name is resolved once for each post,
and the connection goes to what it was resolved to.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import httpx

from consulta.providers.outgoing.addresses import (
    Address,
    Network,
    Target,
    is_public,
    literal_of,
    target_of,
)
from consulta.providers.outgoing.port import AddressRefused, Answered, NotPosted

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

RESOLVE_SECONDS = 5.0
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
BODY_SECONDS = 2.0
MOST_BODY_BYTES = 65_536
_MOST_RESOLVING = 8
_MOST_ADDRESSES = 32
_MOST_CONNECTIONS = 256


class PinnedOutgoing:
    """Posts to public addresses, and to those of `allowed` networks. `total_seconds` is all the
    time that a receiver gets, its name's included.
    """

    def __init__(
        self,
        *,
        allowed: Sequence[Network] = (),
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        # A resolver that hangs holds a thread until it gives up: not one of those that others need.
        self._threads = ThreadPoolExecutor(_MOST_RESOLVING, thread_name_prefix="resolve")
        self._allowed = tuple(allowed)
        self._resolve = resolve or self._ask_system
        self._total_seconds = total_seconds
        self._tls = tls

    @cached_property
    def _transport(self) -> httpx.AsyncHTTPTransport:
        # A transport and no client: that would follow, decode, and keep cookies for others.
        return httpx.AsyncHTTPTransport(
            verify=self._tls or ssl.create_default_context(),
            trust_env=False,
            # The next post asks the resolver again, so no connection is kept.
            limits=httpx.Limits(max_keepalive_connections=0, max_connections=_MOST_CONNECTIONS),
        )

    async def check(self, url: str) -> None:
        """Raises `AddressRefused`, also for a name that cannot be resolved."""
        await self._checked(target_of(url, allowed=self._allowed))

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answered:
        try:
            async with asyncio.timeout(self._total_seconds):
                target = target_of(url, allowed=self._allowed)
                address = await self._checked(target)
                return await self._post(target, address, headers, body)
        except AddressRefused:
            raise NotPosted("ADDRESS_REFUSED") from None
        except (TimeoutError, httpx.TimeoutException):
            raise NotPosted("TIMEOUT") from None
        except httpx.ConnectError as error:
            raise NotPosted("TLS_FAILED" if _is_tls(error) else "CONNECTION_FAILED") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise NotPosted("BROKEN_ANSWER") from None

    async def close(self) -> None:
        if "_transport" in self.__dict__:
            await self._transport.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _checked(self, target: Target) -> Address:
        """An address of the target, all of whose addresses are public.

        One private address among public ones is a trap or a mistake: it is refused as a whole.
        """
        literal = literal_of(target.host)
        found = [literal] if literal is not None else await self._addresses(target)
        if not found or not all(is_public(one, allowed=self._allowed) for one in found):
            raise AddressRefused
        return found[0]

    async def _addresses(self, target: Target) -> list[Address]:
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                texts = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError):
            # Time-outs are OSErrors, too.
            raise AddressRefused from None
        addresses = [literal_of(text) for text in texts[:_MOST_ADDRESSES]]
        if None in addresses:
            raise AddressRefused
        return [one for one in addresses if one is not None]

    async def _ask_system(self, host: str, port: int) -> Sequence[str]:
        def ask() -> list[str]:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            return [str(one[4][0]) for one in found]

        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    async def _post(
        self, target: Target, address: Address, headers: Mapping[str, str], body: bytes
    ) -> Answered:
        request = httpx.Request(
            "POST",
            target.at(address),
            content=body,
            headers={**headers, "Host": target.authority, "Accept-Encoding": "identity"},
            extensions={
                # The certificate has to be the name's, though the connection goes to the address.
                "sni_hostname": target.host,
                "timeout": dict.fromkeys(("read", "write", "pool"), self._total_seconds)
                | {"connect": CONNECT_SECONDS},
            },
        )
        answer = await self._transport.handle_async_request(request)
        try:
            await _listen_to(answer)
        finally:
            await answer.aclose()
        return Answered(answer.status_code, answer.headers.get("retry-after"))


def _is_tls(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None


async def _listen_to(answer: httpx.Response) -> None:
    """A polite receiver has said all; from others no more is taken than this."""
    taken = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in answer.aiter_raw():
                taken += len(piece)
                if taken > MOST_BODY_BYTES:
                    return
    except (TimeoutError, httpx.HTTPError):
        # The status has been said, and nothing else counts.
        return
