"""The desk at which files are handed over where the storage is our own: the link is the key, and it
opens only while whoever got it may still have the file.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from consulta.features.recordings import queries, rules
from consulta.features.recordings.errors import RecordingNotFound
from consulta.features.recordings.flows.shelf import Shelf
from consulta.features.recordings.queries import Recording
from consulta.kernel.actor import Actor
from consulta.providers.storage.links import FileLink, Method
from consulta.providers.storage.port import (
    FileIncomplete,
    FileLinkExpired,
    FileLinkInvalid,
    OwnStorage,
)


@dataclass(frozen=True, slots=True)
class File:
    """What is handed over, and how it is called on the other side."""

    path: Path
    size_bytes: int
    filename: str
    media_type: str


async def accept(shelf: Shelf, actor: Actor, token: str, pieces: AsyncIterator[bytes]) -> None:
    """What was announced is stored, whole or not at all. Raises FileLinkInvalid, FileLinkExpired,
    RecordingNotFound, RecordingNotUploading, FileIncomplete, FileIsThere, StorageUnavailable.
    """
    own, link, recording = await _opened(shelf, actor, token, method="PUT")
    rules.ensure_uploading(recording)
    try:
        async with asyncio.timeout(rules.UPLOAD_SECONDS_MAX):
            await own.receive(link.key, pieces, size_bytes=link.size_bytes)
    except TimeoutError:
        raise FileIncomplete from None


async def hand_over(shelf: Shelf, actor: Actor, token: str) -> File:
    """The file behind a link. Raises FileLinkInvalid, FileLinkExpired, RecordingNotFound,
    RecordingNotReady, RecordingDeleted, StorageUnavailable.
    """
    own, link, recording = await _opened(shelf, actor, token, method="GET")
    found = await own.stat(link.key)
    if found is None:
        raise RecordingNotFound
    media_type = rules.MEDIA_TYPES[recording.file_format]
    return File(own.path_of(link.key), found.size_bytes, link.filename, media_type)


async def _opened(
    shelf: Shelf, actor: Actor, token: str, *, method: Method
) -> tuple[OwnStorage, FileLink, Recording]:
    if shelf.own is None:
        raise FileLinkInvalid
    link = shelf.links.read(token, method=method)
    # A link is opened by browsers, which bring no token; who does bring one must be who got it.
    if actor.id not in {None, link.person}:
        raise FileLinkInvalid
    async with shelf.looking() as work:
        now = await work.now()
        holder = await queries.holder_of_link(work, link.person)
        recording = await queries.recording_at(work, link.key)
    if link.expires_at <= now:
        raise FileLinkExpired
    if recording is None:
        raise RecordingNotFound
    if not rules.may_still(method, person=link.person, holder=holder, recording=recording):
        raise FileLinkInvalid
    if method == "GET":
        rules.download_lasts(recording, now=now)
    return shelf.own, link, recording
