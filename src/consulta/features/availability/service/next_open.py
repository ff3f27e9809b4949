"""What the directory sorts by: the next free time of each specialist."""

from consulta.platform.db.work import Work


async def refresh_next_open(work: Work, *, limit: int) -> int:
    """The next free times of those looked up longest ago are as the engine says; how many."""
    refreshed: int = await work.fetchval("SELECT app.refresh_next_open($1)", limit)
    return refreshed
