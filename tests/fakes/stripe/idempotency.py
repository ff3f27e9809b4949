"""The idempotency store: the first answer under a key is the answer, for twenty-four hours."""

import hashlib
from dataclasses import dataclass

from tests.fakes.stripe.refusals import invalid, key_in_use, key_reused

KEPT_SECONDS = 24 * 3600
LONGEST_KEY = 255
MOST_KEYS = 200_000


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it goes over the wire: the same bytes each time that it is replayed."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Entry:
    fingerprint: str
    since: int
    request_id: str
    reply: Reply | None = None
    """Nothing while the first request is running."""


Key = tuple[str, bool, str]


class IdempotencyStore:
    """Keys are separate for each account and mode."""

    def __init__(self) -> None:
        self._entries: dict[Key, Entry] = {}

    def begin(self, key: Key, *, fingerprint: str, now: int, request_id: str) -> Entry | None:
        """The finished entry to replay, or nothing, and then the key is taken until `finish` or
        `abandon`. Refuses other parameters (400) and a key that is in use (409).
        """
        if len(key[2]) > LONGEST_KEY:
            raise invalid(f"Idempotency keys can be up to {LONGEST_KEY} characters long.")
        self.forget_older_than(now - KEPT_SECONDS)
        entry = self._entries.get(key)
        if entry is None:
            if len(self._entries) >= MOST_KEYS:
                raise OverflowError(f"the fake holds no more than {MOST_KEYS} idempotency keys")
            self._entries[key] = Entry(fingerprint, now, request_id)
            return None
        if entry.fingerprint != fingerprint:
            raise key_reused(key[2])
        if entry.reply is None:
            raise key_in_use(key[2])
        return entry

    def finish(self, key: Key, reply: Reply) -> None:
        entry = self._entries.get(key)
        if entry is not None:  # A day may have passed while the request ran.
            entry.reply = reply

    def store(self, key: Key, reply: Reply, *, fingerprint: str, now: int, request_id: str) -> None:
        """An answer that was given without executing anything, unless the key has one already."""
        self._entries.setdefault(key, Entry(fingerprint, now, request_id, reply))

    def abandon(self, key: Key) -> None:
        """Nothing began under this key: it is free again."""
        self._entries.pop(key, None)

    def forget(self, text: str | None = None) -> int:
        """Finished keys (this one, or all) are forgotten, as after a day; returns how many."""
        gone = [
            key
            for key, entry in self._entries.items()
            if entry.reply is not None and text in (None, key[2])
        ]
        for key in gone:
            del self._entries[key]
        return len(gone)

    def forget_older_than(self, instant: int) -> None:
        # Entries stand in the order of their arrival, so the first young one ends the search.
        while self._entries:
            key, entry = next(iter(self._entries.items()))
            if entry.since > instant:
                return
            del self._entries[key]


def fingerprint(method: str, path: str, pairs: list[tuple[str, str]]) -> str:
    text = "\n".join([f"{method} {path}", *(f"{name}={value!r}" for name, value in sorted(pairs))])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
