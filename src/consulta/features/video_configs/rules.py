"""Decisions about video settings, without I/O: whose row they belong to, and what may be shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consulta.platform.sealed import SealedTable

CHECKS_PER_MINUTE = 10
"""A check makes us call the vendor, with whatever keys somebody brought."""

_HINT_LENGTH = 4
_SHORTEST_HINTED = 12
"""Of anything shorter, the last four characters would tell too much."""


@dataclass(frozen=True, slots=True)
class Offered:
    """Settings as somebody brings them. `account` and `host` are no secrets."""

    provider: str
    mode: str
    account: str
    host: str
    waiting_room: bool
    recording: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def hints(self) -> dict[str, str]:
        """What may be shown: the last characters of each secret that is long enough."""
        return {
            name: secret[-_HINT_LENGTH:]
            for name, secret in self.secrets.items()
            if len(secret) >= _SHORTEST_HINTED
        }


def row_for(rows: Sequence[Mapping[str, Any]], offered: Offered) -> Mapping[str, Any] | None:
    """Which of the specialist's configs, those of the past included, these settings belong to;
    None: to a new one. A meeting is found again only where it was made: at its account and host.
    """
    asked = (offered.provider, offered.mode, offered.account, offered.host)
    for row in rows:
        if (row["provider"], row["mode"], row["account"], row["host"]) == asked:
            return row
    return None


def place_of(row: Mapping[str, Any]) -> str:
    """What the sealed secrets are bound to: in any other row they do not open."""
    return f"video_config_keys|{row['config_id']}|{row['specialist_id']}"


SEALED = SealedTable(table="video_config_keys", keys=("config_id", "specialist_id"), place=place_of)
