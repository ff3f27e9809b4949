"""Posting to strangers' addresses: nothing inside is reached, in whatever spelling, and nothing
that a receiver does takes longer or more than it may.
"""

import asyncio
import time
from collections.abc import Sequence
from ipaddress import ip_network

import pytest

from consulta.providers.outgoing.addresses import target_of
from consulta.providers.outgoing.pinned import PinnedOutgoing
from consulta.providers.outgoing.port import AddressRefused, NotPosted
from tests.receivers.listener import listening

LOOPBACK = (ip_network("127.0.0.1/32"),)

# PORT stands for the listener's, which answers on 127.0.0.1 and must hear of none of them.
MISSPELT = (
    *("http://127.0.0.1:PORT/", "http://example.org/", "ftp://example.org/", "https:/example.org"),
    *("https://", "https:///x", "//example.org", "example.org", "", " https://example.org"),
    *("https://user@example.org/", "https://a:b@example.org/", "https://example.org@127.0.0.1/"),
    *(
        "https://example.org\\@127.0.0.1/",
        "https://example.org\\.evil.org/",
        "https://ex ample.org/",
    ),
    *("https://example.org/\r\nHost: x", "https://example.org/\x00", "https://example.org/#f"),
    *("https://example.org./", "https://127.0.0.1./", "https://localhost./", "https://.org/"),
    *("https://localhost:PORT/", "https://a.localhost:PORT/", "https://LOCALHOST:PORT/"),
    *("https://printer/", "https://db.internal/", "https://nas.local/", "https://x.home.arpa/"),
    *("https://2130706433:PORT/", "https://0x7f000001:PORT/", "https://0x7f.1:PORT/"),
    *("https://017700000001:PORT/", "https://0177.0.0.1:PORT/", "https://127.1:PORT/"),
    *("https://127.0.1:PORT/", "https://0:PORT/", "https://0x7f.0x0.0x0.0x1:PORT/"),
    *("https://127.000.000.001:PORT/", "https://1.2.3.4.5/", "https://256.1.1.1/"),
    *("https://\uff11\uff12\uff17.0.0.1:PORT/", "https://127\u30020\u30020\u30021:PORT/"),
    *(
        "https://\u24db\u24de\u24d2alhost/",
        "https://b\u00fccher.example.org/",
        "https://[::1%25lo]/",
    ),
    *("https://example.org:22/", "https://example.org:0/", "https://example.org:70000/"),
    *("https://example.org:443x/", "https://example.org:-1/", "https://[::1", "https://::1/"),
    f"https://example.org/{'a' * 2000}",
)
INSIDE = (
    *("127.0.0.1", "127.8.9.10", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255"),
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"),
    *("255.255.255.255", "192.88.99.1", "168.63.129.16"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:1::1"),
    *("2001:db8::1", "3fff::1", "100::1", "4000::1", "not an address"),
)
PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e")


class Names:
    """A resolver that gives its answers one after the other, and the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def refused(outgoing: PinnedOutgoing, url: str) -> bool:
    """Refused when it is given to us, and again when it is posted to."""
    with pytest.raises(NotPosted, match="ADDRESS_REFUSED"):
        await outgoing.post(url, headers={}, body=b"{}")
    try:
        await outgoing.check(url)
    except AddressRefused:
        return True
    return False


async def test_no_spelling_of_an_inside_address_is_posted_to() -> None:
    names = Names(["93.184.215.14"])
    outgoing = PinnedOutgoing(resolve=names, total_seconds=3)
    begun = time.monotonic()
    async with listening() as listener:
        urls = [url.replace("PORT", str(listener.port)) for url in MISSPELT]
        literals = [f"[{one}]" if ":" in one else one for one in INSIDE[:-1]]
        urls += [f"https://{host}:{listener.port}/" for host in literals]

        let_through = [url for url in urls if not await refused(outgoing, url)]
        for address in INSIDE:
            names.answers = [[address]]
            if not await refused(outgoing, f"https://hook.example.org:{listener.port}/"):
                let_through.append(address)
            names.answers = [["93.184.215.14", address]]
            if not await refused(outgoing, f"https://hook.example.org:{listener.port}/"):
                let_through.append(f"{address} beside a public one")

    assert let_through == []
    assert listener.connections == 0
    assert time.monotonic() - begun < 5
    await outgoing.close()


async def test_public_addresses_are_let_through() -> None:
    names = Names(["93.184.215.14"])
    outgoing = PinnedOutgoing(resolve=names)
    for address in PUBLIC:
        names.answers = [[address]]
        await outgoing.check("https://hook.example.org/a?b=c")
        await outgoing.check(f"https://{f'[{address}]' if ':' in address else address}:8443/")
    names.answers = [[]]
    with pytest.raises(AddressRefused):
        await outgoing.check("https://hook.example.org/")
    target = target_of("https://Hook.Example.org:8443/a@b?c=//d")
    assert (target.host, target.authority) == ("hook.example.org", "hook.example.org:8443")
    await outgoing.close()


async def test_a_name_that_changes_its_address_is_of_no_use() -> None:
    """The address that was checked is the one that is connected to; no second one is asked for."""
    async with listening() as listener, listening(host="127.0.0.2", port=listener.port) as other:
        url = f"http://hook.example.org:{listener.port}/in?a=b"
        rebinding = Names(["127.0.0.1"], ["127.0.0.2"])
        outgoing = PinnedOutgoing(allowed=LOOPBACK, resolve=rebinding)

        await outgoing.post(url, headers={"webhook-id": "1"}, body=b"{}")
        with pytest.raises(NotPosted, match="ADDRESS_REFUSED"):
            await outgoing.post(url, headers={}, body=b"{}")

        assert rebinding.asked == ["hook.example.org"] * 2
        assert (listener.connections, other.connections) == (1, 0)
        said = listener.received[0]
        assert said.line == "POST /in?a=b HTTP/1.1"
        assert said.headers["host"] == f"hook.example.org:{listener.port}"
        await outgoing.close()


async def test_environment_and_receivers_choose_no_way(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as trap:
        away = f"HTTP/1.1 302 Said\r\nlocation: http://127.0.0.1:{trap.port}/\r\n".encode()
        away += b"set-cookie: a=b\r\ncontent-length: 0\r\n\r\n"
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{trap.port}")
        async with listening(away, 503) as listener:
            outgoing = PinnedOutgoing(allowed=LOOPBACK)
            moved = await outgoing.post(listener.url, headers={}, body=b"{}")
            again = await outgoing.post(listener.url, headers={}, body=b"{}")
            await outgoing.close()

    assert (moved.status, again.status, trap.connections) == (302, 503, 0)
    assert "cookie" not in listener.received[1].headers
    assert "authorization" not in listener.received[1].headers


async def test_nothing_lasts_longer_or_takes_more_than_it_may() -> None:
    garbage = b"SSH-2.0-OpenSSH_9.6\r\n\r\n"
    endless = b"HTTP/1.1 200 OK\r\n" + b"x: " + b"a" * 300_000 + b"\r\n\r\n"
    async with (
        listening("slow") as slow,
        listening("drip headers") as dripping,
        listening("drip") as drip,
        listening("huge") as huge,
        listening("hang up") as rude,
        listening(garbage) as other,
        listening(endless) as long,
    ):
        outgoing = PinnedOutgoing(allowed=LOOPBACK, total_seconds=0.8)

        async def told(url: str) -> str | int:
            try:
                return (await outgoing.post(url, headers={}, body=b"{}")).status
            except NotPosted as error:
                return error.code

        async def hangs(_host: str, _port: int) -> Sequence[str]:
            await asyncio.sleep(60)
            return []

        begun = time.monotonic()
        listeners = (slow, dripping, drip, huge, rude, other, long)
        answers = await asyncio.gather(*(told(one.url) for one in listeners))
        closed = await told("http://127.0.0.1:1/")
        took = time.monotonic() - begun
        lost = PinnedOutgoing(resolve=hangs, total_seconds=0.2)
        with pytest.raises(NotPosted, match="TIMEOUT"):
            await lost.post("https://hook.example.org/", headers={}, body=b"{}")

        assert answers[:2] == ["TIMEOUT", "TIMEOUT"]
        assert answers[2] in {200, "TIMEOUT"}
        assert answers[3:] == [200, "BROKEN_ANSWER", "BROKEN_ANSWER", "BROKEN_ANSWER"]
        assert closed == "CONNECTION_FAILED"
        assert took < 4
        assert huge.sent_bytes < 20_000_000  # of a thousand million; most stand in buffers
        await outgoing.close()
        await lost.close()
