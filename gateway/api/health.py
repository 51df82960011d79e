"""A4: whether the gateway and what it needs are there."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from gateway.wiring import PROBE_SECONDS, Wiring, wiring_of
from shared.errors import ScriptToFrameError
from shared.web.answers import MOMENT, Dependency, HealthStatus, Moment
from shared.wire import Json, half_up, iso_time

router = APIRouter(prefix="/api", tags=["health"])


_HEALTH = {
    "service": "ScriptToFrame API",
    "status": "healthy",
    "timestamp": MOMENT,
    "version": "1.0.0",
    "dependencies": {"deepseek": {"status": "healthy"}, "python_backend": {"status": "healthy", "responseTime": 12}},
}


class Dependencies(BaseModel):
    """What the gateway needs."""

    deepseek: Dependency = Field(description="The model that analyses stories; asked now and then, for free")
    python_backend: Dependency = Field(description="imagegen")


class Health(BaseModel, json_schema_extra={"examples": [_HEALTH]}):
    """Whether the gateway and what it needs are there."""

    service: Literal["ScriptToFrame API"] = Field(description="Its name")
    status: HealthStatus = Field(description="`healthy` when all dependencies are")
    timestamp: Moment
    version: str = Field(description="Its version")
    dependencies: Dependencies = Field(description="What the gateway needs")


@router.get(
    "/health",
    operation_id="getHealth",
    response_model=Health,
    responses={503: {"model": Health, "description": "A dependency is missing: `degraded`"}},
)
async def health(wired: Annotated[Wiring, Depends(wiring_of)]) -> Response:
    """The gateway's dependencies (A4). DeepSeek's outcome is kept for a while."""
    deepseek, backend = await asyncio.gather(_deepseek(wired), _backend(wired))
    healthy = deepseek["status"] == backend["status"] == "healthy"
    document = {
        "service": "ScriptToFrame API",
        "status": "healthy" if healthy else "degraded",
        "timestamp": iso_time(),
        "version": wired.settings.next_public_version,
        "dependencies": {"deepseek": deepseek, "python_backend": backend},
    }
    return Json(document, status_code=200 if healthy else 503)


async def _deepseek(wired: Wiring) -> dict[str, Any]:
    state = await _probed(wired.deepseek_alive)
    try:
        demo = wired.deepseek.check_configured()
    except ScriptToFrameError:
        return state
    return state | ({"demo": True} if demo else {})


async def _backend(wired: Wiring) -> dict[str, Any]:
    begun = time.perf_counter()
    state = await _probed(lambda: wired.imagegen.alive(PROBE_SECONDS))
    if state["status"] == "healthy":
        state["responseTime"] = half_up((time.perf_counter() - begun) * 1000)
    return state


async def _probed(probe: Callable[[], Awaitable[None]]) -> dict[str, Any]:
    try:
        await probe()
    except ScriptToFrameError as error:
        return {"status": "unhealthy", "error": error.message}
    return {"status": "healthy"}
