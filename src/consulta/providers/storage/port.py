"""The port of storage: objects by key, brought and fetched through signed links."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from consulta.kernel.errors import Conflict, Forbidden, Malformed, Unavailable


class StorageUnavailable(Unavailable):
    """The storage of recordings does not answer at this moment."""

    code = "STORAGE_UNAVAILABLE"


class FileIncomplete(Malformed):
    """Fewer bytes came than were announced: nothing was kept."""

    code = "FILE_INCOMPLETE"


class FileIsThere(Conflict):
    """The file has been brought already, and stays as it is."""

    code = "FILE_IS_THERE"


class FileLinkInvalid(Forbidden):
    """This link is not one of ours, was made for somebody else, or serves another purpose."""

    code = "FILE_LINK_INVALID"


class FileLinkExpired(Forbidden):
    """This link is too old: ask for a new one."""

    code = "FILE_LINK_EXPIRED"


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may bring or fetch which object, from when on and for how long. The time is the
    database's (D5), as far as a storage lets us say it.
    """

    key: str
    person: UUID
    now: datetime
    lasts: timedelta

    @property
    def expires_at(self) -> datetime:
        return self.now + self.lasts


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a storage knows of an object without reading it."""

    size_bytes: int


class Storage(Protocol):
    """Keeps objects that nobody reaches without a signed link.

    Every method raises only `StorageUnavailable`, is bounded in time, and holds a few megabytes at
    most, however large the object.
    """

    async def sign_upload(self, grant: Grant, *, size_bytes: int) -> str:
        """An address at which so many bytes may be PUT as that object."""
        ...

    async def sign_download(self, grant: Grant, *, filename: str) -> str:
        """An address at which the object may be fetched, as a file of that name where the storage
        can say so; otherwise its name is the end of its key.
        """
        ...

    async def stat(self, key: str) -> StoredObject | None:
        """What is there; None where nothing is."""
        ...

    async def checksum(self, key: str) -> bytes | None:
        """The SHA-256 of what is there, read piece by piece; None where nothing is."""
        ...

    async def delete(self, key: str) -> None:
        """The object is gone; it is fine if it never was."""
        ...

    async def is_private(self) -> bool:
        """Whether strangers are refused, as far as can be tried."""
        ...


class OwnStorage(Storage, Protocol):
    """One whose links lead to this service, which therefore hands the bytes over itself."""

    def path_of(self, key: str) -> Path:
        """The file that is the object."""
        ...

    async def receive(self, key: str, pieces: AsyncIterator[bytes], *, size_bytes: int) -> None:
        """The object is exactly these bytes, all of them or none. Raises `FileIncomplete` where
        they are more or fewer than announced, `FileIsThere` for a second one.
        """
        ...


async def privacy_flaws(storage: Storage) -> list[str]:
    """What is wrong with who may read the storage, in sentences; tried, not believed."""
    try:
        if await storage.is_private():
            return []
    except StorageUnavailable:
        return ["the storage of recordings cannot be reached: look at the STORAGE_* settings"]
    return ["strangers can read the storage of recordings: make the bucket or the folder private"]
