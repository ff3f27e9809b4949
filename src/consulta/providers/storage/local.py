"""A folder as storage: private to the service's own user, reached through links of our own."""

import asyncio
import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import IO, ParamSpec, TypeVar

from consulta.providers.storage.links import FileLink, FileLinks
from consulta.providers.storage.port import (
    FileIncomplete,
    FileIsThere,
    Grant,
    StorageUnavailable,
    StoredObject,
)

P = ParamSpec("P")
T = TypeVar("T")

_KEY = re.compile(r"[a-z0-9][A-Za-z0-9._-]{0,99}(?:/[a-z0-9][A-Za-z0-9._-]{0,99}){0,7}")
_INCOMING = ".incoming"
_PIECE_BYTES = 1_048_576
_STALE_SECONDS = 86_400
_MOST_STALE = 100


class LocalStorage:
    """Objects are files below `folder`, made with its parents at the first upload."""

    def __init__(self, folder: Path, *, links: FileLinks) -> None:
        self.folder = folder.absolute()
        self.links = links

    async def sign_upload(self, grant: Grant, *, size_bytes: int) -> str:
        link = FileLink("PUT", grant.key, grant.person, grant.expires_at, size_bytes)
        return self.links.address(link)

    async def sign_download(self, grant: Grant, *, filename: str) -> str:
        link = FileLink("GET", grant.key, grant.person, grant.expires_at, 0, filename)
        return self.links.address(link)

    async def stat(self, key: str) -> StoredObject | None:
        return await _in_thread(_stat, self.path_of(key))

    async def checksum(self, key: str) -> bytes | None:
        return await _in_thread(_checksum, self.path_of(key))

    async def delete(self, key: str) -> None:
        path = self.path_of(key)
        await _in_thread(lambda: path.unlink(missing_ok=True))

    async def is_private(self) -> bool:
        """Whether nobody but the owner may enter the folder; one that is not there yet will be."""
        return await _in_thread(_is_private, self.folder)

    async def receive(self, key: str, pieces: AsyncIterator[bytes], *, size_bytes: int) -> None:
        """The object is exactly these bytes, all of them or none. Raises `FileIncomplete` where
        they are more or fewer than announced, `FileIsThere` for a second one.
        """
        path = self.path_of(key)
        fresh, file = await _in_thread(self._begin)
        try:
            try:
                await _write(file, pieces, size_bytes=size_bytes)
                await _in_thread(_settle, file)
            finally:
                file.close()
            await _in_thread(_keep, fresh, path)
        finally:
            fresh.unlink(missing_ok=True)

    def path_of(self, key: str) -> Path:
        """Where the object is. A key that leads anywhere else is a programming error."""
        if not _KEY.fullmatch(key) or ".." in key:
            raise AssertionError("a key that nobody here made")
        return self.folder / key

    def _begin(self) -> tuple[Path, IO[bytes]]:
        incoming = self.folder / _INCOMING
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        incoming.mkdir(mode=0o700, exist_ok=True)
        _drop_stale(incoming)
        fresh = incoming / secrets.token_hex(16)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return fresh, os.fdopen(descriptor, "wb")


async def _in_thread(act: Callable[P, T], *values: P.args, **named: P.kwargs) -> T:
    """Disks wait, too: the loop goes on meanwhile."""
    try:
        return await asyncio.to_thread(act, *values, **named)
    except OSError as error:
        raise StorageUnavailable from error


async def _write(file: IO[bytes], pieces: AsyncIterator[bytes], *, size_bytes: int) -> None:
    seen = 0
    waiting = bytearray()
    async for piece in pieces:
        seen += len(piece)
        if seen > size_bytes:
            raise FileIncomplete("More bytes came than were announced: nothing was kept.")
        waiting += piece
        if len(waiting) >= _PIECE_BYTES:
            await _in_thread(file.write, bytes(waiting))
            waiting.clear()
    if seen < size_bytes:
        raise FileIncomplete
    await _in_thread(file.write, bytes(waiting))


def _settle(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _keep(fresh: Path, path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        # A link and no renaming: a slow upload must not replace what was verified meanwhile.
        path.hardlink_to(fresh)
    except FileExistsError:
        raise FileIsThere from None
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _drop_stale(incoming: Path) -> None:
    """What a crash left half-written is gone after a day."""
    for number, left in enumerate(os.scandir(incoming)):
        if number == _MOST_STALE:
            return
        try:
            if left.stat().st_mtime < time.time() - _STALE_SECONDS:
                Path(left.path).unlink()
        except FileNotFoundError:  # Another upload was faster.
            continue


def _stat(path: Path) -> StoredObject | None:
    try:
        return StoredObject(path.stat().st_size)
    except FileNotFoundError:
        return None


def _checksum(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except FileNotFoundError:
        return None


def _is_private(folder: Path) -> bool:
    try:
        mode = folder.stat().st_mode
    except FileNotFoundError:
        return True
    return not stat.S_IMODE(mode) & 0o077
