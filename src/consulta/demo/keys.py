"""Keys: the secrets of one demo, kept beside its data so that a restart finds its people signed in
and can open what it has sealed.
"""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from consulta.platform.db.roles import LOGINS, DbRole

FILE = "demo-secrets.json"


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Made once, by chance, and the same at every later start."""

    jwt_secret: str
    cron_secret: str
    encryption_keys: str
    passwords: dict[str, str]

    @classmethod
    def beside(cls, folder: Path) -> Self:
        """The secrets of the data in `folder`, made now if there are none; nobody else may read
        them.
        """
        path = folder / FILE
        try:
            known = json.loads(path.read_text("utf-8"))
            return cls(**{each.name: known[each.name] for each in fields(cls)})
        except FileNotFoundError:
            made = cls._new()
            write_private(path, json.dumps(asdict(made), indent=2) + "\n")
            return made

    @classmethod
    def _new(cls) -> Self:
        return cls(
            jwt_secret=secrets.token_urlsafe(48),
            cron_secret=secrets.token_urlsafe(32),
            encryption_keys="demo:" + base64.b64encode(secrets.token_bytes(32)).decode(),
            passwords={str(login): secrets.token_urlsafe(24) for login in LOGINS},
        )

    def password_of(self, login: DbRole) -> str:
        return self.passwords[str(login)]


def write_private(path: Path, text: str, *, mode: int = 0o600) -> None:
    """The file holds `text` and nobody else may read it; a crash leaves the old one or the new."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
