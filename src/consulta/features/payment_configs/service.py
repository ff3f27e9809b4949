"""Writing sealed keys, and ending an account. Nothing here tells a secret."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from consulta.features.payment_configs.rules import Offered, place_of
from consulta.platform.crypto import Envelope, Vault
from consulta.platform.db.work import Work

_SAVE = "SELECT * FROM app.save_payment_config($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"


async def save(
    work: Work,
    offered: Offered,
    *,
    vault: Vault,
    seen: Mapping[str, Any] | None,
    former: Sequence[Mapping[str, str]],
) -> asyncpg.Record:
    """New payments of the specialist are charged through this account from now on, under these
    keys; `seen` is the account that they belong to, None for a new one. Payments of before keep
    the account that made them.

    Raises PaymentConfigChanged, TooManyPaymentConfigs, SpecialistNotFound.
    """
    config_id = seen["id"] if seen else await work.fetchval("SELECT app.new_id()")
    place = place_of(
        config_id=config_id,
        specialist_id=work.person,
        provider=offered.provider,
        is_live=offered.is_live,
    )
    content = {
        "publishable_key": offered.publishable_key,
        "profile": dict(offered.profile),
        "secrets": dict(offered.secrets),
        "former": list(former),
    }
    envelope = vault.enclose(orjson.dumps(content), place=place)
    row = await work.fetchrow(
        _SAVE,
        config_id,
        seen["updated_at"] if seen else None,
        offered.provider,
        seen["account"] if seen else secrets.token_urlsafe(18),
        offered.is_live,
        offered.publishable_key,
        offered.hints,
        envelope.key_id,
        envelope.wrapped_key,
        envelope.sealed,
    )
    assert row is not None
    work.audit(
        "payment_config.saved",
        subject_type="payment_config",
        subject_id=config_id,
        old=_told(seen) if seen else None,
        new={**_told(row), "keys": "replaced" if seen else "new"},
    )
    return row


async def end(work: Work, *, provider: str) -> None:
    """New payments are not charged through the specialist's account any more; those that it made
    are still served by it. Raises PaymentConfigNotFound.
    """
    config_id: UUID = await work.fetchval("SELECT app.end_payment_config($1)", provider)
    work.audit(
        "payment_config.ended",
        subject_type="payment_config",
        subject_id=config_id,
        old={"is_active": True},
        new={"is_active": False},
    )


def envelope_of(row: Mapping[str, Any]) -> Envelope:
    return Envelope(row["key_id"], row["wrapped_key"], row["sealed_keys"])


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    # Not even the last characters of a secret: the log outlives the keys.
    return {name: row[name] for name in ("provider", "is_live", "is_active", "publishable_key")}
