"""Trying a code, counted first: a refused guess must count, so its count commits by itself."""

from dataclasses import dataclass
from uuid import UUID

from consulta.features.coupons import queries
from consulta.features.coupons.rules import CODES_PER_MINUTE
from consulta.features.coupons.schemas import CouponValidOut
from consulta.kernel.actor import Actor
from consulta.platform.auth.turns import Turn, take_turns
from consulta.platform.db.work import Database


@dataclass(frozen=True, slots=True)
class Guesses:
    """On whose behalf codes are tried, and under which secret that is counted."""

    database: Database
    actor: Actor
    secret: bytes

    async def count(self) -> None:
        """One more code was typed. Raises `RateLimited` for whoever tries too many."""
        async with self.database.work(self.actor) as work:
            turn = Turn("coupon", str(work.person), CODES_PER_MINUTE)
            await take_turns(work, turn, secret=self.secret)


async def validate(
    guesses: Guesses, code: str, *, specialist_id: UUID, rate_id: UUID
) -> CouponValidOut:
    """What the code would take off at this moment; it promises nothing, and takes no use.

    Raises `RateLimited`, and whatever a booking with this code would be refused for.
    """
    await guesses.count()
    async with guesses.database.read(guesses.actor) as work:
        row = await queries.valid_coupon(work, code, specialist_id=specialist_id, rate_id=rate_id)
        return CouponValidOut.of(row)
