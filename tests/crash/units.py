"""What one round trip means: the SQL behind its messages, and what it does to the transaction."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from tests.crash.messages import Frame

Kind = Literal["begin", "commit", "rollback", "statement", "prepare", "setup"]

COUNTED: Final[frozenset[Kind]] = frozenset({"begin", "commit", "rollback", "statement"})

_NAMES_LIMIT: Final = 10_000


@dataclass(slots=True)
class Unit:
    """One round trip while it is under way: what was asked, and what has been answered so far."""

    request: bytearray = field(default_factory=bytearray)
    parsed: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    serial: int | None = None
    answer: bytearray = field(default_factory=bytearray)
    tag: str = ""
    is_streaming: bool = False

    @property
    def sql(self) -> str:
        """The executed statements, or those only prepared; a repetition is told once."""
        return "; ".join(_without_repetition(self.executed or self.parsed))

    @property
    def kind(self) -> Kind:
        return kind_of(self.sql) if self.executed else "prepare"


@dataclass(slots=True)
class Names:
    """Which SQL stands behind the prepared statements and portals of one server connection.

    Beyond 10,000 names of a sort the oldest is forgotten.
    """

    _statements: dict[str, str] = field(default_factory=dict)
    _portals: dict[str, str] = field(default_factory=dict)

    def note(self, frame: Frame, *, unit: Unit) -> None:
        """Names and unit afterwards know what the frontend message said about SQL."""
        words = _strings(frame.body)
        if frame.kind == "Q":
            unit.executed.append(next(words))
        elif frame.kind == "P":
            name, sql = next(words), next(words)
            _remember(self._statements, name=name, sql=sql)
            unit.parsed.append(sql)
        elif frame.kind == "B":
            portal, name = next(words), next(words)
            sql = self._statements.get(name, f"<statement {name}>")
            _remember(self._portals, name=portal, sql=sql)
        elif frame.kind == "E":
            portal = next(words)
            unit.executed.append(self._portals.get(portal, f"<portal {portal}>"))
        elif frame.kind == "F":
            unit.executed.append("<function call>")
        elif frame.kind == "C":
            kept = self._statements if frame.body[:1] == b"S" else self._portals
            kept.pop(next(words)[1:], None)


def kind_of(sql: str) -> Kind:
    """What executing this text does to the transaction, as far as the text alone can tell."""
    text = _LEADING_COMMENTS.sub("", sql).strip()
    if _COMMIT.match(text) or _COMMIT_AT_THE_END.search(text):
        return "commit"
    if _BEGIN.match(text):
        return "begin"
    if _ROLLBACK.match(text):
        return "rollback"
    return "setup" if _is_setup(text) else "statement"


def kind_after(kind: Kind, *, before: str, now: str, tag: str) -> Kind:
    """The kind, corrected by what happened: the transaction's status before and now, the last tag.

    A COMMIT of a failed transaction is answered ROLLBACK; a COMMIT may hide in a longer text.
    """
    if kind in COUNTED and before in "TE" and now == "I" and tag in {"COMMIT", "ROLLBACK"}:
        return "commit" if tag == "COMMIT" else "rollback"
    return kind


_LEADING_COMMENTS = re.compile(r"^(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)+", re.DOTALL)
_BEGIN = re.compile(r"(?:BEGIN|START\s+TRANSACTION)\b", re.IGNORECASE)
_COMMIT = re.compile(r"(?:COMMIT|END)\b", re.IGNORECASE)
_COMMIT_AT_THE_END = re.compile(r";\s*COMMIT\b[\s\w]*;?$", re.IGNORECASE)
_ROLLBACK = re.compile(
    r"(?:ROLLBACK|ABORT)\b(?!\s+(?:(?:WORK|TRANSACTION)\s+)?TO\b)", re.IGNORECASE
)
_WRITES = re.compile(r"\b(?:INSERT|UPDATE|DELETE|MERGE|CALL|NEXTVAL|SET_CONFIG)\b", re.IGNORECASE)
_READS_CATALOGUE = re.compile(
    r"\b(?:FROM|JOIN)\s+(?:(?:pg_catalog\.)?pg_\w+\b(?!\s*\()|information_schema\.)", re.IGNORECASE
)
# What asyncpg and SQLAlchemy's dialect say on their own account: resetting a pooled connection,
# pinging, asking the server who it is, quietening the JIT while types are looked up.
_DRIVER_TALK = re.compile(
    r";*$|SHOW\b|RESET\b|DISCARD\b|SELECT\s+pg_advisory_unlock_all\(\)"
    r"|SELECT\s+(?:current_setting|set_config)\('jit'"
    r"|SELECT\s+(?:pg_catalog\.)?(?:version|current_schema|pg_is_in_recovery)\(\);?$",
    re.IGNORECASE,
)


def _is_setup(text: str) -> bool:
    if _DRIVER_TALK.match(text):
        return True
    reads = text[:6].upper().startswith(("SELECT", "WITH"))
    return reads and _READS_CATALOGUE.search(text) is not None and _WRITES.search(text) is None


def _strings(body: bytes) -> Iterator[str]:
    return (word.decode(errors="replace") for word in body.split(b"\0"))


def _without_repetition(statements: list[str]) -> list[str]:
    return list(dict.fromkeys(statements))


def _remember(kept: dict[str, str], *, name: str, sql: str) -> None:
    kept.pop(name, None)
    if len(kept) >= _NAMES_LIMIT:
        del kept[next(iter(kept))]
    kept[name] = sql
