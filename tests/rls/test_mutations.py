"""The matrix can fail: every policy, dropped or opened wide, turns at least one cell red."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import pytest

from tests.rls.cells import Matrix, Mismatch, seen_by_the_nameless
from tests.rls.people import IDENTITIES, Identity

SURVIVORS: Mapping[str, str] = {
    "bookings.party_moves opened": "people may write the status alone, which a trigger lets nobody"
    " move who is no party; and who leaves it as it is has to see it first",
}
"""Mutants that change nothing that can be seen, and why."""


@dataclass(frozen=True, slots=True)
class Policy:
    table: str
    name: str
    permissive: str
    command: str
    roles: tuple[str, ...]
    using: str | None
    check: str | None

    @property
    def heading(self) -> str:
        return f"{self.name} ON app.{self.table}"

    @property
    def opens(self) -> bool:
        """Whether it could be opened wider than it is."""
        return {self.using, self.check} - {None, "true"} != set()

    def clauses(self, *, opened: bool) -> str:
        """USING and WITH CHECK as they are, or both `true`."""
        parts = (("USING", self.using), ("WITH CHECK", self.check))
        return " ".join(
            f"{word} ({'true' if opened else text})" for word, text in parts if text is not None
        )

    @property
    def text(self) -> str:
        return (
            f"CREATE POLICY {self.heading} AS {self.permissive} FOR {self.command}"
            f" TO {', '.join(self.roles)} {self.clauses(opened=False)}"
        )


async def policies_of(architect: asyncpg.Connection) -> list[Policy]:
    rows = await architect.fetch(
        "SELECT tablename, policyname, permissive, cmd, roles::text[], qual, with_check"
        " FROM pg_policies WHERE schemaname = 'app' ORDER BY tablename, policyname"
    )
    return [
        Policy(
            table=row["tablename"],
            name=row["policyname"],
            permissive=row["permissive"],
            command=row["cmd"],
            roles=tuple(row["roles"]),
            using=row["qual"],
            check=row["with_check"],
        )
        for row in rows
    ]


@asynccontextmanager
async def dropped(architect: asyncpg.Connection, policy: Policy) -> AsyncIterator[None]:
    await architect.execute(f"DROP POLICY {policy.heading}")
    try:
        yield
    finally:
        await architect.execute(policy.text)


@asynccontextmanager
async def opened(architect: asyncpg.Connection, policy: Policy) -> AsyncIterator[None]:
    await architect.execute(f"ALTER POLICY {policy.heading} {policy.clauses(opened=True)}")
    try:
        yield
    finally:
        await architect.execute(f"ALTER POLICY {policy.heading} {policy.clauses(opened=False)}")


def touched_by(policy: Policy) -> list[Identity]:
    return [who for who in IDENTITIES if str(who.kind) in policy.roles]


async def is_killed(architect: asyncpg.Connection, matrix: Matrix, policy: Policy) -> bool:
    """Whether a cell is red now. A belt is also asked with a careless policy beside it, since it
    exists for that day.
    """
    if await matrix.mismatches(policy.table, touched_by(policy)):
        return True
    if policy.permissive == "PERMISSIVE":
        return False
    return await seen_by_the_nameless(architect, matrix, policy.table) != {"0"}


async def test_no_policy_can_be_lost_or_opened_unnoticed(
    matrix: Matrix, architect: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    policies = await policies_of(architect)
    survivors, tried = [], 0
    for policy in policies:
        for change in (dropped, opened) if policy.opens else (dropped,):
            tried += 1
            async with change(architect, policy):
                if not await is_killed(architect, matrix, policy):
                    survivors.append(f"{policy.table}.{policy.name} {change.__name__}")
    with capsys.disabled():
        print(f"\n{tried} mutants of {len(policies)} policies, {len(survivors)} equivalent")
    assert sorted(survivors) == sorted(SURVIVORS)


async def test_the_wall_stands_again_after_the_mutants(
    matrix: Matrix, architect: asyncpg.Connection
) -> None:
    """Every mutant undoes itself: opening and closing a policy leaves no cell red."""
    policies = {f"{p.table}.{p.name}": p for p in await policies_of(architect)}
    policy = policies["bookings.party_reads"]
    async with opened(architect, policy):
        red = await matrix.mismatches("bookings", touched_by(policy))
    assert _names(red) >= {"anna", "ben", "sara", "omar", "uma"}
    assert await matrix.mismatches("bookings", touched_by(policy)) == []


def _names(found: list[Mismatch]) -> set[str]:
    return {mismatch.identity for mismatch in found}
