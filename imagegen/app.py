"""The FastAPI app of imagegen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from imagegen.api import health, images
from imagegen.settings import ImagegenSettings
from imagegen.wiring import wired
from shared.body_limit import MEGABYTE
from shared.leaving import Departure
from shared.webapp import About, build_app

ABOUT = About("ScriptToFrame Image Generation API", "火山引擎即梦图片生成服务")


def create_app(settings: ImagegenSettings | None = None, departure: Departure | None = None) -> FastAPI:
    """Nothing happens before the lifespan starts."""
    told = settings or ImagegenSettings()
    leaving = departure or Departure()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with wired(told, leaving) as wiring:
            yield {"wiring": wiring, "core": wiring.core}

    return build_app(ABOUT, lifespan, [health.router, images.router], lambda _path: 16 * MEGABYTE)
