"""Keys and accounts: which book a key opens."""

import hashlib
import re

from tests.fakes.stripe.book import Book
from tests.fakes.stripe.refusals import Refused, no_access, unauthorized

_KEY = re.compile(r"(?P<kind>sk|rk|pk)_(?P<mode>test|live)_(?P<owner>[A-Za-z0-9_]{4,200})")
MOST_ACCOUNTS = 10_000


class Keys:
    """Every well-formed key is valid, and its text behind `sk_test_` decides the account: so
    `sk_test_abcd` and `pk_test_abcd` belong together, and other texts never see each other.
    """

    def __init__(self) -> None:
        self._books: dict[tuple[str, bool], Book] = {}
        self._owners: dict[str, str] = {}  # a rolled key's text -> the account it opens
        self._revoked: set[str] = set()
        self._platforms: dict[str, set[str]] = {}  # connected account -> platforms

    def secret_book(self, key: str | None, *, account: str | None = None) -> Book:
        """The book of a secret key, or of the connected account named beside it. Refuses with
        401 what is no secret key, and with 403 an account that is not connected.
        """
        kind, livemode, own = self._read(key)
        if kind == "pk":
            raise unauthorized(
                "This API call cannot be made with a publishable API key. Please use a secret API "
                "key. You can find a list of your API keys at "
                "https://dashboard.stripe.com/account/apikeys.",
                code="secret_key_required",
            )
        if account in (None, own):
            return self._book(own, livemode=livemode)
        if own not in self._platforms.get(account or "", set()):
            raise no_access(account or "", last4=(key or "")[-4:])
        return self._book(account or "", livemode=livemode, connected=True)

    def publishable_books(self, key: str | None) -> list[Book]:
        """The books that a publishable (or secret) key may name an intent in."""
        _, livemode, own = self._read(key)
        connected = [name for name, owners in self._platforms.items() if own in owners]
        return [self._book(own, livemode=livemode)] + [
            self._book(name, livemode=livemode, connected=True) for name in connected
        ]

    def account_of(self, key: str) -> str:
        return self._read(key)[2]

    def connect(self, key: str, account: str) -> None:
        self._platforms.setdefault(account, set()).add(self.account_of(key))

    def roll(self, old: str, *, new: str) -> None:
        """The new key opens the old one's account. The old one works until it is revoked."""
        account = self.account_of(old)
        match = _KEY.fullmatch(new)
        if match is None:
            raise ValueError(f"{new!r} is not shaped like a key")
        self._owners[match["owner"]] = account

    def revoke(self, key: str) -> None:
        self._revoked.add(key)

    def books(self) -> list[Book]:
        return list(self._books.values())

    def _read(self, key: str | None) -> tuple[str, bool, str]:
        if not key:
            raise unauthorized(
                "You did not provide an API key. You need to provide your API key in the "
                "Authorization header, using Bearer auth (e.g. 'Authorization: Bearer "
                "YOUR_SECRET_KEY')."
            )
        match = _KEY.fullmatch(key)
        if match is None:
            raise unauthorized(f"Invalid API Key provided: {_masked(key)}")
        if key in self._revoked:
            raise _expired(key)
        owner = match["owner"]
        digest = hashlib.sha256(owner.encode()).hexdigest()[:16]
        return match["kind"], match["mode"] == "live", self._owners.get(owner, f"acct_{digest}")

    def _book(self, account: str, *, livemode: bool, connected: bool = False) -> Book:
        book = self._books.get((account, livemode))
        if book is None:
            if len(self._books) >= MOST_ACCOUNTS:
                raise OverflowError(f"the fake holds no more than {MOST_ACCOUNTS} accounts")
            book = Book(account, livemode=livemode, connected=connected)
            self._books[(account, livemode)] = book
        return book


def _masked(key: str) -> str:
    return "*" * min(max(len(key) - 4, 0), 20) + key[-4:]


def _expired(key: str) -> Refused:
    return unauthorized(f"Expired API Key provided: {_masked(key)}", code="api_key_expired")
