"""A service of two routes and one job, run as a process of its own by the test of stopping."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import uvicorn
from fastapi import FastAPI

from consulta.platform.db.dsn import Dsn
from consulta.platform.db.engine import build_engine
from consulta.platform.db.work import Database, Engines
from consulta.platform.health import Health
from consulta.platform.http import operation, problems
from consulta.platform.jobs import Jobs, Run, job
from consulta.platform.lifecycle import Lifecycle


def main(port: str, drain_seconds: str, job_seconds: str, *addresses: str) -> None:
    """`addresses` are those of the three logins."""
    api, admin, worker = (
        build_engine(Dsn(address), size=3, overflow=0, name="stopping") for address in addresses
    )
    database = Database(Engines(api=api, admin=admin, worker=worker))

    @job("things.tidy", every=timedelta(hours=1), time_limit=timedelta(minutes=10))
    async def tidy(run: Run) -> None:
        print("job begins", flush=True)
        await asyncio.sleep(float(job_seconds))
        run.count(done=1)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        lifecycle = Lifecycle(
            database, Jobs(database, [tidy]), drain_seconds=float(drain_seconds), notice_seconds=1
        )
        app.state.health = Health(database, lifecycle)
        await lifecycle.start()
        yield
        await lifecycle.stop()
        print("stopped", flush=True)

    app = FastAPI(lifespan=lifespan)
    problems.install(app)
    app.include_router(operation.router)

    @app.get("/slow")
    async def slow() -> str:
        await asyncio.sleep(1.5)
        return "done"

    uvicorn.run(app, port=int(port), timeout_graceful_shutdown=20, log_config=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
