"""The FastAPI app of imagegen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from imagegen.api import health, images, internal
from imagegen.settings import ImagegenSettings
from imagegen.wiring import wired
from shared.shutdown import Shutdown
from shared.web.app import About, Rules, build_app
from shared.web.auth import Inside, InternalGuard
from shared.web.body_limit import MEGABYTE
from shared.web.limits import Limits
from shared.web.openapi import OPERATOR_TAGS, describe

ABOUT = About("ScriptToFrame Image Generation API", "火山引擎即梦图片生成服务")
_TAGS = {"images": "Pictures from Jimeng or RunningHub: paint one and wait, or order it and ask later."} | OPERATOR_TAGS


def rules_of(settings: ImagegenSettings) -> Rules:
    """What callers of imagegen must keep to. Requests a minute are counted where the callers' keys are: the gateway."""
    limits = Limits()
    return Rules(InternalGuard(Inside.of(settings)), limits, lambda _path: 16 * MEGABYTE)


def create_app(settings: ImagegenSettings | None = None, shutdown: Shutdown | None = None) -> FastAPI:
    """Nothing happens before the lifespan starts."""
    told = settings or ImagegenSettings()
    leaving = shutdown or Shutdown()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with wired(told, leaving) as wiring:
            yield {"wiring": wiring, "core": wiring.core}

    routers = [health.router, images.router, internal.router]
    app = build_app(ABOUT, lifespan, routers, rules_of(told))
    describe(app, _TAGS)
    return app
