"""Which addresses may be posted to: the spelling of a URL, and the addresses behind its name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from consulta.providers.outgoing.port import AddressRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MOST_CHARACTERS = 2_000
_LOWEST_FREE_PORT = 1_024
_HIGHEST_PORT = 65_535
_PORTS = {"https": 443, "http": 80}

# Stricter than any parser of URLs, so that none can read another host in it than we do: no user
# info, no backslash, no character outside of ASCII, no trailing dot.
_URL = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[!$-\[\]-~]*)?"
)
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")

_INWARD = frozenset(
    {"localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "onion", "alt"}
    | {"test", "example", "invalid"}
)
"""Last labels of names that mean something only inside of a network, or nothing at all."""

_NEVER: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15"),
        "168.63.129.16/32",  # a cloud's own services, at a public address
        *("64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
"""What counts as public somewhere and is not, tunnels into IPv4 included."""

_GLOBAL = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that was read: nothing of it is read a second time."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """As it stands in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def at(self, address: Address) -> str:
        """The URL with that address in place of the name."""
        host = f"[{address}]" if address.version == 6 else str(address)
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def target_of(url: str, *, allowed: Sequence[Network] = ()) -> Target:
    """What a URL names. Plain http and inward names only where private networks are allowed at all.

    Raises `AddressRefused`.
    """
    found = _URL.fullmatch(url)
    if found is None or len(url) > _MOST_CHARACTERS:
        raise AddressRefused
    scheme, host = found["scheme"], found["host"].strip("[]").lower()
    port = int(found["port"] or _PORTS[scheme])
    if not allowed and (scheme != "https" or not _is_port(port) or _is_inward(host)):
        raise AddressRefused
    if port > _HIGHEST_PORT or (literal_of(host) is None and _looks_numeric(host)):
        raise AddressRefused
    return Target(scheme, host, port, found["path"] or "/")


def literal_of(host: str) -> Address | None:
    """The address that a host spells out, in the one spelling that everybody reads alike."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: Address, *, allowed: Sequence[Network] = ()) -> bool:
    """Whether packets to it leave our networks for a host of the internet."""
    if any(address in network for network in allowed if network.version == address.version):
        return True
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return False
        inner = address.ipv4_mapped
        if address in _TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in _GLOBAL:
            return False
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    return address.is_global and not (
        address.is_private or address.is_multicast or address.is_reserved or address.is_loopback
    )


def _is_port(port: int) -> bool:
    return port == _PORTS["https"] or port >= _LOWEST_FREE_PORT


def _is_inward(host: str) -> bool:
    if literal_of(host) is not None:
        return False
    labels = host.split(".")
    return len(labels) == 1 or labels[-1] in _INWARD


def _looks_numeric(host: str) -> bool:
    """Octal, hexadecimal, short and whole-number spellings, which some resolvers take for IPv4."""
    return ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]) is not None
