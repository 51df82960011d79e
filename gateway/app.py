"""The FastAPI app of the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from gateway.api import (
    access,
    batches,
    exports,
    health,
    images,
    meta,
    runninghub,
    script_texts,
    scripts,
    storyboards,
    tasks,
)
from gateway.api.batches import BatchRequest
from gateway.api.events import STREAMS
from gateway.api.page import load_files, page_router
from gateway.settings import GatewaySettings
from gateway.wiring import wired
from shared.image_request import VendorImageForm
from shared.shutdown import Shutdown
from shared.web.app import About, Rules, build_app
from shared.web.auth import ApiKeys, GatewayGuard, Inside
from shared.web.body_limit import MEGABYTE
from shared.web.limits import Limits
from shared.web.openapi import OPERATOR_TAGS, describe

ABOUT = About("ScriptToFrame API", "从故事到分镜图片，从创意到短剧剧本")

_TAGS = {
    "storyboards": "From a story to frames with picture prompts, and from frames to pictures.",
    "images": "Single pictures: paint one and wait, or order it and ask later.",
    "scripts": "From an idea to a whole script, streamed as it is written; the picture prompts in it; the text itself.",
    "runninghub": "A script's picture prompts, drawn by a RunningHub workflow.",
    "tasks": "Whatever runs or ran: how it stands, its events from any number on, its pictures as a zip.",
    "access": "Tickets for what cannot send a key: `EventSource` and `<img>`.",
} | OPERATOR_TAGS
_LIMITS = {
    "/api/intelligent-analyze-script": 4 * MEGABYTE,
    "/api/generate-image-python": 10 * MEGABYTE,
    "/api/generate-image": 10 * MEGABYTE,
    "/api/images": 10 * MEGABYTE,
    "/api/generate-all-images": 100 * MEGABYTE,
}

_STREAMS = (
    "/api/stream/generate-script",
    "/api/stream/extract-scene-prompts",
    "/api/stream/process-prompts-with-runninghub",
)


def body_limit(path: str) -> int:
    """The largest body of a path, in bytes."""
    return _LIMITS.get(path.rstrip("/"), MEGABYTE)


def may_stream(path: str, query: bytes) -> bool:
    """Whether the answer may be an event stream."""
    if path.startswith("/api/stream/"):
        return path.endswith("/events") or path.startswith(_STREAMS)
    return b"stream=" in query


def rules_of(settings: GatewaySettings) -> Rules:
    """What callers of the gateway must keep to."""
    keys = ApiKeys(settings.gateway_api_keys.get_secret_value())
    guard = GatewayGuard(keys, Inside.of(settings))
    return Rules(guard, Limits.of(settings, may_stream), body_limit)


def create_app(settings: GatewaySettings | None = None, shutdown: Shutdown | None = None) -> FastAPI:
    """Nothing happens before the lifespan starts."""
    told = settings or GatewaySettings()
    leaving = shutdown or Shutdown()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with wired(told, leaving) as wiring:
            yield {"wiring": wiring, "core": wiring.core, "tickets": wiring.tickets}

    parts = [health, access, meta, storyboards, images, batches, runninghub, scripts, script_texts, tasks, exports]
    routers = [*(part.router for part in parts), page_router(load_files())]
    app = build_app(ABOUT, lifespan, routers, rules_of(told))
    describe(app, _TAGS, [*STREAMS, BatchRequest, VendorImageForm])
    return app
