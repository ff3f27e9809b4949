"""Links to files that this service keeps itself: what the signature covers, and reading it back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from consulta.platform.signing import Forged, Signer
from consulta.providers.storage.port import FileLinkInvalid

Method = Literal["GET", "PUT"]
PREFIX = "/api/v1/files/"
_TOPIC = "file"


@dataclass(frozen=True, slots=True)
class FileLink:
    """Everything that was signed: nothing of it can be changed."""

    method: Method
    key: str
    person: UUID
    expires_at: datetime
    size_bytes: int
    """Of what is to be brought; 0 for what is to be fetched."""
    filename: str = ""


@dataclass(frozen=True, slots=True)
class FileLinks:
    """Makes links and reads them; `base_url` is where the service is reached."""

    signer: Signer
    base_url: str

    def address(self, link: FileLink) -> str:
        words = [
            link.method,
            link.key,
            link.person,
            int(link.expires_at.timestamp()),
            link.size_bytes,
            link.filename,
        ]
        return f"{self.base_url.rstrip('/')}{PREFIX}{self.signer.sign(_TOPIC, words)}"

    def read(self, token: str, *, method: str) -> FileLink:
        """What the link says, which may be too old by now. Raises `FileLinkInvalid` for whatever
        was not signed by us for that method.
        """
        try:
            signed, key, person, expires, size_bytes, filename = self.signer.read(_TOPIC, token)
        except Forged:
            raise FileLinkInvalid from None
        if signed != method:
            raise FileLinkInvalid
        expires_at = datetime.fromtimestamp(expires, UTC)
        return FileLink(signed, key, UUID(person), expires_at, size_bytes, filename)

    def allowance(self, method: str, path: str) -> int | None:
        """How many bytes a request may bring to a file: as many as were signed; None for every
        other request, whose body is bounded as usual.
        """
        if method != "PUT" or not path.startswith(PREFIX):
            return None
        try:
            return self.read(path.removeprefix(PREFIX), method="PUT").size_bytes
        except FileLinkInvalid:
            return None
