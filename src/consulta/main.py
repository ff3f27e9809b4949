"""create_app: the only place that builds the service and joins its parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.middleware.cors import CORSMiddleware

from consulta import __version__
from consulta.personal_data import REGISTER
from consulta.platform import sentry
from consulta.platform.crypto import Vault
from consulta.platform.db.dsn import Dsn
from consulta.platform.db.engine import build_engine
from consulta.platform.db.work import Engines
from consulta.platform.http import problems
from consulta.platform.http.middleware import Envelope, Gate
from consulta.platform.http.older import OlderShape
from consulta.platform.signing import Signer
from consulta.routes import CHAPTERS, OLD_SHAPES, mount
from consulta.settings import Settings
from consulta.vendors import file_links_of
from consulta.wiring import Service, wire


def create_app(settings: Settings, *, examines_database: bool = True) -> FastAPI:
    """The whole service, not yet started: pools open and jobs begin with the app's lifespan.

    A database that must not be served from (privileged logins, a broken wall, a stale schema) is
    recognised at the start; the app then says why at `/readyz` and answers nothing else.
    `examines_database` False leaves that look out, for whoever has just had it. Raises
    `UnsafeSettings` where the settings must not serve.
    """
    settings.ensure_safe()
    app = FastAPI(
        title="Consulta",
        version=__version__,
        summary="A slot is sold once, money moves once, and nobody reads a row that is not theirs.",
        openapi_tags=[{"name": name, "description": said} for name, said in CHAPTERS.items()],
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.shows_docs else None,
        lifespan=_lifespan,
        generate_unique_id_function=lambda route: f"{(route.tags or ['root'])[0]}_{route.name}",
    )
    app.state.settings = settings
    app.state.examines_database = examines_database
    app.state.refusals = []
    app.state.vault = Vault.from_text(settings.security.encryption_keys.get_secret_value())
    secret = settings.auth.jwt_secret.get_secret_value()
    app.state.cursor_key = Signer.from_secret(secret, purpose="cursor").key
    app.state.quotes = Signer.from_secret(secret, purpose="quote")
    app.state.personal_data = REGISTER
    problems.install(app)
    mount(app, settings)
    if settings.http.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.http.allowed_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-None-Match",
                "Last-Event-ID",
                "X-Hold-Token",
                "X-Request-ID",
            ],
            expose_headers=["ETag", "Idempotent-Replayed", "Retry-After", "X-Request-ID"],
            max_age=600,
        )
    app.add_middleware(Gate, refusals=lambda: app.state.refusals)
    app.add_middleware(
        Envelope,
        most_body_bytes=settings.http.most_body_bytes,
        allowance=file_links_of(settings).allowance,
    )
    app.add_middleware(OlderShape, addresses=OLD_SHAPES)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    service: Service = wire(settings, engines_of(settings), vault=app.state.vault)
    sentry.init(settings, release=f"consulta@{__version__}")
    if app.state.examines_database:
        await service.examine()
    service.attach(app)
    if not service.refusals:
        await service.start()
    try:
        yield
    finally:
        await service.stop()


def engines_of(settings: Settings) -> Engines:
    """The three pools of the service: one per login."""
    addresses = settings.database

    def engine(dsn: SecretStr, name: str, size: int, overflow: int = 0) -> AsyncEngine:
        return build_engine(
            Dsn(dsn.get_secret_value()),
            size=size,
            overflow=overflow,
            name=name,
            behind_pooler=addresses.pooler == "transaction",
        )

    return Engines(
        api=engine(addresses.api, "consulta-api", addresses.pool_size),
        admin=engine(addresses.admin, "consulta-admin", 1, overflow=1),
        worker=engine(addresses.worker, "consulta-worker", max(2, addresses.pool_size)),
    )
