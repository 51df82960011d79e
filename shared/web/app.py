"""What both apps have in common: error replies, probes, request ids, CORS, body limits."""

import mimetypes
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

from shared.telemetry import tracing
from shared.telemetry.access_log import AccessLogMiddleware
from shared.telemetry.metrics import MetricsMiddleware, loop_lag_measured
from shared.telemetry.request_id import RequestIdMiddleware
from shared.web import error_handlers, metrics, probes
from shared.web.auth import AccessMiddleware, Guard
from shared.web.body_limit import BodyLimitMiddleware
from shared.web.language import LanguageMiddleware
from shared.web.limits import Limits, LimitsMiddleware
from shared.web.openapi import every_error
from shared.web.start import failure_told

EXPOSED = [
    "Location",
    "Retry-After",
    "ETag",
    "Preference-Applied",
    "X-Request-ID",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "RateLimit-Policy",
]


@dataclass(frozen=True, slots=True)
class About:
    """What the app says of itself."""

    title: str
    description: str
    version: str = "1.0.0"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a request must keep to. `body_limit(path)` is in bytes."""

    guard: Guard
    limits: Limits
    body_limit: Callable[[str], int]


def build_app(
    about: About,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[dict[str, Any]]],
    routers: list[APIRouter],
    rules: Rules,
) -> FastAPI:
    """The app; its lifespan yields `{"core": …, "wiring": …}`."""

    @asynccontextmanager
    async def measured(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with failure_told(lifespan(app)) as state, loop_lag_measured():
            yield state
        tracing.shut_down()

    # Or the first file that is served would read the system's lists inside the event loop.
    mimetypes.init()
    # FastAPI's own `/docs` loads its scripts from other hosts: an empty page where those cannot be reached.
    app = FastAPIOffline(
        title=about.title,
        description=about.description,
        version=about.version,
        lifespan=measured,
        redirect_slashes=False,
        static_url="/docs/files",
        # It fetches a logo from its maker.
        redoc_url=None,
    )
    error_handlers.install(app)
    for router in (probes.router, metrics.router, *routers):
        app.include_router(router, responses=every_error())
    app.add_middleware(error_handlers.UnforeseenMiddleware)
    app.add_middleware(BodyLimitMiddleware, limit=rules.body_limit)
    app.add_middleware(LimitsMiddleware, limits=rules.limits)
    app.add_middleware(AccessMiddleware, guard=rules.guard)
    app.add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=EXPOSED
    )
    app.add_middleware(tracing.TracingMiddleware)
    app.add_middleware(MetricsMiddleware)
    app.add_middleware(LanguageMiddleware)
    app.add_middleware(AccessLogMiddleware)
    app.add_middleware(RequestIdMiddleware)
    return app
