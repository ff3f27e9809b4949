"""The good requests about letters of accounts: a forgotten password, an address to confirm."""

import secrets
from collections.abc import Mapping

from tests.surface.ask import Ask
from tests.surface.town import PASSWORD

ASKS_ABOUT_LETTERS: Mapping[str, Ask] = {
    # Three letters an hour for an address: each request is about another.
    "POST /api/v1/auth/password/forgot": Ask(
        "anonymous", body=lambda _: {"email": f"{secrets.token_hex(8)}@example.org"}
    ),
    "POST /api/v1/auth/password/reset": Ask(
        "anonymous",
        body=lambda town: {"token": town.tokens["reset_password"], "password": PASSWORD},
        spends=True,
    ),
    "POST /api/v1/auth/verify-email": Ask(
        "anonymous", body=lambda town: {"token": town.tokens["verify_email"]}, spends=True
    ),
    "POST /api/v1/auth/verify-email/send": Ask("client"),
}
