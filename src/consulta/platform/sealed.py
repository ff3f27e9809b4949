"""Sealed tables: rows whose contents lie in an envelope (`key_id, wrapped_key, sealed`), and
wrapping their data keys anew after the key that seals has changed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import orjson

from consulta.kernel.errors import Unavailable
from consulta.platform.crypto import Envelope, Undecipherable, Vault
from consulta.platform.db.work import Work
from consulta.platform.failures import alert
from consulta.platform.jobs import Run, Skip

Row = Mapping[str, Any]

_PAGE = 200
_MOST_PAGES = 50


class Unreadable(Unavailable):
    """What is stored here cannot be opened. Somebody has been told."""

    code = "UNREADABLE"


@dataclass(frozen=True, slots=True)
class SealedTable:
    """A table with envelopes, and where each of them belongs.

    `keys` are the columns, unique together and the first of them alone, that `place` asks for;
    `joined` and `beside` name a parent's columns where the row's own do not tell enough, such as
    `JOIN app.parents p ON p.id = t.parent_id` and `("p.kind",)`.
    """

    table: str
    keys: tuple[str, ...]
    place: Callable[[Row], str]
    joined: str = ""
    beside: tuple[str, ...] = ()

    def enclose(self, vault: Vault, content: Mapping[str, Any], row: Row) -> Envelope:
        """JSON that only the vault's keys open, and only in that row; ids as text."""
        # The driver's ids are a subclass of UUID, which orjson does not look through.
        return vault.enclose(orjson.dumps(content, default=str), place=self.place(row))

    def disclose(self, vault: Vault, row: Row) -> dict[str, Any]:
        """What is sealed in a row with its `key_id, wrapped_key, sealed`.

        Raises `Unreadable`, after an alert, for what was sealed elsewhere or under a lost key.
        """
        envelope = Envelope(row["key_id"], row["wrapped_key"], row["sealed"])
        try:
            content: dict[str, Any] = orjson.loads(vault.disclose(envelope, place=self.place(row)))
        except Undecipherable:
            alert("a sealed row cannot be opened", during=self.table, row=str(row[self.keys[0]]))
            raise Unreadable from None
        return content

    @property
    def _from(self) -> str:
        columns = [*(f"t.{key}" for key in self.keys), *self.beside, "t.key_id", "t.wrapped_key"]
        return f"SELECT {', '.join(columns)} FROM app.{self.table} t {self.joined}"

    async def keys_under_others(
        self, work: Work, *, key_id: str, after: UUID | None, limit: int
    ) -> list[UUID]:
        """First keys of rows whose data key is wrapped by another key than that one, in order."""
        first = self.keys[0]
        rows = await work.fetch(
            f"SELECT t.{first} AS key FROM app.{self.table} t"
            " WHERE (t.key_id < $1 OR t.key_id > $1)"  # `<>` would find no index
            f" AND ($2::uuid IS NULL OR t.{first} > $2) ORDER BY t.{first} LIMIT $3",
            key_id,
            after,
            limit,
        )
        return [row["key"] for row in rows]

    async def rewrap(self, work: Work, *, vault: Vault, key: UUID) -> bool:
        """The row's data key is under the key that seals now; what is sealed stays as it is, and is
        not even read. False where there is nothing to do, or somebody is writing the row.

        Raises `Undecipherable`.
        """
        first = self.keys[0]
        row = await work.fetchrow(
            f"{self._from} WHERE t.{first} = $1 FOR UPDATE OF t SKIP LOCKED", key
        )
        if row is None or row["key_id"] == vault.active:
            return False
        old = Envelope(row["key_id"], row["wrapped_key"], b"")
        new = vault.rewrap(old, place=self.place(row))
        await work.execute(
            f"UPDATE app.{self.table} SET key_id = $2, wrapped_key = $3 WHERE {first} = $1",
            key,
            new.key_id,
            new.wrapped_key,
        )
        return True

    async def rows_by_key(self, work: Work) -> dict[str, int]:
        """How many rows are under each key-encryption key."""
        rows = await work.fetch(
            f"SELECT t.key_id, count(*) AS rows FROM app.{self.table} t"
            " GROUP BY t.key_id ORDER BY t.key_id"
        )
        return {row["key_id"]: row["rows"] for row in rows}


async def rewrap_all(run: Run, *, vault: Vault, tables: Sequence[SealedTable]) -> None:
    """A pass over all sealed tables, each row in a transaction of its own, so that a run which was
    killed goes on where it stopped.
    """
    for table in tables:
        if await _rewrap_table(run, vault=vault, table=table):
            run.again()


async def _rewrap_table(run: Run, *, vault: Vault, table: SealedTable) -> bool:
    """Whether rows are left, since a pass takes up so many at most."""
    after: UUID | None = None
    for _ in range(_MOST_PAGES):
        async with run.database.read(run.actor) as work:
            page = await table.keys_under_others(
                work, key_id=vault.active, after=after, limit=_PAGE
            )
        # Rows of two tables may have one key: a failure rests in its own table alone.
        items = {uuid5(key, table.table): key for key in page}
        for item in run.fresh(items):
            async with run.item(item) as work:
                if not await table.rewrap(work, vault=vault, key=items[item]):
                    raise Skip
        if len(page) < _PAGE:
            return False
        after = page[-1]
    return True
