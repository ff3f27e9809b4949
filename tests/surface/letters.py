"""Tokens as letters about an account carry them; the town has no post office to bring them."""

import hashlib
from typing import Any

from tests.world import World

KINDS = ("verify_email", "reset_password")


async def tokens_for(world: World, account: Any) -> dict[str, str]:
    """A token of each kind that is good for that account, by kind."""
    user_id = account["user"]["id"]
    tokens = {kind: f"{kind} of {user_id}" for kind in KINDS}
    for kind, token in tokens.items():
        await world.superuser.execute(
            "INSERT INTO app.account_letters (user_id, kind, state, token_hash, expires_at)"
            " VALUES ($1, $2, 'sent', $3, app.now() + interval '10 days')"
            " ON CONFLICT (user_id, kind) DO UPDATE SET state = 'sent',"
            " token_hash = excluded.token_hash, expires_at = excluded.expires_at",
            user_id,
            kind,
            hashlib.sha256(token.encode()).digest(),
        )
    return tokens
