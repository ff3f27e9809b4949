"""Decisions about keys, without I/O: their mode, whose account they open, what may be shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from consulta.features.payment_configs.errors import (
    PaymentConfigNotFound,
    PaymentKeysMixed,
    PaymentKeysOfOtherMode,
)
from consulta.platform.sealed import SealedTable

FORMER_LASTS = timedelta(hours=24)
"""Letters that were signed with a secret of before are accepted for so long after a change."""

MOST_FORMER = 3
_HINT_LENGTH = 4
_LIVE = "_live_"
_TEST = "_test_"


@dataclass(frozen=True, slots=True)
class Offered:
    """The keys of an account as somebody brings them."""

    provider: str
    is_live: bool
    publishable_key: str | None = None
    profile: Mapping[str, Any] = field(default_factory=dict)
    """What names the account where no publishable key does; nothing secret."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def hints(self) -> dict[str, Any]:
        """What may be shown of it all: the last characters of each secret, the profile whole."""
        ends = {name: secret[-_HINT_LENGTH:] for name, secret in self.secrets.items()}
        return {**self.profile, **ends}


def are_live(*keys: str) -> bool:
    """Whether keys that say their mode in their prefix are live. Raises `PaymentKeysMixed` where
    they do not all say the same.
    """
    modes = {_LIVE in key[:12] for key in keys}
    if len(modes) > 1 or not all(_LIVE in key[:12] or _TEST in key[:12] for key in keys):
        raise PaymentKeysMixed
    return modes.pop()


def ensure_mode(offered: Offered, *, takes_live: bool) -> None:
    """Live and test money never meet. Raises `PaymentKeysOfOtherMode`."""
    if offered.is_live is not takes_live:
        raise PaymentKeysOfOtherMode


def row_for(
    rows: Sequence[Mapping[str, Any]], offered: Offered, *, is_same_account: bool | None
) -> Mapping[str, Any] | None:
    """Which of the specialist's accounts at that provider the keys belong to; None: to a new one.

    Whoever brings them may say so, because some vendors exchange all keys of an account at once;
    otherwise what is public about the account tells. Raises `PaymentConfigNotFound` where they are
    said to belong to the active account, and there is none.
    """
    of_mode = [row for row in rows if row["is_live"] is offered.is_live]
    if is_same_account is None:
        known = [row for row in of_mode if _is_same(row, offered)]
        return next(iter(sorted(known, key=lambda row: not row["is_active"])), None)
    if not is_same_account:
        return None
    active = [row for row in of_mode if row["is_active"]]
    if not active:
        raise PaymentConfigNotFound
    return active[0]


def _is_same(row: Mapping[str, Any], offered: Offered) -> bool:
    if offered.publishable_key is not None:
        return bool(row["publishable_key"] == offered.publishable_key)
    return all(row["hints"].get(name) == value for name, value in offered.profile.items())


def place_of(*, config_id: UUID, specialist_id: UUID, provider: str, is_live: bool) -> str:
    """What the sealed keys are bound to: in any other row they do not open."""
    mode = "live" if is_live else "test"
    return f"payment_config_keys|{config_id}|{specialist_id}|{provider}|{mode}"


def place_of_row(row: Mapping[str, Any]) -> str:
    return place_of(
        config_id=row["config_id"],
        specialist_id=row["specialist_id"],
        provider=row["provider"],
        is_live=row["is_live"],
    )


SEALED = SealedTable(
    table="payment_config_keys",
    keys=("config_id", "specialist_id"),
    place=place_of_row,
    joined="JOIN app.payment_configs c ON c.id = t.config_id AND c.specialist_id = t.specialist_id",
    beside=("c.provider", "c.is_live"),
)


def still_accepted(former: Iterable[Mapping[str, str]], *, now: datetime) -> list[dict[str, str]]:
    """Signing secrets of before whose time has not run out, the newest first."""
    standing = [one for one in former if datetime.fromisoformat(one["until"]) > now]
    newest = sorted(standing, key=lambda one: one["until"], reverse=True)
    return [dict(one) for one in newest[:MOST_FORMER]]


def signing(secrets: Mapping[str, str]) -> str:
    """The secret that letters are signed with: one of its own, or else the server's key."""
    return secrets.get("webhook_secret") or secrets["server_key"]


def succeeded_by(
    content: Mapping[str, Any], secrets: Mapping[str, str], *, now: datetime
) -> list[dict[str, str]]:
    """The secrets of before that signed letters, once `secrets` take the place of what `content`
    has.
    """
    former = still_accepted(content["former"], now=now)
    last, following = signing(content["secrets"]), signing(secrets)
    if last != following:
        former.insert(0, {"secret": last, "until": (now + FORMER_LASTS).isoformat()})
    return [one for one in former if one["secret"] != following][:MOST_FORMER]
