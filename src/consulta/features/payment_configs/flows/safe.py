"""The safe: what putting keys in and taking them out needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from consulta.features.payment_configs.rules import place_of_row
from consulta.features.payment_configs.service import envelope_of
from consulta.kernel.actor import Actor
from consulta.platform.crypto import Vault
from consulta.platform.db.work import Database
from consulta.providers.payments.accounts import Accounts
from consulta.providers.payments.adapters import Reach

KEEPER = Actor.system("payment_configs")
"""People may not read sealed keys, nor may the pools that act for them."""


@dataclass(frozen=True, slots=True)
class Safe:
    """`takes_live` says which keys may be used here: live ones, or those for tests."""

    database: Database
    vault: Vault
    accounts: Accounts
    reach: Reach
    takes_live: bool


def content_of(vault: Vault, row: Mapping[str, Any]) -> dict[str, Any]:
    """What is sealed in a row: `secrets` by name, `former` webhook secrets, and what is public
    about the account (`publishable_key`, `profile`).

    Raises `Undecipherable`, also for keys that were sealed for another row.
    """
    content: dict[str, Any] = orjson.loads(
        vault.disclose(envelope_of(row), place=place_of_row(row))
    )
    return content
