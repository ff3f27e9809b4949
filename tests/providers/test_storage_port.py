"""One suite for every storage: what the port promises holds for a folder and for a bucket."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from consulta.platform.signing import Signer
from consulta.providers.storage.links import FileLinks
from consulta.providers.storage.local import LocalStorage
from consulta.providers.storage.port import (
    FileIncomplete,
    FileIsThere,
    Grant,
    StorageUnavailable,
    privacy_flaws,
)
from consulta.providers.storage.s3 import S3Storage
from consulta.settings import Settings, StorageSettings
from tests.receivers.object_store import ObjectStore, running_object_store

KEY = "sessions/2026-01/booking-1.mp4"
# More than one piece of a bucket's checksum.
LARGE = bytes(range(256)) * 33_000


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    with running_object_store() as running:
        yield running


def bucket(store: ObjectStore, **changes: object) -> S3Storage:
    settings = store.settings(**changes)
    return S3Storage(
        bucket=settings.bucket,
        endpoint=settings.endpoint,
        region=settings.region,
        access_key_id=settings.access_key_id,
        secret_access_key=settings.secret_access_key.get_secret_value(),
        is_path_style=settings.path_style,
        timeout_seconds=settings.timeout_seconds,
    )


def folder(path: Path) -> LocalStorage:
    signer = Signer.from_secret("of the tests", purpose="files")
    return LocalStorage(path, links=FileLinks(signer, "https://api.example"))


async def pieces(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("kind", ["folder", "bucket"])
async def test_an_object_comes_is_known_and_goes(
    kind: str, store: ObjectStore, tmp_path: Path
) -> None:
    storage = folder(tmp_path / "kept") if kind == "folder" else bucket(store)
    assert (await storage.stat(KEY), await storage.checksum(KEY)) == (None, None)
    await storage.delete(KEY)

    grant = Grant(KEY, uuid4(), datetime.now(UTC), timedelta(hours=1))
    upload = await storage.sign_upload(grant, size_bytes=len(LARGE))
    if isinstance(storage, LocalStorage):
        link = storage.links.read(upload.rpartition("/")[2], method="PUT")
        assert (link.key, link.person, link.size_bytes) == (KEY, grant.person, len(LARGE))
        await storage.receive(KEY, pieces(LARGE), size_bytes=link.size_bytes)
    else:
        async with httpx.AsyncClient() as outside:
            assert (await outside.put(upload, content=LARGE)).status_code == 200
            download = await storage.sign_download(grant, filename="a.mp4")
            assert (await outside.get(download)).content == LARGE

    found = await storage.stat(KEY)
    assert found is not None
    assert found.size_bytes == len(LARGE)
    assert await storage.checksum(KEY) == hashlib.sha256(LARGE).digest()
    await storage.delete(KEY)
    assert await storage.stat(KEY) is None


async def test_a_second_upload_replaces_nothing(tmp_path: Path) -> None:
    storage = folder(tmp_path / "kept")
    await storage.receive(KEY, pieces(LARGE), size_bytes=len(LARGE))
    with pytest.raises(FileIsThere):
        await storage.receive(KEY, pieces(LARGE[::-1]), size_bytes=len(LARGE))
    assert storage.path_of(KEY).read_bytes() == LARGE
    assert list((storage.folder / ".incoming").iterdir()) == []


async def test_a_folder_takes_all_or_nothing(tmp_path: Path) -> None:
    storage = folder(tmp_path / "deep" / "kept")
    for size in (len(LARGE) - 1, len(LARGE) + 1):
        with pytest.raises(FileIncomplete):
            await storage.receive(KEY, pieces(LARGE), size_bytes=size)
    assert [one for one in storage.folder.rglob("*") if one.is_file()] == []
    for key in ("../secret", "sessions/../../secret", "/etc/passwd", ".incoming/a", "a//b", ""):
        with pytest.raises(AssertionError):
            storage.path_of(key)
    with pytest.raises(StorageUnavailable):
        # Where a file is, no folder can be.
        await storage.receive("kept", pieces(b""), size_bytes=0)
        await storage.receive("kept/below", pieces(b""), size_bytes=0)


def test_unsafe_settings_are_named() -> None:
    def told(environment: str, **values: object) -> list[str]:
        storage = StorageSettings(**values)  # type: ignore[arg-type]
        return Settings(environment=environment, storage=storage).storage_problems()

    keys = {"access_key_id": "k", "secret_access_key": SecretStr("s")}
    assert told("development") == told("production", folder="/recordings") == []
    assert told("production", provider="s3", **keys) == []
    assert told("development", provider="s3", endpoint="http://127.0.0.1:9000", **keys) == []
    for named, values in (
        ("STORAGE_FOLDER", {}),
        ("STORAGE_SECRET_ACCESS_KEY", {"provider": "s3", "access_key_id": "k"}),
        ("STORAGE_ENDPOINT", {"provider": "s3", "endpoint": "http://s3.example", **keys}),
        ("STORAGE_ENDPOINT", {"provider": "s3", "endpoint": "s3.example", **keys}),
    ):
        (said,) = told("production", **values)
        assert named in said


async def test_strangers_are_tried_and_not_believed(store: ObjectStore, tmp_path: Path) -> None:
    local = folder(tmp_path / "kept")
    assert await privacy_flaws(local) == []
    await local.receive(KEY, pieces(b"x"), size_bytes=1)
    assert await privacy_flaws(local) == []
    local.folder.chmod(0o755)
    (said,) = await privacy_flaws(local)
    assert "strangers" in said

    remote = bucket(store)
    assert await privacy_flaws(remote) == []
    for what in ("read", "list"):
        store.door.strangers_may.add(what)
        (said,) = await privacy_flaws(remote)
        assert "strangers" in said, what
        store.door.strangers_may.clear()
    assert "privacy-probe" not in store.object_names()
    away = bucket(store, endpoint="http://127.0.0.1:9", timeout_seconds=0.2)
    (said,) = await privacy_flaws(away)
    assert "reached" in said
