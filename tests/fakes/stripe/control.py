"""Control: everything that only the owner of the fake may do, in Python and under `/_fake/`."""

import copy
from collections import Counter
from collections.abc import Callable

from tests.fakes.stripe import accounts, captures
from tests.fakes.stripe.bank import BankControl
from tests.fakes.stripe.book import PREFIXES, Book
from tests.fakes.stripe.letters import LetterControl
from tests.fakes.stripe.machine import Machine
from tests.fakes.stripe.mishaps import FaultControl
from tests.fakes.stripe.refusals import Json
from tests.fakes.stripe.webhooks import Webhooks


class Control(BankControl, LetterControl, FaultControl):
    def __init__(self, machine: Machine, webhooks: Webhooks) -> None:
        self.machine, self.webhooks = machine, webhooks

    def now(self) -> int:
        return self.machine.clock.now()

    async def advance(self, seconds: float) -> list[str]:
        """Time has passed: holds and idempotency keys have lapsed, and late letters have come.

        Returns the ids of the intents whose hold lapsed.
        """
        self.machine.clock.advance(seconds)
        ended = [
            intent_id
            for book in self.machine.keys.books()
            for intent_id in captures.expire_due(self.machine.desk(book))
        ]
        await self.webhooks.settled()
        return ended

    def forget_idempotency_keys(self, key: str | None = None) -> int:
        """This key, or all finished ones, as after a day; returns how many."""
        return self.machine.store.forget(key)

    def get(self, reference: str) -> Json:
        """A copy of any object, whoever's it is."""
        for kind, prefix in PREFIXES.items():
            if reference.startswith(prefix + "_"):
                return copy.deepcopy(self.machine.find(kind, reference)[1])
        raise LookupError(f"nothing has ids like {reference}")

    def objects(self, kind: str, *, key: str | None = None) -> list[Json]:
        """Copies of all objects of a kind (`payment_intent`), oldest first, of one key or all."""
        return [copy.deepcopy(thing) for book in self._books(key) for thing in book.all(kind)]

    def state(self, key: str | None = None) -> Json:
        """Counts and sums of one key's account, or of all accounts together."""
        return _summary(self._books(key))

    def requests(self, *, method: str | None = None, operation: str | None = None) -> list[Json]:
        """The log, oldest first."""
        return [
            entry.as_dict()
            for entry in self.machine.log.entries
            if method in (None, entry.method) and operation in (None, entry.operation)
        ]

    def clear_log(self) -> None:
        self.machine.log.entries.clear()

    def account_of(self, key: str) -> str:
        return self.machine.keys.account_of(key)

    def connect_account(self, key: str, *, account: str) -> None:
        """The key may act for this account by `Stripe-Account` from now on."""
        self.machine.keys.connect(key, account)
        book = self.machine.keys.secret_book(key)
        if book.look_up("account", account) is None:
            accounts.made(self.machine.desk(book), account, {})

    def roll_key(self, old: str, *, new: str) -> None:
        """Both keys open the same account."""
        self.machine.keys.roll(old, new=new)

    def revoke_key(self, key: str) -> None:
        """401 from now on."""
        self.machine.keys.revoke(key)

    def reset(self) -> None:
        """Everything is forgotten but the clock."""
        self.machine.reset()
        self.webhooks.reset()

    def _books(self, key: str | None) -> list[Book]:
        return self.machine.keys.books() if key is None else [self.machine.keys.secret_book(key)]


def _summary(books: list[Book]) -> Json:
    intents = [intent for book in books for intent in book.all("payment_intent")]
    charges = [charge for book in books for charge in book.all("charge")]
    refunds = [refund for book in books for refund in book.all("refund")]

    def total(things: list[Json], field: str, fits: Callable[[Json], bool] = bool) -> int:
        return sum(thing[field] for thing in things if fits(thing))

    return {
        "accounts": len(books),
        "payment_intents": dict(Counter(intent["status"] for intent in intents)),
        "charges": dict(Counter(charge["status"] for charge in charges)),
        "refunds": dict(Counter(refund["status"] for refund in refunds)),
        "disputes": dict(Counter(d["status"] for book in books for d in book.all("dispute"))),
        "events": dict(Counter(e["type"] for book in books for e in book.all("event"))),
        "held_minor": total(intents, "amount_capturable"),
        "captured_minor": total(charges, "amount_captured"),
        "refunded_minor": total(charges, "amount_refunded"),
        "captures": sum(1 for charge in charges if charge["captured"]),
    }


VERBS = frozenset(
    name for name in dir(Control) if not name.startswith("_") and callable(getattr(Control, name))
)
