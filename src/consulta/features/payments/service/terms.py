"""The house's own terms: who takes the money where a specialist has not chosen, and who can save a
card. People who book have no say in that, so the functions that they call read it here.
"""

from collections.abc import Collection

from consulta.platform.db.work import Work

# Replicas that start together say the same, and the later ones find nothing to write.
_STATE = """
WITH before AS (
    SELECT h.default_provider, h.card_savers FROM app.house_terms h
), written AS (
    INSERT INTO app.house_terms AS h (default_provider, card_savers) VALUES ($1, $2)
    ON CONFLICT (id) DO UPDATE
        SET default_provider = excluded.default_provider, card_savers = excluded.card_savers
        WHERE (h.default_provider, h.card_savers)
            IS DISTINCT FROM (excluded.default_provider, excluded.card_savers)
    RETURNING h.id
)
SELECT b.default_provider, b.card_savers FROM written CROSS JOIN before b
"""


async def state_terms(work: Work, *, default_provider: str, card_savers: Collection[str]) -> None:
    """The terms are these, for every booking from now on; where others stood, that is on record."""
    savers = sorted(card_savers)
    former = await work.fetchrow(_STATE, default_provider, savers)
    if former is not None:
        work.audit(
            "house_terms.changed",
            subject_type="house_terms",
            subject_id=None,
            old=dict(former),
            new={"default_provider": default_provider, "card_savers": savers},
        )
