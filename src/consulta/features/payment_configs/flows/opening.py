"""Opening an account's keys, as the worker, for the adapter that speaks with them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from consulta.features.payment_configs import queries
from consulta.features.payment_configs.flows.safe import KEEPER, content_of
from consulta.features.payment_configs.rules import still_accepted
from consulta.platform.crypto import Undecipherable, Vault
from consulta.platform.db.work import Database
from consulta.platform.failures import alert
from consulta.providers.payments.accounts import ReadKeys
from consulta.providers.payments.keys import AccountKeys, PayTabsKeys, RazorpayKeys, StripeKeys
from consulta.providers.payments.registry import ProviderNotConfigured


def keys_reader(database: Database, vault: Vault, *, takes_live: bool) -> ReadKeys:
    """How `Accounts` gets the keys of an account, inactive ones included: payments that they made
    are still theirs. Keys of the other mode are refused, as after a copy of a database.
    """

    async def read(provider: str, account: str) -> AccountKeys | None:
        async with database.read(KEEPER) as work:
            row = await queries.sealed_keys(work, provider=provider, account=account)
        if row is None:
            return None
        if row["is_live"] is not takes_live:
            raise ProviderNotConfigured(provider=provider)
        try:
            return _keys(provider, content_of(vault, row), now=row["now"])
        except Undecipherable:
            alert("an account's keys cannot be opened", during="payments", config=row["config_id"])
            raise ProviderNotConfigured(provider=provider) from None

    return read


def _keys(provider: str, content: Mapping[str, Any], *, now: datetime) -> AccountKeys:
    secrets, profile = content["secrets"], content["profile"]
    former = tuple(one["secret"] for one in still_accepted(content["former"], now=now))
    if provider == "paytabs":
        return PayTabsKeys(profile["profile_id"], secrets["server_key"], profile["region"], former)
    signing = (secrets["webhook_secret"], *former)
    if provider == "razorpay":
        return RazorpayKeys(content["publishable_key"], secrets["key_secret"], signing)
    return StripeKeys(secrets["secret_key"], content["publishable_key"], signing)
