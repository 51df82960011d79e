"""A4: whether the gateway and what it needs are there."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from gateway.wiring import PROBE_SECONDS, Wiring, wiring_of
from shared.errors import ScriptToFrameError
from shared.wire import Json, half_up, iso_time

router = APIRouter(prefix="/api", tags=["health"])


@router.get("/health", operation_id="getHealth")
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
