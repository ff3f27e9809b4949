"""Connected accounts and the links with which their owners complete them: the least of both."""

import secrets

from tests.fakes.stripe.book import new_id
from tests.fakes.stripe.desk import Desk
from tests.fakes.stripe.paging import page
from tests.fakes.stripe.refusals import Json
from tests.fakes.stripe.schema import merged

LINK_SECONDS = 300
LINK_TYPES = ("account_onboarding", "account_update")
OPEN_REQUIREMENTS = ["external_account", "tos_acceptance.date", "tos_acceptance.ip"]


def create(desk: Desk, params: Json) -> Json:
    """An account that cannot take charges yet."""
    account = made(desk, new_id("acct"), params)
    desk.announce("account.updated", account)
    return account


def retrieve(desk: Desk, params: Json, *, account_id: str) -> Json:
    return desk.book.find("account", account_id)


def update(desk: Desk, params: Json, *, account_id: str) -> Json:
    account = desk.book.find("account", account_id)
    if "metadata" in params:
        account["metadata"] = merged(account["metadata"], params["metadata"])
    if "email" in params:
        account["email"] = params["email"]
    desk.announce("account.updated", account)
    return account


def list_all(desk: Desk, params: Json) -> Json:
    return page(desk.book, "account", params, url="/v1/accounts")


def create_link(desk: Desk, params: Json) -> Json:
    """A link that lives five minutes."""
    desk.book.find("account", params["account"], param="account")
    return {
        "object": "account_link",
        "created": desk.now,
        "expires_at": desk.now + LINK_SECONDS,
        "url": f"https://connect.stripe.com/setup/s/{params['account']}/{secrets.token_hex(6)}",
    }


def onboarded(desk: Desk, account: Json) -> Json:
    """The owner gave everything asked for: charges and payouts are open."""
    account |= {"charges_enabled": True, "details_submitted": True, "payouts_enabled": True}
    account["requirements"] |= {"currently_due": [], "eventually_due": [], "disabled_reason": None}
    desk.announce("account.updated", account)
    return account


def made(desk: Desk, account_id: str, params: Json) -> Json:
    account: Json = {
        "id": account_id,
        "object": "account",
        "business_profile": params.get("business_profile", {}),
        "business_type": params.get("business_type"),
        "capabilities": dict.fromkeys(params.get("capabilities", {}), "inactive"),
        "charges_enabled": False,
        "controller": params.get("controller", {"type": "application"}),
        "country": params.get("country", "US"),
        "created": desk.now,
        "default_currency": params.get("default_currency", "usd"),
        "details_submitted": False,
        "email": params.get("email"),
        "metadata": merged({}, params.get("metadata", {})),
        "payouts_enabled": False,
        "requirements": {
            "alternatives": [],
            "current_deadline": None,
            "currently_due": list(OPEN_REQUIREMENTS),
            "disabled_reason": "requirements.past_due",
            "errors": [],
            "eventually_due": list(OPEN_REQUIREMENTS),
            "past_due": [],
            "pending_verification": [],
        },
        "settings": {},
        "type": params.get("type", "standard"),
    }
    return desk.book.add(account)
