"""The FastAPI app of imagegen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from imagegen.api import health, images
from imagegen.settings import ImagegenSettings
from imagegen.wiring import wired
from shared import health as probes
from shared import replies
from shared.body_limit import MEGABYTE, BodyLimitMiddleware
from shared.leaving import Departure
from shared.request_id import RequestIdMiddleware

EXPOSED = ["Location", "Retry-After", "ETag", "X-Request-ID"]


def create_app(settings: ImagegenSettings | None = None, departure: Departure | None = None) -> FastAPI:
    """Nothing happens before the lifespan starts."""
    settings = settings or ImagegenSettings()
    leaving = departure or Departure()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with wired(settings, leaving) as wiring:
            yield {"wiring": wiring, "core": wiring.core}

    app = FastAPI(
        title="ScriptToFrame Image Generation API",
        description="火山引擎即梦图片生成服务",
        version="1.0.0",
        lifespan=lifespan,
    )
    replies.install(app)
    for router in (probes.router, health.router, images.router):
        app.include_router(router)
    app.add_middleware(BodyLimitMiddleware, limit=lambda _path: 16 * MEGABYTE)
    app.add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=EXPOSED
    )
    app.add_middleware(RequestIdMiddleware)
    return app
