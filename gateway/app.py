"""The FastAPI app of the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from gateway.api import health, images, storyboards, tasks
from gateway.settings import GatewaySettings
from gateway.wiring import wired
from shared.body_limit import MEGABYTE
from shared.leaving import Departure
from shared.webapp import About, build_app

ABOUT = About("ScriptToFrame API", "从故事到分镜图片，从创意到短剧剧本")

_LIMITS = {
    "/api/intelligent-analyze-script": 4 * MEGABYTE,
    "/api/generate-image-python": 10 * MEGABYTE,
    "/api/generate-image": 10 * MEGABYTE,
    "/api/images": 10 * MEGABYTE,
    "/api/generate-all-images": 100 * MEGABYTE,
}


def body_limit(path: str) -> int:
    """The largest body of a path, in bytes."""
    return _LIMITS.get(path.rstrip("/"), MEGABYTE)


def create_app(settings: GatewaySettings | None = None, departure: Departure | None = None) -> FastAPI:
    """Nothing happens before the lifespan starts."""
    told = settings or GatewaySettings()
    leaving = departure or Departure()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with wired(told, leaving) as wiring:
            yield {"wiring": wiring, "core": wiring.core}

    routers = [health.router, storyboards.router, images.router, tasks.router]
    return build_app(ABOUT, lifespan, routers, body_limit)
