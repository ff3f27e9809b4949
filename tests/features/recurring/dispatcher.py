"""A replica's dispatcher, run as a process of its own by the tests of crashes; says when it begins
and when it is done.
"""

import asyncio
import sys

from consulta.features.recurring.jobs import jobs_of
from consulta.features.recurring.service.dispatch import DispatchTerms
from consulta.kernel.actor import Actor
from consulta.platform.db.dsn import Dsn
from consulta.platform.db.engine import build_engine
from consulta.platform.db.work import Database, Engines
from consulta.platform.jobs import Run

TERMS = DispatchTerms(lead_days=7, provider="manual")


async def run_dispatcher(database: Database) -> Run:
    """One run, without the row that keeps others from running as well."""
    async with database.read(Actor.system("test")) as work:
        now = await work.now()
    run = Run(database=database, name="recurring.dispatch", now=now, lease=None)
    await jobs_of(TERMS)[0].body(run)
    return run


async def main(worker: str) -> None:
    engine = build_engine(Dsn(worker), size=3, overflow=0, name="dispatcher")
    print("begins", flush=True)
    await run_dispatcher(Database(Engines(api=engine, admin=engine, worker=engine)))
    print("done", flush=True)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
