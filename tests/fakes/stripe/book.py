"""One account in one mode: its objects, and the facts about them that Stripe never shows."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.fakes.stripe.cards import CARDS, Card
from tests.fakes.stripe.refusals import Json, no_such

MOST_OBJECTS = 200_000

PREFIXES = {
    "payment_intent": "pi",
    "charge": "ch",
    "refund": "re",
    "dispute": "du",
    "event": "evt",
    "payment_method": "pm",
    "customer": "cus",
    "setup_intent": "seti",
    "account": "acct",
}
NOUNS = {"payment_method": "PaymentMethod", "setup_intent": "setupintent"}


def new_id(prefix: str) -> str:
    """Unlike a seeded random number, never the same in two fakes or two tests."""
    return f"{prefix}_{secrets.token_hex(12)}"


@dataclass
class Hidden:
    """What the bank and Stripe know and the API does not show."""

    cards: dict[str, str] = field(default_factory=dict)  # payment method -> magic name
    spent: set[str] = field(default_factory=set)  # used once without being saved
    saved: set[str] = field(default_factory=set)  # authenticated for later use
    off_session: set[str] = field(default_factory=set)  # intents whose payer was not there
    return_urls: dict[str, str] = field(default_factory=dict)  # intent -> where the payer goes


class Book:
    """The objects of one account, oldest first. `account` is the account's id."""

    def __init__(self, account: str, *, livemode: bool, connected: bool = False) -> None:
        self.account, self.livemode, self.connected = account, livemode, connected
        self.hidden = Hidden()
        self._shelves: dict[str, dict[str, Json]] = {kind: {} for kind in PREFIXES}

    def add(self, thing: Json) -> Json:
        shelf = self._shelves[thing["object"]]
        if len(shelf) >= MOST_OBJECTS:
            raise OverflowError(f"the fake holds no more than {MOST_OBJECTS} {thing['object']}s")
        shelf[thing["id"]] = thing
        return thing

    def remove(self, thing: Json) -> None:
        del self._shelves[thing["object"]][thing["id"]]

    def look_up(self, kind: str, reference: str) -> Json | None:
        return self._shelves[kind].get(reference)

    def find(self, kind: str, reference: str, *, param: str | None = None) -> Json:
        """The object itself, not a copy. Refused as Stripe does: 404 in a path, 400 elsewhere."""
        thing = self.look_up(kind, reference)
        if thing is None:
            raise no_such(
                NOUNS.get(kind, kind), reference, param=param or "id", in_path=param is None
            )
        return thing

    def all(self, kind: str, where: Callable[[Json], bool] | None = None) -> Iterator[Json]:
        for thing in self._shelves[kind].values():
            if where is None or where(thing):
                yield thing

    def card_of(self, method_id: str) -> Card:
        return CARDS[self.hidden.cards[method_id]]
