"""An S3-compatible bucket as storage, through obstore."""

import hashlib
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

import httpx
import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from consulta.providers.storage.port import Grant, StorageUnavailable, StoredObject

T = TypeVar("T")

_PIECE_BYTES = 8_388_608
_MOST_RETRIES = 2
_PROBE = "consulta-privacy-probe"
_PROBE_LASTS = timedelta(minutes=1)


class S3Storage:
    """One bucket. Each request lasts `timeout_seconds` at most and is repeated twice at most."""

    def __init__(
        self,
        *,
        bucket: str,
        endpoint: str,
        region: str,
        access_key_id: str,
        secret_access_key: str,
        is_path_style: bool,
        timeout_seconds: float,
    ) -> None:
        address = endpoint or f"https://s3.{region}.amazonaws.com"
        # Whatever is left out here, the library would look for in the environment.
        self._store = S3Store(
            bucket,
            region=region,
            access_key_id=access_key_id,
            secret_access_key=secret_access_key,
            skip_signature=False,
            virtual_hosted_style_request=not is_path_style,
            client_options={
                "allow_http": endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=min(timeout_seconds, 5)),
                "timeout": timedelta(seconds=timeout_seconds),
            },
            retry_config={
                "max_retries": _MOST_RETRIES,
                "retry_timeout": timedelta(seconds=timeout_seconds * (_MOST_RETRIES + 1)),
            },
            endpoint=address if is_path_style else address.replace("://", f"://{bucket}.", 1),
        )
        self._timeout_seconds = timeout_seconds

    async def sign_upload(self, grant: Grant, *, size_bytes: int) -> str:  # noqa: ARG002
        """A signature in an address cannot bound a size: what came is measured afterwards."""
        return await _asked(obstore.sign_async(self._store, "PUT", grant.key, grant.lasts))

    async def sign_download(self, grant: Grant, *, filename: str) -> str:  # noqa: ARG002
        return await _asked(obstore.sign_async(self._store, "GET", grant.key, grant.lasts))

    async def stat(self, key: str) -> StoredObject | None:
        try:
            found = await _asked(obstore.head_async(self._store, key))
        except FileNotFoundError:
            return None
        return StoredObject(found["size"])

    async def checksum(self, key: str) -> bytes | None:
        # Piece by piece, each a request of its own: a time limit holds for a whole answer.
        found = await self.stat(key)
        if found is None:
            return None
        summed = hashlib.sha256()
        for start in range(0, found.size_bytes, _PIECE_BYTES):
            length = min(_PIECE_BYTES, found.size_bytes - start)
            try:
                piece = await _asked(
                    obstore.get_range_async(self._store, key, start=start, length=length)
                )
            except FileNotFoundError:
                return None
            summed.update(piece)
        return summed.digest()

    async def delete(self, key: str) -> None:
        try:
            await _asked(obstore.delete_async(self._store, key))
        except FileNotFoundError:
            return

    async def is_private(self) -> bool:
        """Whether a stranger can neither list the bucket nor read an object that is put there for
        the trial: a refusal of an absent one says nothing.
        """
        await _asked(obstore.put_async(self._store, _PROBE, b"May a stranger read this?"))
        try:
            signed = await _asked(obstore.sign_async(self._store, "GET", _PROBE, _PROBE_LASTS))
            plain = signed.partition("?")[0]
            addresses = (plain, f"{plain.removesuffix(_PROBE)}?list-type=2&max-keys=1")
            async with httpx.AsyncClient(timeout=self._timeout_seconds) as stranger:
                return not any([await _opens(stranger, address) for address in addresses])
        finally:
            await self.delete(_PROBE)


async def _opens(stranger: httpx.AsyncClient, address: str) -> bool:
    try:
        async with stranger.stream("GET", address) as reply:
            if reply.is_server_error:
                raise StorageUnavailable
            return reply.is_success
    except httpx.HTTPError as error:
        raise StorageUnavailable from error


async def _asked(answer: Awaitable[T]) -> T:
    """Raises `FileNotFoundError` for an absent object, and `StorageUnavailable` for all else."""
    try:
        return await answer
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        # The library's own words may repeat an address with its signature.
        raise StorageUnavailable from error
