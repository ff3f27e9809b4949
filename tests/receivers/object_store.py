"""A real S3 server on this machine, for tests that speak to one."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from pydantic import SecretStr
from werkzeug.serving import make_server

from consulta.settings import StorageSettings

BUCKET = "meeting-recordings"
_SIGNED = "AWS4-HMAC-SHA256 Credential=key-of-the-tests/20260101/us-east-1/s3/aws4_request"
_REFUSED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


@dataclass(slots=True)
class Doorkeeper:
    """What the server itself leaves out: who neither signs nor shows a signed address is refused,
    unless strangers may do that.
    """

    server: Callable[..., Iterable[bytes]]
    strangers_may: set[str] = field(default_factory=set)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        signed_address = "X-Amz-Signature" in environ.get("QUERY_STRING", "")
        if not signed_address and "HTTP_AUTHORIZATION" not in environ:
            wanted = "read" if environ["PATH_INFO"].strip("/") != BUCKET else "list"
            if wanted not in self.strangers_may:
                start("403 Forbidden", [("Content-Type", "application/xml")])
                return [_REFUSED]
            environ["HTTP_AUTHORIZATION"] = _SIGNED
        return self.server(environ, start)


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """Where it listens, and who stands at its door."""

    endpoint: str
    door: Doorkeeper

    def settings(self, **changes: object) -> StorageSettings:
        values: dict[str, Any] = {
            "provider": "s3",
            "bucket": BUCKET,
            "endpoint": self.endpoint,
            "access_key_id": "key-of-the-tests",
            "secret_access_key": SecretStr("secret-of-the-tests"),
            "timeout_seconds": 5,
        }
        return StorageSettings(**{**values, **changes})

    def object_names(self) -> str:
        """The bucket's own list of what is in it."""
        return self._ask("GET", "?list-type=2").text

    def make_bucket(self) -> None:
        self._ask("PUT", "")

    def _ask(self, method: str, path: str) -> httpx.Response:
        address = f"{self.endpoint}/{BUCKET}{path}"
        reply = httpx.request(method, address, headers={"Authorization": _SIGNED})
        assert reply.is_success, reply.text
        return reply


@contextmanager
def running_object_store() -> Iterator[ObjectStore]:
    """An empty store with one private bucket, while the context lasts."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    door = Doorkeeper(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, door, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        store = ObjectStore(f"http://127.0.0.1:{server.server_port}", door)
        store.make_bucket()
        yield store
    finally:
        server.shutdown()
        thread.join(timeout=5)
        server.server_close()
