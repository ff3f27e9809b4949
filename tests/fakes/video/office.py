"""What the vendors have in common: who is let in, for how long, and what is in the books."""

import itertools
from typing import Any

from tests.fakes.stripe.clock import Clock
from tests.fakes.vendor.shell import Ask, Refused

Json = dict[str, Any]
MOST_THINGS = 10_000


class Office:
    """One vendor: an app with a secret, users who host, and tokens that live an hour."""

    life_seconds = 3_600

    def __init__(self, clock: Clock, *, name: str, secret: str, hosts: set[str]) -> None:
        self.clock, self.name, self.secret, self.hosts = clock, name, secret, hosts
        self.meetings: dict[str, Json] = {}
        self.may_manage = True
        """Whether the app has the permission for what it asks."""
        self._tokens: dict[str, float] = {}
        self._numbers = itertools.count(1)

    def issue(self) -> Json:
        token = f"{self.name}-token-{next(self._numbers)}"
        self._tokens[token] = self.clock.now() + self.life_seconds
        return {"access_token": token, "token_type": "bearer", "expires_in": self.life_seconds}

    def withdraw_tokens(self) -> None:
        """As if their hour were over, or somebody had signed everybody out."""
        self._tokens.clear()

    def lets_in(self, ask: Ask) -> bool:
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and self._tokens.get(token, 0) > self.clock.now()

    def number(self) -> int:
        if len(self.meetings) >= MOST_THINGS:
            raise Refused({"error": "the fake is full"}, 507)
        return 80_000_000_000 + next(self._numbers)
