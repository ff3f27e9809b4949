"""The wire protocol of PostgreSQL as far as a proxy must understand it: its frames.

Source of all layouts: PostgreSQL's manual, chapter "Frontend/Backend Protocol", version 3.
"""

import asyncio
import struct
from dataclasses import dataclass
from typing import Final

SSL_REQUEST: Final = 80877103
GSS_ENCRYPTION_REQUEST: Final = 80877104
CANCEL_REQUEST: Final = 80877102

# The three frontend messages that PostgreSQL answers with ReadyForQuery: Query, Sync, FunctionCall.
ENDS_A_UNIT: Final = frozenset({"Q", "S", "F"})
FLUSH: Final = "H"
# Passwords, COPY's data and Terminate belong to no unit of their own.
OUTSIDE_UNITS: Final = frozenset({"p", "d", "c", "f", "X"})
READY_FOR_QUERY: Final = "Z"
COMMAND_COMPLETE: Final = "C"
PARAMETER_STATUS: Final = "S"
# CopyInResponse and CopyBothResponse: the client must hear these before it goes on.
COPY_WANTS_DATA: Final = frozenset({"G", "W"})

_FRAME_LIMIT_BYTES: Final = 64 * 1024 * 1024
_STARTUP_LIMIT_BYTES: Final = 10_000


class ProtocolBroken(Exception):
    """Somebody sent bytes that are no PostgreSQL message, or one beyond 64 MiB."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One typed message; `raw` is the whole of it, header included."""

    kind: str
    raw: bytes

    @property
    def body(self) -> bytes:
        return self.raw[5:]


async def read_frame(reader: asyncio.StreamReader) -> Frame | None:
    """The next message, or None when the peer is gone, be it in the middle of a message."""
    try:
        header = await reader.readexactly(5)
        length = int.from_bytes(header[1:5], "big")
        if not 4 <= length <= _FRAME_LIMIT_BYTES:
            raise ProtocolBroken(f"a message of {length} bytes")
        body = await reader.readexactly(length - 4)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Frame(kind=chr(header[0]), raw=header + body)


@dataclass(frozen=True, slots=True)
class Startup:
    """The first packet of a connection: a request code or version, and its parameters."""

    code: int
    raw: bytes

    def parameter(self, name: str) -> str:
        """The value of a startup parameter; empty when the client did not send it."""
        words = [word.decode(errors="replace") for word in self.raw[8:].split(b"\0")]
        return dict(zip(words[::2], words[1::2], strict=False)).get(name, "")


async def read_startup(reader: asyncio.StreamReader) -> Startup | None:
    """The untyped first packet, or None when the peer is gone."""
    try:
        header = await reader.readexactly(8)
        length, code = struct.unpack("!II", header)
        if not 8 <= length <= _STARTUP_LIMIT_BYTES:
            raise ProtocolBroken(f"a startup packet of {length} bytes")
        body = await reader.readexactly(length - 8)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Startup(code=code, raw=header + body)
