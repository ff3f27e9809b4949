"""Writing sealed settings, ending their use, and saying how a connection stands."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from consulta.features.video_configs import queries
from consulta.features.video_configs.rules import SEALED, Offered, row_for
from consulta.platform.crypto import Vault
from consulta.platform.db.work import Work

_SAVE = "SELECT * FROM app.save_video_config($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"

_SAY = """
UPDATE app.video_configs c
SET state = $2, last_error = $3, checked_at = app.now()
FROM (SELECT b.id, b.state FROM app.video_configs b WHERE b.id = $1 FOR UPDATE) before
WHERE c.id = before.id AND ($4::bytea IS NULL OR EXISTS (
    SELECT 1 FROM app.video_config_keys k WHERE k.config_id = c.id AND k.sealed = $4))
RETURNING c.specialist_id, before.state AS before
"""

_RENEW = """
UPDATE app.video_config_keys SET key_id = $3, wrapped_key = $4, sealed = $5
WHERE config_id = $1 AND sealed = $2
"""


async def save(work: Work, offered: Offered, *, vault: Vault) -> asyncpg.Record:
    """The specialist's sessions take place there from now on. Meetings of before stay where they
    are, unless it is the very same account.

    Raises VideoConfigChanged, TooManyVideoConfigs, SpecialistNotFound.
    """
    known = row_for(await queries.own_configs(work), offered)
    config_id = known["id"] if known else await work.fetchval("SELECT app.new_id()")
    envelope = SEALED.enclose(
        vault, offered.secrets, {"config_id": config_id, "specialist_id": work.person}
    )
    row = await work.fetchrow(
        _SAVE,
        config_id,
        offered.provider,
        offered.mode,
        offered.account,
        offered.host,
        offered.waiting_room,
        offered.recording,
        offered.hints,
        envelope.key_id,
        envelope.wrapped_key,
        envelope.sealed,
    )
    assert row is not None
    work.audit(
        "video_config.saved",
        subject_type="video_config",
        subject_id=config_id,
        old=_told(known) if known else None,
        new={**_told(row), "secrets": "replaced" if known else "new"},
    )
    _tell(work, "video.config_saved", row)
    return row


async def end(work: Work) -> None:
    """Meetings are not made for the specialist any more. Raises VideoConfigNotFound."""
    row = await work.fetchrow("SELECT * FROM app.end_video_config()")
    assert row is not None
    work.audit(
        "video_config.ended",
        subject_type="video_config",
        subject_id=row["id"],
        old={**_told(row), "is_active": True},
        new=_told(row),
    )


async def say_broken(work: Work, config: Mapping[str, Any], *, reason: str) -> None:
    """The connection does not hold with the secrets that `config` was read with; its specialist
    hears of it, once. For the worker.
    """
    # Whoever has brought new secrets meanwhile must not hear of the old ones.
    before = await work.fetchrow(_SAY, config["id"], "broken", reason, config["sealed"])
    if before is not None and before["before"] != "broken":
        _record(work, config["id"], before, "broken", reason)
        _tell(work, "video.connection_broken", {**before, "id": config["id"]})


async def say_connected(work: Work, config_id: UUID) -> None:
    """The vendor lets us in; what failed while it did not is due again. For the worker."""
    before = await work.fetchrow(_SAY, config_id, "connected", None, None)
    if before is not None and before["before"] != "connected":
        _record(work, config_id, before, "connected", None)
        _tell(work, "video.config_saved", {**before, "id": config_id})


async def renew(
    work: Work, row: Mapping[str, Any], *, secrets: Mapping[str, str], vault: Vault
) -> bool:
    """Those secrets take the place of what `row` has sealed; False where somebody has sealed others
    since. For the worker.
    """
    envelope = SEALED.enclose(vault, secrets, row)
    changed = await work.execute(
        _RENEW,
        row["config_id"],
        row["sealed"],
        envelope.key_id,
        envelope.wrapped_key,
        envelope.sealed,
    )
    return changed == 1


def _record(
    work: Work, config_id: UUID, before: Mapping[str, Any], state: str, reason: str | None
) -> None:
    work.audit(
        f"video_config.{state}",
        subject_type="video_config",
        subject_id=config_id,
        old={"state": before["before"]},
        new={"state": state, "last_error": reason},
    )


def _tell(work: Work, topic: str, row: Mapping[str, Any]) -> None:
    work.send(topic, {"specialist_id": row["specialist_id"], "config_id": row["id"]})


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    # Neither a hint nor the host, who may be an address: the log outlives both.
    return {
        name: row[name] for name in ("provider", "mode", "waiting_room", "recording", "is_active")
    }
